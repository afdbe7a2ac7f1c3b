"""The worked numbers: every threshold at its edge."""

from datetime import timedelta

import pytest

from telemetry.segments.properties import PROPERTIES, properties_of
from telemetry.tests.segments.conftest import NOW

MICROSECOND = timedelta(microseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def read(refreshed):
    """What the segment says of a person, after a refresh."""

    def properties(person, *names):
        refreshed()
        found = properties_of(person)
        return tuple(found[name] for name in names) if len(names) > 1 else found[names[0]]

    return properties


@pytest.mark.parametrize(
    ("entries", "level"),
    [
        (0, "inactive"),
        (1, "low"),
        (2, "low"),
        (3, "medium"),
        (9, "medium"),
        (10, "high"),
        (19, "high"),
        (20, "very_high"),
    ],
)
def test_the_entries_of_seven_days_earn_the_level(somebody, happened, read, entries, level):
    person = somebody()
    for nth in range(entries):
        happened(person, HOUR * nth)

    flags = read(person, "engagement_level", "is_active_user", "is_power_user", "is_at_risk")

    assert flags == (level, entries > 0, entries >= 10, False)


@pytest.mark.parametrize(
    ("last_week", "last_month", "trend"),
    [
        (0, 0, "stable"),
        (1, 4, "stable"),  # exactly a quarter
        (1, 3, "increasing"),
        (2, 8, "stable"),
        (2, 7, "increasing"),
        (1, 5, "stable"),  # exactly a fifth
        (1, 6, "decreasing"),
        (2, 10, "stable"),
        (2, 11, "decreasing"),
        (0, 1, "decreasing"),
    ],
)
def test_the_trend_compares_seven_days_with_a_quarter_and_a_fifth_of_thirty(
    somebody, happened, read, last_week, last_month, trend
):
    person = somebody()
    for _ in range(last_week):
        happened(person, HOUR)
    for _ in range(last_month - last_week):
        happened(person, DAY * 10)

    assert read(person, "activity_trend") == trend


@pytest.mark.parametrize(
    ("ago", "counted"),
    [
        (-MICROSECOND, (0, 0, 0, 0)),
        (timedelta(0), (1, 1, 1, 1)),
        (HOUR * 24 - MICROSECOND, (1, 1, 1, 1)),
        (HOUR * 24, (0, 1, 1, 1)),
        (DAY * 7 - MICROSECOND, (0, 1, 1, 1)),
        (DAY * 7, (0, 0, 1, 1)),
        (DAY * 30 - MICROSECOND, (0, 0, 1, 1)),
        (DAY * 30, (0, 0, 0, 1)),
    ],
)
def test_a_window_leaves_out_its_beginning_and_keeps_its_end(somebody, happened, read, ago, counted):
    person = somebody()
    happened(person, ago)

    windows = ("entries_last_24h", "entries_last_7_days", "entries_last_30_days", "entries_all_time")

    assert read(person, *windows) == counted


@pytest.mark.parametrize(
    ("timer", "manual", "method", "percent"),
    [
        (0, 0, "none", 0.0),
        (0, 1, "manual", 0.0),
        (3, 7, "manual", 30.0),
        (31, 69, "mixed", 31.0),
        (301, 699, "mixed", 30.1),
        (7, 3, "mixed", 70.0),
        (71, 29, "timer", 71.0),
        (1, 0, "timer", 100.0),
        (2, 1, "mixed", 66.7),
        (1, 2, "mixed", 33.3),
        (1, 15, "manual", 6.3),  # 6.25 rounds half up
        (7003, 2997, "timer", 70.0),  # 70.03: judged before rounding
    ],
)
def test_the_method_is_judged_before_the_percentage_is_rounded(
    somebody, read, refreshed, timer, manual, method, percent
):
    person = somebody()
    refreshed()
    type(person.segment).objects.filter(person=person).update(
        timer_entries_count=timer, manual_entries_count=manual
    )
    found = properties_of(person)

    assert (found["preferred_tracking_method"], found["timer_usage_percent"]) == (method, percent)
    assert (found["uses_timer"], found["uses_manual_entry"]) == (timer > 0, manual > 0)


@pytest.mark.parametrize(
    ("age", "days", "category", "new", "established"),
    [
        (timedelta(0), 0, "new", True, False),
        (DAY * 7 - MICROSECOND, 6, "new", True, False),
        (DAY * 7, 7, "recent", False, False),
        (DAY * 30 - MICROSECOND, 29, "recent", False, False),
        (DAY * 30, 30, "established", False, True),
        (DAY * 180 - MICROSECOND, 179, "established", False, True),
        (DAY * 180, 180, "long_term", False, True),
    ],
)
def test_the_age_is_in_whole_days_since_sign_up(somebody, read, age, days, category, new, established):
    names = ("account_age_days", "account_age_category", "is_new_user", "is_established_user")

    assert read(somebody(age), *names) == (days, category, new, established)


def test_entries_are_split_by_source_and_projects_counted_once(somebody, happened, read):
    person = somebody()
    happened(person, HOUR, project="a", source="timer", duration_seconds=3600)
    happened(person, HOUR, project="a", source="manual", duration_seconds=180)
    happened(person, HOUR, project="b", source="timer")
    happened(person, DAY * 31, project="c", source="import", duration_seconds=1)
    happened(person, HOUR, duration_seconds=None)

    names = ("timer_entries_count", "manual_entries_count", "active_projects_count", "total_projects_count")

    assert read(person, *names) == (2, 1, 2, 3)
    assert read(person, "total_hours_tracked") == 1.1  # 3781 seconds are 1.0503 hours


@pytest.mark.parametrize(("seconds", "hours"), [(0, 0.0), (179, 0.0), (180, 0.1), (5219, 1.4), (5220, 1.5)])
def test_hours_round_half_up_to_one_decimal(somebody, happened, read, seconds, hours):
    person = somebody()
    happened(person, HOUR, duration_seconds=seconds)

    assert read(person, "total_hours_tracked") == hours


def test_tasks_are_assigned_until_completed_and_never_below_none(somebody, happened, read):
    busy, ahead = somebody(), somebody()
    for nth in range(3):
        happened(busy, DAY * nth, "task.assigned")
    happened(busy, HOUR, "task.completed")
    happened(ahead, HOUR, "task.completed")

    assert read(busy, "assigned_tasks_count", "completed_tasks_count", "entries_all_time") == (2, 1, 0)
    assert read(ahead, "assigned_tasks_count", "completed_tasks_count") == (0, 1)


def test_the_last_login_is_the_latest_of_the_log(somebody, happened, read):
    person, stranger = somebody(), somebody()
    happened(person, DAY * 5, "auth.login")
    happened(person, DAY * 2 + MICROSECOND, "auth.login")

    assert read(person, "last_login", "days_since_last_login") == (NOW - DAY * 2 - MICROSECOND, 2)
    assert read(stranger, "last_login", "days_since_last_login") == (None, None)


def test_what_does_not_count_as_use_makes_nobody_active(somebody, happened, read):
    person = somebody()
    happened(person, HOUR, "timer.started", project="a")

    assert read(person, "entries_all_time", "total_projects_count", "is_at_risk") == (0, 0, False)


def test_somebody_who_stopped_is_at_risk(somebody, happened, read):
    person = somebody()
    happened(person, DAY * 7)

    assert read(person, "is_at_risk", "is_active_user") == (True, False)


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (None, ("user", False, None)),
        ({"password": None}, ("user", False, "email_code")),
        ({"password": "correct horse"}, ("user", False, "password")),
        ({"password": None, "is_staff": True}, ("admin", True, "email_code")),
    ],
)
def test_the_account_says_the_role_and_how_it_signs_in(somebody, read, django_user_model, account, expected):
    user = account and django_user_model.objects.create_user("who@example.com", **account)

    assert read(somebody(account=user), "role", "is_admin", "auth_method") == expected


def test_every_property_has_an_answer_and_none_names_anybody(somebody, refreshed):
    person = somebody()
    refreshed()

    assert list(properties_of(person)) == list(PROPERTIES)
    assert not {"username", "email"} & PROPERTIES.keys()
    assert properties_of(person)["last_segment_update"] == NOW


def test_somebody_whom_no_refresh_has_met_is_not_known_yet(somebody):
    assert set(properties_of(somebody()).values()) == {None}
