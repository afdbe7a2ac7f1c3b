"""Sign-ups that nobody finished: whoever typed a stranger's address leaves nothing there."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from growth.events import SignedUp
from growth.models import User
from referrals.events import FriendSignedUp
from referrals.models import Referral
from referrals.models.referral import State
from telemetry.log.models import Event
from telemetry.people.models import Person
from telemetry.people.registry import Subject, register

UNFINISHED_AFTER = timedelta(hours=24)
#: Accounts that one run deletes; each is an erasure.
AT_ONCE = 500

#: What a sign-up by itself leaves; whoever has anything else has a life here. Sessions and the admin's log
#: are not rows of theirs.
LEFT_BY_A_SIGN_UP = {
    "growth.User",
    "account.EmailAddress",
    "account.EmailConfirmation",
    "sessions.Session",
    "admin.LogEntry",
    "telemetry.Person",
    "telemetry.Event",
    "telemetry.AuditEntry",
    "telemetry.Segment",
    "telemetry.SegmentRefresh",
    "telemetry.ConsentRecord",
    "referrals.Referral",
}


def sweep(now: datetime) -> int:
    """Delete the accounts that were never confirmed, with what introduced them; how many went."""
    gone = (account for account in unfinished(now) if forget(account))
    return sum(1 for _account in islice(gone, AT_ONCE))


def unfinished(now: datetime) -> QuerySet[User]:
    """Accounts of our own sign-up, a day old, of which no address was ever confirmed.

    Never staff; and never an account that was made by hand, which has no address on trial.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    return User.objects.filter(
        Exists(addresses),
        ~Exists(addresses.filter(verified=True)),
        is_staff=False,
        is_superuser=False,
        last_login=None,
        date_joined__lt=now - UNFINISHED_AFTER,
    ).order_by("pk")


@transaction.atomic
def forget(account: User) -> bool:
    """Delete one of them; False for whoever was confirmed meanwhile, or has data."""
    # Confirming writes this row: whoever comes second finds what the first one did.
    locked = EmailAddress.objects.select_for_update().filter(user=account)
    if any(address.verified for address in locked) or has_data(account):
        return False
    Referral.objects.filter(referred__account=account, state=State.PROVISIONAL).delete()
    account.delete()
    return True


def has_data(account: User) -> bool:
    """Whether anything is kept of the account or its person beyond the sign-up itself."""
    person = Person.objects.filter(account=account).first()
    subject = Subject(person, account)
    entries = (entry for entry in register() if entry.model._meta.label not in LEFT_BY_A_SIGN_UP)
    if any(entry.rows(subject).exists() for entry in entries):
        return True
    if person is None:
        return False
    introduced = Referral.objects.filter(referred=person).exclude(state=State.PROVISIONAL)
    did = Event.objects.of(person).exclude(type__name__in=(SignedUp.name, FriendSignedUp.name))
    return introduced.exists() or did.exists()
