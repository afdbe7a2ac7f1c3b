"""What other packages keep is in the register, too."""

from growth import personal_data
from telemetry.people.registry import holding, misclassified


def test_a_field_that_another_package_adds_is_found(monkeypatch):
    monkeypatch.setitem(personal_data.FIELDS, "auth.Group", holding(none="id name"))

    assert list(misclassified()) == ["auth.Group.permissions"]
