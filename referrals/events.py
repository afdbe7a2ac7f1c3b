"""What happens between a shared code and its reward."""

from dataclasses import dataclass

from telemetry.log.events import LegalBasis, TrackedEvent


@dataclass(frozen=True)
class LinkOpened(
    TrackedEvent,
    name="referral.link_opened",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.INTEREST,
):
    """A visitor arrived with somebody's code."""


@dataclass(frozen=True)
class FriendSignedUp(
    TrackedEvent,
    name="referral.signed_up",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A person who came with a code signed up; provisional until the address is confirmed."""


@dataclass(frozen=True)
class FriendConfirmed(
    TrackedEvent,
    name="referral.confirmed",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A person who came with a code confirmed their address: the referral is final."""


@dataclass(frozen=True)
class FriendConverted(
    TrackedEvent,
    name="referral.converted",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A person who came with a code made their first real payment."""


@dataclass(frozen=True)
class CreditGranted(
    TrackedEvent,
    name="referral.credited",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A person was given days of paid access for a referral, as the one who invited or the one who came."""

    days: int
