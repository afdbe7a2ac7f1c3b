"""What holds of money, whatever happened."""

from __future__ import annotations

from django.db.models import Count

from donations.models import DevelopmentObject, Payment, StripeEvent, SupportMail


def assert_money() -> None:
    """I2: what was paid at Stripe is one payment, with one receipt at most.

    Stripe is the offline one; what was told and not worked on is not missed yet.
    """
    for name in ("invoice_id", "payment_intent_id", "charge_id"):
        known = Payment.objects.exclude(**{name: None}).values(name)
        assert not known.annotate(times=Count("pk")).filter(times__gt=1).exists(), f"{name} is paid twice"
    receipts = SupportMail.objects.filter(kind=SupportMail.Kind.RECEIPT).values("payment")
    assert not receipts.annotate(times=Count("pk")).filter(times__gt=1).exists(), "a payment has two receipts"
    if (
        StripeEvent.objects.exists()
        and not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()
    ):
        charged = set(DevelopmentObject.objects.of("charge", paid=True).values_list("stripe_id", flat=True))
        assert charged <= set(Payment.objects.values_list("charge_id", flat=True)), "money is missing"
