"""A visitor turns out to be somebody: once, and one way."""

import pytest
from django.contrib.auth import get_user_model

from telemetry.log.models import Event
from telemetry.people.claim import bind, claim
from telemetry.people.models import KeptOut, Person, PersonAlias
from telemetry.segments.models import SegmentRefresh
from telemetry.signals import person_claimed
from telemetry.tests.people.conftest import DAY, NOON


@pytest.fixture
def claims():
    """Every claim that moved something, as (source, target)."""
    heard = []

    def hear(source, target, **kwargs):
        heard.append((source.pk, target.pk))

    person_claimed.connect(hear)
    yield heard
    person_claimed.disconnect(hear)


def names(person):
    """Under which names a person is known."""
    return set(person.aliases.values_list("value", flat=True))


def test_a_visitor_s_first_sign_up_moves_nothing(account, known, claims):
    visitor = known("cookie", NOON - DAY)

    person = claim(visitor, account, at=NOON)

    assert person == visitor
    assert Person.objects.get().account == account
    assert claims == []


def test_a_sign_up_states_when_it_was(account, known):
    person = claim(known("cookie", NOON - DAY), account, at=NOON)

    person.refresh_from_db()
    assert (person.signed_up_at, person.sign_up_stated) == (NOON, True)


def test_a_sign_up_that_was_stated_before_stays(account, known):
    person = claim(known("cookie", signed_up_at=NOON - DAY, sign_up_stated=True), account, at=NOON)

    person.refresh_from_db()
    assert person.signed_up_at == NOON - DAY


def test_a_visitor_s_past_moves_to_the_account_s_person(account, known, claims):
    own = Person.objects.of_account(account)
    visitor = known("cookie", NOON - DAY, NOON)

    person = claim(visitor, account, at=NOON)

    assert person == own
    assert set(Event.objects.values_list("person", flat=True)) == {own.pk}
    assert names(own) == {"cookie"}
    assert claims == [(visitor.pk, own.pk)]


def test_both_are_recounted(account, known):
    own = Person.objects.of_account(account)
    visitor = known("cookie", NOON - DAY)

    claim(visitor, account, at=NOON)

    assert set(SegmentRefresh.objects.values_list("person", flat=True)) == {own.pk, visitor.pk}


def test_the_claimed_person_is_in_no_population_any_more(account, known):
    Person.objects.of_account(account)
    visitor = known("cookie", NOON - DAY, signed_up_at=NOON - DAY, sign_up_stated=True)

    claim(visitor, account, at=NOON)

    visitor.refresh_from_db()
    assert (visitor.signed_up_at, visitor.sign_up_stated) == (None, False)
    assert names(visitor) == set()


def test_claiming_again_changes_nothing(account, known, claims):
    own = Person.objects.of_account(account)
    visitor = known("cookie", NOON - DAY)

    assert [claim(visitor, account, at=NOON) for _ in range(3)] == [own] * 3
    assert len(claims) == 1


def test_a_visitor_claimed_by_one_account_is_not_another_s(account, known, claims):
    other = get_user_model().objects.create_user("bob@growth.example")
    visitor = claim(known("cookie", NOON - DAY), account, at=NOON)

    person = claim(visitor, other, at=NOON)

    assert person != visitor
    assert person.account == other
    assert names(visitor) == {"cookie"}
    assert Event.objects.get().person == visitor


def test_a_visitor_merged_into_one_account_is_not_another_s(account, known):
    other = get_user_model().objects.create_user("bob@growth.example")
    own = Person.objects.of_account(account)
    visitor = known("cookie", NOON - DAY)
    claim(visitor, account, at=NOON)

    person = claim(visitor, other, at=NOON)

    assert person not in (own, visitor)
    assert Event.objects.get().person == own


@pytest.mark.parametrize(
    ("own", "visitor", "expected"),
    [
        ((0, True), (-9, False), (0, True)),
        ((0, True), (-9, True), (-9, True)),
        ((0, False), (3, True), (3, True)),
        ((0, False), (-9, False), (-9, False)),
        ((None, False), (3, False), (3, False)),
        ((None, False), (None, False), (None, False)),
    ],
)
def test_a_stated_sign_up_wins_and_else_the_earlier(account, known, own, visitor, expected):
    def fields(day, stated):
        return {"signed_up_at": None if day is None else NOON + day * DAY, "sign_up_stated": stated}

    person = Person.objects.create(account=account, **fields(*own))

    claim(known("cookie", **fields(*visitor)), account, at=NOON)

    person.refresh_from_db()
    assert {"signed_up_at": person.signed_up_at, "sign_up_stated": person.sign_up_stated} == fields(*expected)


def test_who_is_kept_out_stays_out(account, known):
    Person.objects.of_account(account)

    person = claim(known("cookie", kept_out=KeptOut.BOT, time_zone="Europe/Vienna"), account, at=NOON)

    person.refresh_from_db()
    assert (person.kept_out, person.time_zone) == (KeptOut.BOT, "Europe/Vienna")


def test_the_product_says_what_it_calls_an_account(account):
    person = bind(account, external_id="42", at=NOON)

    assert person == Person.objects.of_account(account)
    assert PersonAlias.objects.get().value == "42"
    assert Person.objects.called("42").get() == person


def test_saying_so_again_changes_nothing(account):
    assert bind(account, external_id="42", at=NOON) == bind(account, external_id="42", at=NOON)
    assert PersonAlias.objects.count() == 1


def test_one_account_may_have_several_names(account):
    person = bind(account, external_id="42", at=NOON)
    bind(account, external_id="ada", at=NOON)

    assert names(person) == {"42", "ada"}


def test_what_came_under_that_name_before_is_the_account_s(account, known):
    own = Person.objects.of_account(account)
    known("42", NOON - DAY, kind=PersonAlias.Kind.USER)

    assert bind(account, external_id="42", at=NOON) == own
    assert Event.objects.get().person == own


def test_a_name_of_another_account_stays_theirs(account):
    other = get_user_model().objects.create_user("bob@growth.example")
    theirs = bind(other, external_id="42", at=NOON)

    person = bind(account, external_id="42", at=NOON)

    assert person.account == account
    assert Person.objects.called("42").get() == theirs
