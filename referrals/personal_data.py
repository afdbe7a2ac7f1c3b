"""What the fields of referrals hold, how they lead to a person, and what erasure leaves of them."""

from django.db.models import Q, QuerySet

from referrals.models import Referral
from telemetry.people.registry import Subject, holding


def referrals_of(subject: Subject) -> QuerySet[Referral]:
    """Both those they made and the one by which they came: the other side keeps its own."""
    if subject.person is None:
        return Referral.objects.none()
    return Referral.objects.filter(Q(referrer=subject.person) | Q(referred=subject.person))


FIELDS = {
    "ReferralCode": holding(
        personal="shown_name",
        pseudonym="person code",
        none="id is_primary created_at disabled_at",
        person="person",
        blanks="person shown_name",
    ),
    "ReferralClick": holding(none="id code day count"),
    # The two keys to people empty themselves with the person; what erasure blanks is what names nobody else.
    "Referral": holding(
        personal="reason",
        pseudonym="referrer referred code payment card_digest network_digest decided_by",
        money="days",
        none="id state captured_at created_at confirmed_at converted_at credited_at credit_due_at decide_by",
        found=referrals_of,
        blanks="reason card_digest network_digest",
    ),
    # Anonymous, with its days: a ledger that loses entries proves nothing.
    "CreditGrant": holding(
        personal="note",
        pseudonym="person referral actor reverses idem_key",
        money="days",
        none="id kind shortfall_seconds is_banked effective_at created_at",
        person="person",
        blanks="person note",
    ),
    # Who of the staff decided what stays; whom it was for does not.
    "CreditProposal": holding(
        personal="reason",
        pseudonym="person proposed_by decided_by grant idem_key",
        money="days",
        none="id state proposed_at decided_at",
        person="person",
        blanks="person reason",
    ),
}
