"""`manage.py import_events`."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from telemetry.log.models import Event, Origin
from telemetry.management.commands.import_events import Command
from telemetry.people.models import Person
from telemetry.people.sign_ups import state_sign_ups

CELERY = Path(__file__).parent.parent / "data" / "celery_commits.csv.gz"

pytestmark = pytest.mark.django_db


@pytest.fixture
def import_text(tmp_path, capsys):
    """Import a text as a CSV file; the lines of stdout and of stderr."""

    def import_text(text: str | bytes, *options: str) -> tuple[list[str], list[str]]:
        path = tmp_path / "events.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        call_command("import_events", str(path), *options)
        out, err = capsys.readouterr()
        return out.splitlines(), [line for line in err.splitlines() if "% read" not in line]

    return import_text


def test_the_history_of_a_real_project_is_imported_and_importing_again_adds_nothing(capsys):
    call_command("import_events", str(CELERY))
    call_command("import_events", str(CELERY))

    assert capsys.readouterr().out.splitlines() == [
        "imported=13145 duplicates=0 rejected=0",
        "imported=0 duplicates=13145 rejected=0",
    ]
    with gzip.open(CELERY, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    first_seen: dict[str, datetime] = {}
    for row in rows:
        at = datetime.fromisoformat(row["occurred_at"])
        first_seen[row["user"]] = min(at, first_seen.get(row["user"], at))
    signed_up = Person.objects.values_list("aliases__value", "signed_up_at")
    assert dict(signed_up) == first_seen
    stored = Event.objects.order_by("id").values_list("occurred_at", "project__name", "source", "origin")
    assert list(stored) == [
        (datetime.fromisoformat(row["occurred_at"]), row["project"] or None, row["source"], Origin.CSV)
        for row in rows
    ]


def test_all_columns_are_read(import_text):
    out, err = import_text(
        "user_signed_up_at,id,user,visitor,name,occurred_at,project,source,duration_seconds,properties\n"
        '2025-12-31T22:00:00-02:00,1,anna,,auth.login,2026-01-02T00:00:00Z,atlas,timer,60,"{""a"": [1]}"\n'
        ",2,,cookie,,2026-01-03T00:00:00+05:30,,,,\n"
    )

    assert (out, err) == (["imported=2 duplicates=0 rejected=0"], [])
    login, logged = Event.objects.select_related("type", "project", "person").order_by("id")
    assert login.project is not None
    assert (login.type.name, login.project.name, login.source) == ("auth.login", "atlas", "timer")
    assert (login.duration_seconds, login.properties) == (60, {"a": [1]})
    assert login.person.signed_up_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert login.person.sign_up_stated
    assert (logged.type.name, logged.project, logged.duration_seconds) == ("activity.logged", None, None)
    assert logged.person.aliases.get().kind == "visitor"


def test_importing_again_takes_back_no_later_statement(import_text):
    text = "id,user,occurred_at,user_signed_up_at\n1,anna,2026-01-02T00:00:00Z,2020-01-01T00:00:00Z\n"
    import_text(text)
    state_sign_ups({"anna": datetime(2021, 5, 5, tzinfo=UTC)})

    import_text(text)
    assert Person.objects.get().signed_up_at == datetime(2021, 5, 5, tzinfo=UTC)

    Person.objects.update(signed_up_at=None, sign_up_stated=False)  # the import was killed in between
    import_text(text)
    assert Person.objects.get().signed_up_at == datetime(2020, 1, 1, tzinfo=UTC)


SIGN_UPS = "id,user,occurred_at,user_signed_up_at\n"


def signed_up(*users):
    """When these people signed up, as it is known."""
    known = dict(Person.objects.values_list("aliases__value", "signed_up_at"))
    return [f"{known[user]:%Y-%m-%d}" for user in users]


def test_a_file_that_grew_takes_back_no_later_statement_of_its_old_lines(import_text):
    old = SIGN_UPS + "1,anna,2026-01-02T00:00:00Z,2020-01-01T00:00:00Z\n"
    import_text(old)
    state_sign_ups({"anna": datetime(2021, 5, 5, tzinfo=UTC)})

    out, err = import_text(old + "2,ben,2026-01-02T00:00:00Z,2022-02-02T00:00:00Z\n")

    assert signed_up("anna", "ben") == ["2021-05-05", "2022-02-02"]
    assert out == ["imported=1 duplicates=1 rejected=0"]
    assert len(err) == 1
    assert "The sign-up of 1 users stays as it is known" in err[0]


def test_a_new_line_of_a_file_that_grew_states_a_later_sign_up(import_text):
    old = SIGN_UPS + "1,anna,2026-01-02T00:00:00Z,2020-01-01T00:00:00Z\n"
    import_text(old)

    _out, err = import_text(old + "2,anna,2026-01-03T00:00:00Z,2021-05-05T00:00:00Z\n")

    assert signed_up("anna") == ["2021-05-05"]
    assert err == []


def test_a_sign_up_that_was_corrected_in_the_file_alone_is_told_not_to_count(import_text):
    line = "1,anna,2026-01-02T00:00:00Z,2020-01-01T00:00:00Z\n"
    import_text(SIGN_UPS + line)

    out, err = import_text(SIGN_UPS + line.replace("2020", "2019"))

    assert signed_up("anna") == ["2020-01-01"]
    assert out == ["imported=0 duplicates=1 rejected=0"]
    assert "The sign-up of 1 users stays as it is known" in err[0]


def test_a_sign_up_that_is_still_to_come_is_a_bad_line(import_text):
    out, err = import_text(
        "id,user,occurred_at,user_signed_up_at\n1,anna,2026-01-02T00:00:00Z,2206-01-01T00:00:00Z\n"
    )

    assert out == ["imported=0 duplicates=0 rejected=1"]
    assert err == ["line 2: user_signed_up_at: is still to come"]


def test_bad_lines_are_told_by_number_and_reason_and_the_others_are_stored(import_text):
    out, err = import_text(
        b"\xef\xbb\xbfid,user,occurred_at,duration_seconds,properties,name\n"
        b"1,anna,2026-01-01T00:00:00Z,,,\n"
        b"2,anna,2026-01-01T00:00:00,,,\n"
        b"3,anna,yesterday,,,\n"
        b"4,anna\n"
        b"\n"
        b"5,,2026-01-01T00:00:00Z,,,\n"
        b"6,anna,2026-01-01T00:00:00Z,-5,,\n"
        b'7,anna,2026-01-01T00:00:00Z,,"{""a"": NaN}",\n'
        b"8,anna,2026-01-01T00:00:00Z,,[],\n"
        b"9,anna,2026-01-01T00:00:00Z,,,nobody.declared_this\n"
        b"10,a\xffb,2026-01-01T00:00:00Z,,,\n"
        b'11,"an"na,2026-01-01T00:00:00Z,,,\n'
        b'12,"an\nna",2026-01-01T00:00:00Z,,,\n'
        b"13,anna,2026-01-01T00:00:00Z,,,\n"
    )

    assert out == ["imported=2 duplicates=0 rejected=11"]
    told = [line.split(": ", 1) for line in err]
    assert [number for number, _reason in told] == [
        f"line {number}" for number in (3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14)
    ]
    reasons = [reason for _number, reason in told]
    for reason, word in zip(
        reasons,
        ["offset", "ISO", "values", "user", "duration", "JSON", "properties", "name", "UTF-8", "CSV", "user"],
        strict=True,
    ):
        assert word in reason


def test_the_same_ids_by_another_origin_are_other_events(import_text):
    text = "id,user,occurred_at\n1,anna,2026-01-01T00:00:00Z\n"
    import_text(text)

    assert import_text(text, "--origin", "api")[0] == ["imported=1 duplicates=0 rejected=0"]


def test_the_event_may_be_named_for_the_whole_file(import_text):
    import_text("id,user,occurred_at\n1,anna,2026-01-01T00:00:00Z\n", "--event", "task.completed")

    assert Event.objects.get().type.name == "task.completed"


def test_an_event_that_nobody_declared_is_no_import(import_text):
    with pytest.raises(CommandError, match="declare_event"):
        import_text("id,user,occurred_at\n1,anna,2026-01-01T00:00:00Z\n", "--event", "nobody.declared_this")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"id,user\n1,2\n", "lacks occurred_at"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "lacks id"),
        (b"id,user,occurred_at,password\n", "no place for the columns 'password'"),
        (b"id,user,occurred_at,id\n", "twice"),
        (CELERY.read_bytes()[:2000], "lacks id"),
    ],
    ids=[
        "empty",
        "a column short",
        "no CSV",
        "an unknown column",
        "a column twice",
        "packed, by another name",
    ],
)
def test_a_file_that_is_no_import_is_refused_as_a_whole(import_text, content, message):
    with pytest.raises(CommandError, match=message):
        import_text(content)

    assert not Event.objects.exists()


@pytest.mark.parametrize("content", [b"no gzip", CELERY.read_bytes()[:100_000]], ids=["no gzip", "cut off"])
def test_a_damaged_archive_is_told_of_and_what_came_before_stays(tmp_path, content):
    path = tmp_path / "events.csv.gz"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=r"damaged.* imported=(0|\d+000) "):
        call_command("import_events", str(path))


def test_a_missing_file_is_told_of(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_events", str(tmp_path / "nothing.csv"))


def test_on_a_terminal_the_bar_is_drawn_on_one_line(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    call_command(Command(stderr=terminal, stdout=io.StringIO()), str(CELERY))

    drawn = terminal.getvalue()
    assert drawn.count("\n") == 1
    assert drawn.rstrip().endswith("█ 100 % 13,145 lines")
