"""An event is declared once, as a class."""

import json
from dataclasses import dataclass, field
from enum import StrEnum

import pytest

from telemetry.log.events import (
    DeclaredTwice,
    TrackedEvent,
    WrittenBy,
    check_properties,
    declared,
    declared_as,
    is_reserved,
    is_well_formed,
)
from telemetry.log.product_events import ActivityLogged


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Wheel:
    size: int


@pytest.fixture
def painted(scratch):
    """An event with a field of every kind."""

    @dataclass(frozen=True)
    class Painted(TrackedEvent, name="scratch.painted"):
        """Something was painted."""

        colour: Colour
        coats: int = 1
        litres: float | None = None
        glossy: bool = False
        rooms: list[str] = field(default_factory=list)
        wheels: tuple[Wheel, ...] = ()
        trim: Colour | None = None

    return Painted


def test_a_class_is_in_the_vocabulary_as_soon_as_it_is_imported(painted):
    assert painted in declared()
    assert declared_as("scratch.painted") is painted


def test_what_happened_is_the_docstring(painted):
    assert painted.meaning == "Something was painted."


def test_anyone_may_write_an_event_unless_it_says_otherwise(painted):
    assert painted.written_by is WrittenBy.ANYONE
    assert not painted.counts_as_use
    assert not painted.service_record


def test_a_second_class_of_one_name_cannot_be_imported(painted):
    with pytest.raises(DeclaredTwice, match=r"telemetry\.E004.*scratch\.painted"):

        class Again(TrackedEvent, name="scratch.painted"):
            """The same again."""

    assert declared_as("scratch.painted") is painted


def test_only_anyone_and_the_server_can_write(scratch):
    with pytest.raises(ValueError, match="nobody"):

        class Written(TrackedEvent, name="scratch.written", written_by="nobody"):
            """Something was written."""


def test_a_payload_is_json_values_without_what_is_not_known(painted):
    event = painted(Colour.BLUE, rooms=["hall"], wheels=(Wheel(3),))

    assert json.loads(json.dumps(event.payload())) == {
        "colour": "blue",
        "coats": 1,
        "glossy": False,
        "rooms": ["hall"],
        "wheels": [{"size": 3}],
    }
    assert type(event.payload()["colour"]) is str


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({}, None),
        ({"colour": "red", "coats": 2, "litres": 1, "glossy": True, "rooms": ["a"]}, None),
        ({"colour": None, "whatever": {"else": []}}, None),
        ({"wheels": [{"size": 1}]}, None),
        ({"colour": "green"}, "colour: Invalid enum value 'green'. It accepts red, blue."),
        ({"colour": 1}, "colour: "),
        ({"coats": "2"}, "coats: Expected `int`, got `str`."),
        ({"coats": True}, "coats: Expected `int`, got `bool`."),
        ({"coats": 1.5}, "coats: Expected `int`, got `float`."),
        ({"glossy": 1}, "glossy: Expected `bool`, got `int`."),
        ({"rooms": "hall"}, "rooms: Expected `array`, got `str`."),
        ({"rooms": [1]}, "rooms: Expected `str`, got `int` - at `$[0]`."),
        ({"wheels": [{"size": "big"}]}, "wheels: Expected `int`, got `str` - at `$[0].size`."),
    ],
)
def test_a_declared_property_that_others_send_has_its_declared_type(painted, properties, error):
    found = check_properties(painted, properties)

    assert (found or "").startswith(error or "")
    assert (found is None) is (error is None)


def test_an_optional_enum_says_too_what_it_accepts(painted):
    assert check_properties(painted, {"trim": "pink"}) == (
        "trim: Invalid enum value 'pink'. It accepts red, blue."
    )


def test_a_field_that_is_a_column_of_the_log_is_no_property():
    assert check_properties(ActivityLogged, {"project": 1, "source": [], "duration_seconds": "x"}) is None


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("support.modal_opened", True),
        ("a.b.c", True),
        ("a.1", True),
        ("f." + "x" * 62, True),
        ("f." + "x" * 63, False),
        ("", False),
        ("support", False),
        ("Support.opened", False),
        ("support.", False),
        (".opened", False),
        ("1.opened", False),
        ("support.modal-opened", False),
        ("support.opened\n", False),
        ("__proto__", False),
        ("süpport.opened", False),
    ],
)
def test_a_name_reads_family_and_what_happened(name, sound):
    assert is_well_formed(name) is sound


def test_the_base_layer_keeps_its_names():
    assert is_reserved("base_telemetry.x")
    assert is_reserved("base_telemetry")
    assert not is_reserved("base_telemetry_of_ours.x")
