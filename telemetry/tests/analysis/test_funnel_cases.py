"""The worked cases of the ordered funnel, each by its number in the definitions."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from telemetry.analysis.funnel import FunnelCell, FunnelSpec, Step, funnel, people_of_funnel
from telemetry.analysis.refusal import QuestionRefused
from telemetry.models import Person
from telemetry.tests.analysis.asking import behind, by_value, counts
from telemetry.tests.analysis.streams import Happening, at


def test_ac_01_counts_rates_drops_and_medians(log):
    log.write("u1", "A0 B10 C30")
    log.write("u2", "A0 B20")
    log.write("u3", "A5")
    log.write("u4", "A0 B40 C90")
    log.write("u5", "B0 C5")

    report = funnel(log.spec("A B C", window=100))

    assert counts(report) == [4, 3, 2]
    assert [step.of_entered for step in report.steps] == [1, 0.75, 0.5]
    assert [step.of_previous for step in report.steps] == [None, 0.75, pytest.approx(0.6667, abs=1e-4)]
    assert [step.dropped for step in report.steps] == [0, 1, 1]
    assert report.steps[2].median_seconds_from_entry == 60
    assert report.steps[1].median_seconds_from_entry == 20
    assert report.steps[1].median_seconds_from_previous == 20
    assert report.steps[2].median_seconds_from_previous == 35
    assert report.steps[0].median_seconds_from_entry is None
    assert report.largest_drop == report.steps[1]


def test_ac_02_the_window_includes_its_last_microsecond(log):
    log.write("on the edge", "A0 B3600")
    log.write("past it", "A0 B3600.000001")

    report = funnel(log.spec("A B", window=3600))

    assert counts(report) == [2, 1]
    spec = report.spec
    assert log.names(behind(spec, "reached", 2).values_list("pk", flat=True)) == ["on the edge"]


@pytest.mark.parametrize(("stream", "depth"), [("B0 A1 C2", 1), ("A0 X1 B2 C3", 3), ("A0 A1 B2 C3", 3)])
def test_ac_07_the_order_counts_and_what_lies_between_does_not(log, stream, depth):
    log.write("u", stream)

    assert counts(funnel(log.spec("A B C", window=60))) == [int(step < depth) for step in range(3)]


def test_ac_05_a_repeated_event_needs_as_many_rows(log):
    log.write("one row", "A0")
    log.write("two rows", "A0 A10")

    assert counts(funnel(log.spec("A A", window=60))) == [2, 1]
    assert counts(funnel(log.spec("A A A", window=60))) == [2, 1, 0]


@pytest.mark.parametrize(
    ("stream", "depth"), [("B5 A5", 1), ("A5 B5", 2), ("A100.7 B100", 1), ("A103 B100", 1)]
)
def test_ac_06_equal_times_follow_in_the_order_of_ingest(log, stream, depth):
    log.write("u", stream)

    assert sum(counts(funnel(log.spec("A B", window=60)))) == depth


def test_ac_10_entries_end_with_the_range_and_conversions_do_not(log):
    berlin = ZoneInfo("Europe/Berlin")
    happenings = [
        Happening("before", "A", datetime.fromisoformat("2026-02-28T22:59:59Z")),
        Happening("first", "A", datetime.fromisoformat("2026-02-28T23:00:00Z")),
        Happening("first", "B", datetime.fromisoformat("2026-03-01T05:00:00Z")),
        Happening("late", "A", datetime.fromisoformat("2026-03-31T12:00:00Z")),
        Happening("late", "B", datetime.fromisoformat("2026-04-01T12:00:01Z")),
        Happening("last", "A", datetime.fromisoformat("2026-03-31T21:59:59Z")),
        Happening("last", "B", datetime.fromisoformat("2026-04-01T10:00:00Z")),
        Happening("after", "A", datetime.fromisoformat("2026-03-31T22:00:00Z")),
    ]
    log.store(happenings)

    report = funnel(
        FunnelSpec(
            steps=(log.step("A"), log.step("B")),
            window=timedelta(hours=24),
            start=datetime(2026, 3, 1, tzinfo=berlin),
            end=datetime(2026, 4, 1, tzinfo=berlin),
            as_of=datetime(2026, 5, 1, tzinfo=berlin),
        )
    )

    assert counts(report) == [3, 2]


def test_ac_11_who_still_has_time_is_in_progress_and_not_in_the_mature_rate(log):
    for person, stream in enumerate(["A0 B20", "A10", "A80", "A95 B99", "A70", "A40"], start=1):
        log.write(f"u{person}", stream)
    spec = log.spec("A B", window=30, as_of=at(100))

    report = funnel(spec)

    assert (report.entered, report.converted, report.dropped, report.in_progress) == (6, 2, 2, 2)
    assert report.mature.entered == 3
    assert report.mature.converted == 1
    assert report.mature.rate == pytest.approx(1 / 3)
    assert log.names(behind(spec, "in_progress").values_list("pk", flat=True)) == ["u3", "u5"]
    assert log.names(behind(spec, "dropped").values_list("pk", flat=True)) == ["u2", "u6"]
    assert log.names(behind(spec.matured, "reached", 1).values_list("pk", flat=True)) == ["u1", "u2", "u6"]


@pytest.mark.parametrize(
    ("last_entry", "statements"),
    [("A69.999999", 2), ("A70", 3)],
    ids=["nobody entered since", "somebody did"],
)
def test_the_mature_funnel_is_asked_for_only_where_it_differs(
    log, django_assert_num_queries, last_entry, statements
):
    log.write("u1", "A0 B20")
    log.write("u2", last_entry)

    with django_assert_num_queries(statements):
        report = funnel(log.spec("A B", window=30, as_of=at(100)))

    assert report.entered == 2
    assert report.mature.entered == 4 - statements
    assert report.mature.converted == 1


def test_ac_12_a_person_counts_once_however_often_they_convert(log):
    log.write("u", "A0 B5 A10 A15 B18 A100")

    assert counts(funnel(log.spec("A B", window=30))) == [1, 1]


def test_ac_15_the_median_lies_between_the_two_middle_times(log):
    for person, seconds in enumerate([12, 20, 31, 44, 59, 75, 90, 300]):
        log.write(f"u{person}", f"A0 B{seconds}")

    assert funnel(log.spec("A B", window=600)).steps[1].median_seconds_from_entry == 51.5


def test_ac_09_a_group_is_the_value_at_the_entry_of_the_winning_attempt(log):
    log.write("u1", "A0:red B1:red")
    log.write("u2", "A0:red B1:blue")
    log.write("u3", "A0:blue")
    log.write("u4", "A0 B1:blue")
    log.write("u5", "A0:red A4:blue B9:blue")

    report = funnel(log.spec("A B", window=60, breakdown="colour"))

    assert counts(report) == [5, 4]
    assert by_value(report) == {"red": [2, 2], "blue": [2, 1], None: [1, 1]}


def test_ac_15_an_empty_funnel_has_no_rates_and_no_medians(log):
    report = funnel(log.spec("A B C", window=60, breakdown="colour"))

    assert counts(report) == [0, 0, 0]
    assert [step.of_entered for step in report.steps] == [None] * 3
    assert [step.of_previous for step in report.steps] == [None] * 3
    assert [step.median_seconds_from_entry for step in report.steps] == [None] * 3
    assert report.mature.rate is None
    assert report.largest_drop is None
    assert report.groups == ()


def test_the_winner_reached_its_last_step_first_and_entered_last(log):
    log.write("u", "A0 A5 B10 B11 C20 A30 B31 C35")

    report = funnel(log.spec("A B C", window=60))

    assert report.steps[1].median_seconds_from_entry == 5
    assert report.steps[2].median_seconds_from_entry == 15
    assert report.steps[2].median_seconds_from_previous == 10


def test_of_entries_at_the_same_instant_the_latest_id_represents(log):
    log.write("u", "A0:red A0:blue")
    log.write("v", "A0:red B0 A0:blue B5 C10")

    report = funnel(log.spec("A B C", window=60, breakdown="colour"))

    assert by_value(report) == {"blue": [2, 1, 1]}
    assert report.steps[1].median_seconds_from_entry == 5


def test_a_step_may_be_any_of_several_events(log):
    log.write("u", "A0 X5 C10")
    log.write("v", "Z0 Y3 Y5 C10")
    spec = FunnelSpec(
        steps=(
            Step("in", (log.type_id("A"), log.type_id("Z"))),
            Step("middle", (log.type_id("X"), log.type_id("Y"))),
            log.step("C"),
        ),
        window=timedelta(seconds=60),
        start=at(0),
        end=at(100),
        as_of=at(1000),
    )

    assert counts(funnel(spec)) == [2, 2, 2]


def test_a_step_without_any_event_is_reached_by_nobody(log):
    log.write("u", "A0 B1")
    spec = log.spec("A B", window=60)

    nobody = FunnelSpec((spec.steps[0], Step("none", ())), spec.window, spec.start, spec.end, spec.as_of)

    assert counts(funnel(nobody)) == [1, 0]


def test_a_window_of_a_hundred_years_is_counted_like_any_other(log):
    log.write("u", "A0 B90000")

    report = funnel(log.spec("A B", window=36_500 * 86400))

    assert (report.converted, report.mature.entered) == (1, 0)


def test_one_step_converts_whoever_enters(log):
    log.write("u", "A0:red A10:blue")
    log.write("v", "A0:red")

    report = funnel(log.spec("A", window=60, breakdown="colour", as_of=at(20)))

    assert (report.entered, report.converted, report.in_progress, report.dropped) == (2, 2, 0, 0)
    assert by_value(report) == {"red": [2]}


def test_ten_steps_are_reached_one_by_one(log):
    log.write("u", " ".join(f"{name}{second}" for second, name in enumerate("ABCDEFGHIJ")))
    log.write("v", " ".join(f"{name}{second}" for second, name in enumerate("ABCDEF")))

    assert counts(funnel(log.spec("A B C D E F G H I J", window=60))) == [2] * 6 + [1] * 4


def test_only_the_people_asked_for_are_counted(log):
    log.write("u", "A0 B1")
    log.write("v", "A0 B1")
    chosen = Person.objects.filter(pk=log.people["u"].pk)

    assert counts(funnel(log.spec("A B", window=60, among=chosen))) == [1, 1]
    assert counts(funnel(log.spec("A B", window=60, among=Person.objects.none()))) == [0, 0]


@pytest.mark.parametrize("steps", ["", "A " * 11])
def test_a_funnel_has_one_to_ten_steps(log, steps):
    with pytest.raises(QuestionRefused):
        log.spec(steps, window=60)


def test_a_question_without_meaning_is_refused(log):
    with pytest.raises(QuestionRefused):
        log.spec("A B", window=0)
    with pytest.raises(QuestionRefused):
        log.spec("A B", window=200 * 366 * 86400)
    with pytest.raises(QuestionRefused):
        log.spec("A B", window=1, end=-1)
    with pytest.raises(QuestionRefused):
        funnel(replace(log.spec("A", window=1), steps=(log.step("A", colour={"red": 1}),)))
    with pytest.raises(QuestionRefused):
        people_of_funnel(log.spec("A B", window=1), FunnelCell("reached", 1, "s:red"))
