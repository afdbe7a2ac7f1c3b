"""`manage.py refresh_segments`, as it is typed."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from telemetry.segments.models import Segment, SegmentWatermark


@pytest.fixture
def typed(db):
    """What the command prints."""

    def run(*options):
        out = StringIO()
        call_command("refresh_segments", *options, stdout=out)
        return out.getvalue()

    return run


def test_it_prints_people_changed_and_seconds(somebody, typed):
    somebody()

    assert re.match(r"people=1 changed=1 seconds=\d+\.\d", typed())
    assert re.match(r"people=0 changed=0 seconds=\d+\.\d", typed())
    assert re.match(r"people=1 changed=0 seconds=\d+\.\d", typed("--full"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-06-01T10:00:00Z", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T12:00:00+02:00", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T10:00", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01", datetime(2026, 6, 1, tzinfo=UTC)),
    ],
)
def test_as_of_takes_an_iso_moment(somebody, typed, said, meant):
    somebody()

    typed("--as-of", said)

    assert SegmentWatermark.objects.as_of() == meant
    assert SegmentWatermark.objects.get().needs_full
    assert Segment.objects.count() == 1


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01"])
def test_as_of_refuses_what_is_no_moment(typed, moment):
    with pytest.raises(CommandError):
        typed("--as-of", moment)


def test_as_of_refuses_a_moment_still_to_come(typed):
    with pytest.raises(CommandError, match="has passed"):
        typed("--as-of", (datetime.now(UTC) + timedelta(days=1)).isoformat())
