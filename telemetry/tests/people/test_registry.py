"""Every field says whether it holds personal data."""

from pathlib import Path

import pytest
from django.apps import apps

from telemetry import personal_data
from telemetry.people.registry import Holds, classified_apps, holding, misclassified, unreached


def test_every_app_of_ours_says_what_its_fields_hold(settings):
    ours = {config for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR}

    assert set(classified_apps()) == ours


def test_every_field_has_a_class_and_every_class_a_field():
    assert list(misclassified()) == []


def test_a_new_field_without_a_class_is_found(monkeypatch):
    monkeypatch.setitem(personal_data.FIELDS, "Slot", holding(none="id job slot"))

    assert list(misclassified()) == ["telemetry.Slot.claimed_at"]


def test_a_class_without_a_field_is_found(monkeypatch):
    monkeypatch.setitem(personal_data.FIELDS, "Slot", holding(none="id job slot claimed_at shoe"))

    assert list(misclassified()) == ["telemetry.Slot.shoe"]


def test_a_model_without_classes_is_found(monkeypatch):
    monkeypatch.delitem(personal_data.FIELDS, "Tombstone")

    assert list(misclassified()) == [
        "telemetry.Tombstone.digest",
        "telemetry.Tombstone.erased_at",
        "telemetry.Tombstone.id",
    ]


def test_whatever_is_about_somebody_is_found_from_them_or_says_why_not():
    assert list(unreached()) == []


def test_a_model_about_somebody_to_whom_nothing_leads_is_found(monkeypatch):
    monkeypatch.setitem(personal_data.FIELDS, "Slot", holding(personal="job", none="id slot claimed_at"))

    assert list(unreached()) == ["telemetry.Slot"]


def test_a_field_holds_one_thing():
    said = holding(personal="email", secret="password", none="id")

    assert said.classes == {"email": Holds.PERSONAL, "password": Holds.SECRET, "id": Holds.NOTHING}
    with pytest.raises(ValueError, match="email"):
        holding(personal="email", none="id email")
