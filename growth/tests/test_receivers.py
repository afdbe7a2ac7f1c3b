"""What accounts do is in the log."""

from datetime import timedelta

import pytest
from allauth.account.signals import user_signed_up
from django.contrib.auth import get_user_model
from django.utils import timezone

from telemetry.log.models import Event
from telemetry.people.models import Person
from telemetry.segments.models import Segment, SegmentRefresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return get_user_model().objects.create_user("ada@growth.example")


def logged(name):
    """The events of a name."""
    return Event.objects.filter(type__name=name)


def test_every_login_is_an_event_of_the_account_s_person(client, account):
    client.force_login(account)
    client.logout()
    client.force_login(account)

    person = Person.objects.get(account=account)
    assert [event.person for event in logged("auth.login")] == [person, person]


def test_a_sign_up_is_one_event_however_often_it_is_told(account, rf):
    for _ in range(3):
        user_signed_up.send(sender=type(account), request=rf.get("/"), user=account)

    event = logged("auth.signed_up").get()
    assert event.person.account == account
    assert event.occurred_at == account.date_joined


@pytest.mark.parametrize(("age", "queued"), [(None, True), (25, True), (23, False)])
def test_a_login_refreshes_numbers_that_are_a_day_old(client, account, age, queued):
    person = Person.objects.of_account(account)
    if age is not None:
        Segment.objects.create(person=person, computed_at=timezone.now() - timedelta(hours=age))

    client.force_login(account)

    assert SegmentRefresh.objects.filter(person=person).exists() is queued
