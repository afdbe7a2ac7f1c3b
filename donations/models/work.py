"""Work that needs Stripe."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from telemetry.operations.models import Alert
from telemetry.operations.pending import PendingWork

#: Stripe may be away for hours: the last attempt is more than a day after the first.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)


class StripeWork(PendingWork):
    """A row that is worked on with Stripe's help."""

    max_attempts = len(PAUSES) + 1
    #: The alert that is open while such rows fail for what does not go away by itself.
    failing: ClassVar[str]

    class Meta(PendingWork.Meta):
        abstract = True

    @property
    def what(self) -> str:
        """What kind of work it is, for staff: no id, and nobody's name."""
        raise NotImplementedError

    @classmethod
    def pause_after(cls, attempts: int) -> timedelta:
        """From a minute to a day."""
        return PAUSES[attempts - 1]

    def record(self, outcome: Any, now: datetime) -> None:
        """Resolve the alert once none of its kind waits for another attempt."""
        if self.last_error and not type(self).objects.pending().exclude(last_error="").exists():
            Alert.objects.resolve(self.failing, now)

    def failed(self, error: Exception, at: datetime) -> None:
        """Tell staff at the first failure that is ours to mend; that Stripe is away is no such thing."""
        from donations.gateway import GatewayDenied
        from donations.handlers import WAITS

        if isinstance(error, WAITS) and not isinstance(error, GatewayDenied):
            return
        message = _("%(what)s cannot be worked on (%(error)s). It is tried again, and nothing is lost.") % {
            "what": self.what,
            "error": type(error).__qualname__,
        }
        Alert.objects.raise_alert(self.failing, Alert.Severity.WARNING, message, at)
