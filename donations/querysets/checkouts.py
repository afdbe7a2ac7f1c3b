"""Checkouts, in sentences."""

from __future__ import annotations

from typing import Self

from donations.querysets.beginning import BeginningQuerySet


class CheckoutQuerySet(BeginningQuerySet):
    """What people set out to pay."""

    def waiting(self) -> Self:
        """Those that Stripe has opened, and of which it is not known how they end."""
        state = self.model.State
        return self.filter(state__in=(state.OPEN, state.PROCESSING), session_id__isnull=False)
