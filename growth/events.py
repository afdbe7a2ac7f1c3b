"""What accounts do: they come to be, and sign in."""

from dataclasses import dataclass

from telemetry.log.events import LegalBasis, TrackedEvent


@dataclass(frozen=True)
class SignedUp(
    TrackedEvent,
    name="auth.signed_up",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """An account came to be; its address may not be confirmed yet."""


@dataclass(frozen=True)
class LoggedIn(
    TrackedEvent,
    name="auth.login",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A person signed in."""
