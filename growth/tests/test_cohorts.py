"""Cohorts: the shipped ones, those of staff, and the words for one person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from growth.cohort_rules import parse_rules
from growth.cohorts import UnknownCohort, UnreadableCohort, cohort_as_of, cohort_sizes, description, people_in
from growth.models.cohort import Cohort
from growth.shipped_cohorts import SHIPPED
from telemetry.people.models import KeptOut, Person, PersonAlias
from telemetry.segments.models import Segment, SegmentWatermark

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def somebody(db):
    """A person whose segment says so, as of NOW."""
    SegmentWatermark.objects.create(as_of=NOW)

    def make(age=DAY * 400, account=None, kept_out="", **counts):
        person = Person.objects.create(
            signed_up_at=NOW - age, sign_up_stated=True, account=account, kept_out=kept_out
        )
        Segment.objects.create(person=person, computed_at=NOW, **counts)
        return person

    return make


@pytest.fixture
def admin(django_user_model):
    return django_user_model.objects.create_user("admin@example.com", is_staff=True)


EXAMPLES: dict[str, dict[str, Any]] = {
    "very-high-engagement": {"entries_last_7_days": 20, "entries_last_30_days": 80},
    "high-engagement": {"entries_last_7_days": 19, "entries_last_30_days": 80},
    "medium-engagement": {"entries_last_7_days": 9},
    "low-engagement": {"entries_last_7_days": 2},
    "inactive": {},
    "power-users": {"entries_last_7_days": 10},
    "active-users": {"entries_last_7_days": 1},
    "at-risk": {"entries_all_time": 1},
    "timer-users": {"timer_entries_count": 71, "manual_entries_count": 29},
    "manual-users": {"timer_entries_count": 30, "manual_entries_count": 70},
    "mixed-method-users": {"timer_entries_count": 70, "manual_entries_count": 30},
    "new-users": {"age": DAY * 6},
    "recent-users": {"age": DAY * 29},
    "established-users": {"age": DAY * 179},
    "long-term-users": {"age": DAY * 180},
    "regular-users": {},
    "growing": {"entries_last_7_days": 2, "entries_last_30_days": 7},
    "declining": {"entries_last_7_days": 1, "entries_last_30_days": 6},
    "stable": {"entries_last_7_days": 1, "entries_last_30_days": 5},
}


@pytest.mark.parametrize("slug", EXAMPLES)
def test_whoever_earns_a_cohort_is_in_it(somebody, slug):
    person = somebody(**EXAMPLES[slug])

    assert list(people_in(slug)) == [person]


def test_every_shipped_cohort_has_an_example():
    assert {shipped.slug for shipped in SHIPPED} == EXAMPLES.keys() | {"admins"}


def test_admins_are_no_regular_users(somebody, admin):
    boss, other = somebody(account=admin), somebody()

    assert list(people_in("admins")) == [boss]
    assert list(people_in("regular-users")) == [other]


def test_a_cohort_has_as_many_people_as_it_says(somebody, admin):
    for counts in EXAMPLES.values():
        somebody(**counts)
    somebody(account=admin)

    for cohort in cohort_sizes():
        assert people_in(cohort.slug).count() == cohort.size, cohort.slug


def test_the_sizes_take_the_same_few_queries_however_many_cohorts_there_are(
    somebody, django_assert_num_queries
):
    for nth in range(5):
        Cohort.objects.create(
            slug=f"busy-{nth}", name="Busy", rules=[{"property": "is_active_user", "is": True}]
        )

    with django_assert_num_queries(3):
        cohort_sizes()


def test_staff_and_flagged_people_are_left_out_of_what_is_reported(somebody, admin):
    listed = Cohort.objects.create(slug="listed", name="Listed", kind=Cohort.Kind.LIST)
    for person in (somebody(), somebody(kept_out=KeptOut.BOT), somebody(account=admin)):
        listed.members.create(person=person)

    sizes = {cohort.slug: cohort.size for cohort in cohort_sizes(reported_only=True)}

    assert (sizes["inactive"], sizes["admins"], sizes["listed"]) == (1, 0, 1)
    assert {cohort.slug: cohort.size for cohort in cohort_sizes()}["listed"] == 3


def test_a_cohort_of_staff_takes_whoever_meets_all_of_its_rules(somebody):
    Cohort.objects.create(
        slug="busy-newcomers",
        name="Busy newcomers",
        rules=[
            {"property": "engagement_level", "in": ["high", "very_high"]},
            {"property": "account_age_days", "at_most": 30},
            {"property": "timer_usage_percent", "at_least": 66.7},
            {"property": "is_admin", "is": False},
        ],
    )
    numbers = {"entries_last_7_days": 12, "timer_entries_count": 2, "manual_entries_count": 1}
    wanted = somebody(age=DAY * 30, **numbers)
    somebody(age=DAY * 31, **numbers)
    somebody(age=DAY * 30, **{**numbers, "manual_entries_count": 2})

    assert list(people_in("busy-newcomers")) == [wanted]


@pytest.mark.parametrize("rules", [[{"property": "renamed_since", "is": "high"}], {"property": "role"}])
def test_a_stored_cohort_that_cannot_be_read_has_no_size_and_the_others_have_theirs(somebody, rules):
    somebody()
    Cohort.objects.create(slug="broken", name="Broken", rules=rules)
    Cohort.objects.create(slug="whole", name="Whole", rules=[{"property": "is_admin", "is": False}])

    sizes = {cohort.slug: cohort.size for cohort in cohort_sizes()}

    assert (sizes["broken"], sizes["whole"], sizes["inactive"]) == (None, 1, 1)
    with pytest.raises(UnreadableCohort):
        people_in("broken")


def test_an_unknown_cohort_is_said_to_be_unknown(db):
    with pytest.raises(UnknownCohort):
        people_in("nobody")


def test_a_list_takes_people_by_the_products_id_and_by_public_id(somebody):
    listed = Cohort.objects.create(slug="listed", name="Listed", kind=Cohort.Kind.LIST)
    by_alias, by_id = somebody(), somebody()
    PersonAlias.objects.create(person=by_alias, kind="user", value="u-1")

    first = listed.add_people(["u-1", f" {str(by_id.public_id).upper()}\n", "u-2", ""])
    again = listed.add_people(["u-1", str(by_alias.public_id)])

    assert (first.added, first.unknown) == (2, ("u-2",))
    assert (again.added, again.unknown) == (0, ())
    assert set(people_in("listed")) == {by_alias, by_id}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"property": "role", "is": "admin"}, "Rules are a list"),
        (["role"], 'Rule 1: a rule names a "property" and one of'),
        ([{"property": "role", "is": "admin", "in": []}], 'Rule 1: a rule names a "property" and one of'),
        ([{"property": "email", "is": "a@example.com"}], "Rule 1: no property is called 'email'."),
        ([{"property": ["role"], "is": "admin"}], "Rule 1: no property is called ['role']."),
        ([{"property": "role", "like": "adm"}], "Rule 1: no comparison is called 'like'."),
        ([{"property": "role", "at_least": "admin"}], "Rule 1: role is one of its words and has no order."),
        ([{"property": "role", "is": "boss"}], "Rule 1: role takes user, admin, not 'boss'."),
        ([{"property": "role", "in": "admin"}], 'Rule 1: "in" takes a list of values.'),
        ([{"property": "role", "is": ["admin"]}], "Rule 1: role takes user, admin, not ['admin']."),
        (
            [{"property": "entries_all_time", "at_least": [5]}],
            "entries_all_time takes a whole number, not [5].",
        ),
        ([{"property": "role", "is": "admin"}] * 51, "A cohort has 50 rules at most."),
        ([{"property": "is_admin", "is": 1}], "Rule 1: is_admin takes true or false, not 1."),
        (
            [{"property": "role", "is": "user"}, {"property": "entries_all_time", "at_least": "3"}],
            "Rule 2: entries_all_time takes a whole number, not '3'.",
        ),
        ([{"property": "entries_all_time", "is": True}], "entries_all_time takes a whole number, not True."),
        ([{"property": "entries_all_time", "is": 1.5}], "entries_all_time takes a whole number, not 1.5."),
        ([{"property": "entries_all_time", "is": 2**70}], "entries_all_time takes a whole number, not"),
        ([{"property": "last_login", "is": "2026-01-01"}], "last_login is a moment and no part of a rule"),
    ],
)
def test_a_rule_that_cannot_be_understood_is_refused_in_words(rules, message):
    with pytest.raises(ValidationError) as refused:
        parse_rules(rules)

    assert message in refused.value.messages[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"slug": "inactive", "rules": [{"property": "role", "is": "user"}]}, "comes with Growth"),
        ({"slug": "none", "rules": []}, "needs at least one"),
        ({"slug": "odd", "rules": [{"property": "role"}]}, "Rule 1"),
        (
            {"slug": "both", "kind": Cohort.Kind.LIST, "rules": [{"property": "role", "is": "user"}]},
            "has no rules",
        ),
    ],
)
def test_a_cohort_is_refused_in_words(db, fields, message):
    with pytest.raises(ValidationError, match=message):
        Cohort(name="A cohort", **fields).full_clean()


def test_cohorts_are_as_of_the_last_refresh(somebody):
    assert cohort_as_of() == NOW


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"entries_last_7_days": 1}, "Long-term user with low engagement"),
        ({"entries_last_7_days": 20}, "Long-term user with very high engagement"),
        ({"entries_last_7_days": 3, "age": DAY * 179}, "Established user with medium engagement"),
        ({"entries_last_7_days": 10, "age": DAY * 29}, "Recent user with high engagement"),
        ({"age": DAY * 6}, "New user with no recent activity"),
    ],
)
def test_a_person_is_described_by_age_and_engagement(somebody, counts, words):
    assert description(somebody(**counts)) == words


def test_an_admin_is_described_as_one_whatever_their_age(somebody, admin):
    assert description(somebody(account=admin, entries_last_7_days=12)) == "Admin user with high engagement"


def test_somebody_whom_no_refresh_has_met_has_no_description(db):
    assert description(Person.objects.create()) == ""
