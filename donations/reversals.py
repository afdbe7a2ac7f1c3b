"""What can happen to money after it was paid."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cause(models.TextChoices):
    """Why money goes back."""

    REFUND = "refund", _("Refund")
    DISPUTE = "dispute", _("Dispute")
    FRAUD = "fraud", _("Early fraud warning")


@dataclass(frozen=True, slots=True)
class Reversal:
    """One thing that happened to a payment.

    `reference`: the partner's id of the refund, dispute or warning, or of the charge where several refunds
    add up. `is_final`: whether the money is gone; a dispute that was only opened freezes.
    """

    cause: Cause
    reference: str
    is_final: bool
