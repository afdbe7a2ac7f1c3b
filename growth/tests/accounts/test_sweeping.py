"""Sign-ups that nobody finished."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.utils import timezone

from donations.models import Supporter
from growth.accounts.sweeping import sweep
from growth.models import User
from referrals.models import Referral, ReferralCode
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.claim import bind
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

A_DAY = timedelta(hours=24, minutes=1)


@pytest.fixture
def left(client) -> User:
    """Somebody typed an address and went."""
    client.post("/accounts/signup/", {"email": "bob@example.org"})
    return User.objects.get(email="bob@example.org")


def test_after_a_day_nothing_is_left_of_them(left, account):
    assert sweep(timezone.now() + A_DAY) == 1

    assert list(User.objects.all()) == [account]
    assert not EmailAddress.objects.filter(email=left.email).exists()
    assert not Person.objects.filter(account=None).exists()


def test_the_introduction_goes_with_them(client, account):
    code = ReferralCode.objects.issue_to(Person.objects.of_account(account), at=timezone.now())
    client.get(f"/accounts/signup/?ref={code}")
    client.post("/accounts/signup/", {"email": "bob@example.org"})
    assert Referral.objects.exists()

    sweep(timezone.now() + A_DAY)

    assert not Referral.objects.exists()
    assert not User.objects.filter(email="bob@example.org").exists()


def test_within_the_day_they_may_still_come_back(left):
    assert sweep(timezone.now() + timedelta(hours=23)) == 0


def test_a_confirmed_account_stays(account):
    assert sweep(timezone.now() + A_DAY) == 0


def test_who_is_confirmed_by_one_address_may_try_another(account):
    EmailAddress.objects.create(user=account, email="other@example.org")

    assert sweep(timezone.now() + A_DAY) == 0


def test_staff_stay(left):
    User.objects.filter(pk=left.pk).update(is_staff=True)

    assert sweep(timezone.now() + A_DAY) == 0


def test_an_account_made_by_hand_stays():
    User.objects.create_user("hand@example.org")

    assert sweep(timezone.now() + A_DAY) == 0


@pytest.mark.parametrize(
    "live",
    [
        lambda person: track(person, ActivityLogged(), at=timezone.now()),
        lambda person: Supporter.objects.create(person=person),
        lambda person: bind(person.account, external_id="u-1", at=timezone.now()),
        lambda person: ReferralCode.objects.issue_to(person, at=timezone.now()),
    ],
    ids=["activity", "supporter", "the product knows them", "code"],
)
def test_whoever_has_data_stays(left, live):
    live(Person.objects.of_account(left))

    assert sweep(timezone.now() + A_DAY) == 0


def test_an_address_that_was_swept_signs_up_again(left, client, mailed_code):
    sweep(timezone.now() + A_DAY)
    cache.clear()  # where allauth counts mails
    client.post("/accounts/start-again/")
    client.post("/accounts/signup/", {"email": "bob@example.org"})
    client.post("/accounts/confirm-email/", {"code": mailed_code()})

    assert EmailAddress.objects.get(email="bob@example.org").verified
