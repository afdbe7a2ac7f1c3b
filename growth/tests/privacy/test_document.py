"""docs/privacy.md is true of the code."""

import re
from pathlib import Path

from django.conf import settings

from telemetry.delivery.schema import SCHEMA
from telemetry.log.events import declared

CONSENT = "consent, Art. 6(1)(a)"


def document():
    return (Path(settings.BASE_DIR) / "docs/privacy.md").read_text()


def section(title):
    """The text below a heading, to the next one."""
    return re.split(r"^## ", document().partition(f"## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_each_family_of_events_stands_with_its_legal_basis():
    told = set(
        re.findall(
            r"^\| `(\w+)` \| ([^|]+) \|", section("Legal basis of each family of events"), re.MULTILINE
        )
    )
    bases = {
        (event.name.partition(".")[0], str(event.legal_basis) if event.service_record else CONSENT)
        for event in declared()
    }

    assert told == bases


def test_the_base_layer_s_fields_are_the_schema_s():
    rows = re.findall(r"^\| (`[^|]+`) \|", section("The two layers of what leaves"), re.MULTILINE)

    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == SCHEMA
