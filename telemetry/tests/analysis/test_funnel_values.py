"""What narrows a step and what splits a funnel: properties and columns, compared as both databases do."""

from datetime import timedelta
from typing import Any

import pytest

from telemetry.analysis.funnel import FunnelSpec, Step, funnel
from telemetry.tests.analysis.asking import behind, by_value, counts
from telemetry.tests.analysis.streams import Happening, at


def test_ac_09_a_person_belongs_to_the_value_of_the_winning_entry(log):
    log.write("u1", "A0:red B1:red")
    log.write("u2", "A0:red B1:blue")
    log.write("u3", "A0:blue")
    log.write("u4", "A0 B1:blue")
    log.write("u5", "A0:red A4:blue B9:blue")

    report = funnel(log.spec("A B", window=60, breakdown="colour"))

    assert counts(report) == [5, 4]
    assert by_value(report) == {"red": [2, 2], "blue": [2, 1], None: [1, 1]}


def test_among_attempts_without_a_second_step_the_first_entry_represents(log):
    log.write("u", "A5:blue A0:red A9:blue")

    assert by_value(funnel(log.spec("A B", window=60, breakdown="colour"))) == {"red": [1, 0]}


def test_a_property_and_a_column_narrow_a_step(log):
    log.store(
        [
            Happening("u", "A", at(0), {"placement": "header"}, source="web", project="moon"),
            Happening("v", "A", at(0), {"placement": "footer"}, source="app", project="sun"),
            Happening("w", "A", at(0), {"placement": "side"}),
        ]
    )

    def entered(**where):
        step = Step("A", (log.type_id("A"),), where)
        return funnel(FunnelSpec((step,), timedelta(1), at(0), at(9), at(9))).entered

    assert entered(placement=("header",)) == 1
    assert entered(placement=("header", "footer")) == 2
    assert entered(placement=("nowhere",)) == 0
    assert entered(placement=()) == 0
    assert entered(source=("web",)) == 1
    assert entered(project=("moon", "sun"), source=("web",)) == 1
    assert entered(project=(None,)) == 1


def test_both_databases_tell_values_apart_by_kind_and_not_by_spelling(log):
    values: list[Any] = [
        True,
        1,
        1.0,
        1.50,
        1.5,
        "1",
        "true",
        None,
        0,
        -0.0,
        1e-05,
        0.1,
        "ä%s{x}'\"",
        "",
        False,
    ]
    log.store(Happening(f"p{n}", "A", at(0), {"value": value}) for n, value in enumerate(values))
    log.store([Happening("missing", "A", at(0), {}), Happening("no properties", "A", at(0))])

    report = funnel(log.spec("A", window=60, breakdown="value"))

    found = {(group.key, group.steps[0].reached) for group in report.groups}
    assert found == {
        ("b:true", 1),
        ("b:false", 1),
        ("n:1", 2),
        ("n:1.5", 2),
        ("n:0", 2),
        ("n:0.00001", 1),
        ("n:0.1", 1),
        ("s:1", 1),
        ("s:true", 1),
        ("s:ä%s{x}'\"", 1),
        ("s:", 1),
        ("", 3),
    }
    for value in values:
        step = Step("A", (log.type_id("A"),), {"value": (value,)})
        narrowed = funnel(FunnelSpec((step,), timedelta(1), at(0), at(9), at(9), breakdown="value"))
        [group] = narrowed.groups
        assert (group.key, group.steps[0].reached) in found


@pytest.mark.parametrize("name", ["ä", 'a"b', "a\\b", "a.b", "$", "0", "", "%s"])
def test_a_property_is_found_whatever_its_name(log, name):
    log.store(
        [Happening("u", "A", at(0), {"other": 1, name: "x"}), Happening("v", "A", at(0), {"other": "x"})]
    )

    assert by_value(funnel(log.spec("A", window=1, breakdown=name))) == {"x": [1], None: [1]}


def test_the_twenty_largest_groups_are_named_and_the_rest_is_one(log):
    for value in range(25):
        for person in range(1 + (value < 3)):
            log.store(
                [
                    Happening(f"{value}.{person}", "A", at(0), {"value": f"v{value:02}"}),
                    Happening(f"{value}.{person}", "B", at(value)),
                ]
            )
    spec = log.spec("A B", window=60, breakdown="value")

    report = funnel(spec)

    assert [group.value for group in report.groups] == [f"v{value:02}" for value in range(20)] + ["other"]
    assert [group.is_rest for group in report.groups] == [False] * 20 + [True]
    assert counts(report.groups[0]) == [2, 2]
    assert counts(report.groups[-1]) == [5, 5]
    assert report.groups[-1].steps[1].median_seconds_from_entry == 22
    for group in report.groups:
        assert behind(spec, "reached", 2, group.key).count() == counts(group)[1]
