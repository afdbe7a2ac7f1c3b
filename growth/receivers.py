"""What accounts do is written into the log: one line each."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_signed_up
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from growth.events import LoggedIn, SignedUp
from growth.models import User
from referrals.linking import confirm_the_referral
from telemetry.consent.visitors import sign_in
from telemetry.log.track import track
from telemetry.people.models import Person
from telemetry.segments.identity import describe
from telemetry.segments.models import SegmentRefresh


@receiver(user_signed_up)
def record_the_sign_up(user: User, **_kwargs: object) -> None:
    """An account signs up once, whatever is told how often."""
    person = Person.objects.of_account(user)
    track(person, SignedUp(), at=user.date_joined, key=f"{SignedUp.name}:{user.pk}")


@receiver(email_confirmed)
def make_the_introduction_final(
    email_address: EmailAddress, request: HttpRequest | None = None, **_kwargs: object
) -> None:
    """Who typed the mailed code is who was introduced."""
    confirm_the_referral(email_address.user, at=timezone.now(), request=request)


@receiver(user_logged_in)
@transaction.atomic
def record_the_login(user: User, request: HttpRequest | None = None, **_kwargs: object) -> None:
    """Every login takes the visitor along and is an event; whose numbers are a day old gets new ones."""
    now = timezone.now()
    person = sign_in(request, user, at=now)
    track(person, LoggedIn(), at=now)
    describe(person, at=now)
    SegmentRefresh.objects.queue_when_stale(person, now)
