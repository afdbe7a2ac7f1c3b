"""Payments, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

if TYPE_CHECKING:
    from donations.models.payment import Payment  # noqa: F401 - of what the rows are
    from telemetry.people.models import Person


class PaymentQuerySet(models.QuerySet["Payment", "Payment"]):
    """Money that was paid."""

    def of(self, person: Person) -> Self:
        """A person's."""
        return self.filter(person=person)

    def of_somebody(self) -> Self:
        """Those of people, and of guests, to whom a receipt was written; who was erased left neither."""
        from donations.models.mail import SupportMail

        written = SupportMail.objects.filter(payment=OuterRef("pk"), kind=SupportMail.Kind.RECEIPT)
        return self.filter(Q(person__isnull=False) | Exists(written))

    def known_as(
        self,
        *,
        invoice_id: str = "",
        payment_intent_id: str = "",
        charge_id: str = "",
    ) -> Self:
        """What Stripe knows by any of these ids; nothing when none is given."""
        ids = {"invoice_id": invoice_id, "payment_intent_id": payment_intent_id, "charge_id": charge_id}
        wanted = Q(pk__in=())
        for name, value in ids.items():
            if value:
                wanted |= Q(**{name: value})
        return self.filter(wanted)

    def gifts(self) -> Self:
        """What was given without getting paid access for it."""
        return self.exclude(subscription__is_membership=True)

    def kept(self) -> Self:
        """What has not gone back altogether."""
        return self.filter(amount_refunded__lt=F("amount")).exclude(dispute=self.model.Dispute.LOST)
