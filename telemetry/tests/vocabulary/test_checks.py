"""What is refused at start."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from django.core.checks import run_checks

from telemetry.log.checks import is_personal
from telemetry.log.events import TrackedEvent


def found():
    """The ids of what the system checks find."""
    return [problem.id for problem in run_checks(tags=["telemetry"])]


def test_the_product_s_own_events_are_sound():
    assert found() == []


def test_a_name_of_the_base_layer_is_refused(scratch):
    @dataclass(frozen=True)
    class Beat(TrackedEvent, name="base_telemetry.x"):
        """It beats."""

    assert found() == ["telemetry.E001"]


def test_an_event_without_a_docstring_is_refused(scratch):
    @dataclass(frozen=True)
    class Silent(TrackedEvent, name="scratch.silent"):
        size: int

    assert found() == ["telemetry.E002"]


def test_a_personal_field_is_refused(scratch):
    @dataclass(frozen=True)
    class Told(TrackedEvent, name="scratch.told"):
        """Somebody told."""

        user_email: str

    assert found() == ["telemetry.E003"]


def test_a_personal_field_is_refused_at_any_depth(scratch):
    @dataclass(frozen=True)
    class Place:
        ipAddress: str  # noqa: N815

    @dataclass(frozen=True)
    class Trip:
        places: list[Place]

    @dataclass(frozen=True)
    class Travelled(TrackedEvent, name="scratch.travelled"):
        """Somebody travelled."""

        trip: Trip | None

    # Classes inside a function cannot be named in annotations; give them their types.
    Trip.__annotations__["places"] = list[Place]
    Travelled.__annotations__["trip"] = Trip | None

    [problem] = run_checks(tags=["telemetry"])
    assert problem.id == "telemetry.E003"
    assert "trip.places.ipAddress" in problem.msg


@pytest.mark.parametrize("name", ["login", "Scratch.x", "scratch." + "x" * 57])
def test_a_malformed_name_is_refused(scratch, name):
    @dataclass(frozen=True)
    class Misnamed(TrackedEvent, name=name):
        """It is called something."""

    assert found() == ["telemetry.E005"]


@pytest.mark.parametrize("kind", [datetime, dict[str, int], object, list[datetime], int | datetime])
def test_a_field_without_a_json_form_is_refused(scratch, kind):
    @dataclass(frozen=True)
    class Odd(TrackedEvent, name="scratch.odd"):
        """Something odd."""

        what: object

    Odd.__annotations__["what"] = kind

    assert found() == ["telemetry.E006"]


def test_an_event_that_can_change_is_refused(scratch):
    @dataclass
    class Loose(TrackedEvent, name="scratch.loose"):
        """It can change."""

    class Bare(TrackedEvent, name="scratch.bare"):
        """It is no dataclass."""

    assert found() == ["telemetry.E007", "telemetry.E007"]


def test_a_record_of_the_service_names_its_legal_basis(scratch):
    @dataclass(frozen=True)
    class Kept(TrackedEvent, name="scratch.kept", service_record=True):
        """It is kept."""

    assert found() == ["telemetry.E008"]


def test_a_field_that_hides_what_the_class_says_is_refused(scratch):
    @dataclass(frozen=True)
    class Explained(TrackedEvent, name="scratch.explained"):
        """Something was explained."""

        meaning: str  # type: ignore[misc]

    assert found() == ["telemetry.E009"]


PERSONAL = """
    email e_mail email_address emailaddress name NAME first_name surname username userName user_name
    phone phone_number phonenumber mobile ip ip_address remote_ip clientIP password password_hash
    token access_token address ADDRESS shippingAddress
"""
INNOCENT = "recipe zip tips placement variant amount ship equip renamed filenames"


@pytest.mark.parametrize("name", PERSONAL.split())
def test_these_hold_personal_data(name):
    assert is_personal(name)


@pytest.mark.parametrize("name", INNOCENT.split())
def test_words_that_only_contain_a_short_one_do_not(name):
    assert not is_personal(name)
