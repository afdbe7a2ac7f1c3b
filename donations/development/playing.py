"""What customers, their banks and the calendar do at Stripe; each tells what Stripe would tell us of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from donations.development import happening, shapes
from donations.development.happening import Card, change_subscription, stamp
from donations.development.telling import Teller, Told
from donations.development.wire import Asked
from donations.models.development import Body, DevelopmentObject

objects = DevelopmentObject.objects


class Playing:
    """The verbs of everybody but us. `at` is when it happens, now if not given.

    Each verb returns the deliveries in the order in which it happened; Stripe promises no order.
    """

    clock: Callable[[], datetime]
    teller: Teller

    def untold(self) -> list[Told]:
        """The events that our own calls set off and nobody was told of, as if they came now."""
        with transaction.atomic():
            return self.teller.untold()

    def again(self, told: Told) -> Told:
        """The same event once more, signed now."""
        return self.teller.deliver(objects.get(stripe_id=told.id).body)

    # --- On Stripe's pages ----------------------------------------------------------------------

    @transaction.atomic
    def pays(
        self, session_id: str, at: datetime | None = None, *, card: Card | None = None, off: int = 0
    ) -> list[Told]:
        """Somebody fills in the page and pays, at once. `off`: what a coupon takes away."""
        session, at, card = objects.body(session_id), at or self.clock(), card or Card()
        self._complete(session, at, card, off)
        if session["mode"] == "subscription":
            subscription = self._subscribe(session, at)
            invoice = happening.new_invoice(
                subscription, amount=session["amount_total"], reason="subscription_create", at=at
            )
            happening.settle_invoice(invoice, card, at)
            change_subscription(self.teller, subscription, at, status="active")
            self.teller.record("invoice.paid", invoice, at)
            objects.change(session, invoice=invoice["id"])
        elif session["amount_total"]:
            happening.succeed(self._begin(session, at), card, at)
        nothing_due = session["amount_total"] == 0
        objects.change(session, payment_status="no_payment_required" if nothing_due else "paid")
        self.teller.record("checkout.session.completed", session, at)
        return self.teller.untold()

    @transaction.atomic
    def pays_later(self, session_id: str, at: datetime | None = None) -> list[Told]:
        """Somebody pays in a way that takes days: the page is done, the money on its way."""
        session, at = objects.body(session_id), at or self.clock()
        self._complete(session, at, Card(), 0)
        if session["mode"] == "subscription":
            subscription = self._subscribe(session, at)
            invoice = happening.new_invoice(
                subscription, amount=session["amount_total"], reason="subscription_create", at=at
            )
            change_subscription(self.teller, subscription, at, status="active")
            objects.change(session, invoice=invoice["id"])
        else:
            self._begin(session, at)
        self.teller.record("checkout.session.completed", session, at)
        return self.teller.untold()

    @transaction.atomic
    def money_arrives(
        self, session_id: str, at: datetime | None = None, *, card: Card | None = None
    ) -> list[Told]:
        """What was paid by `pays_later` arrives."""
        session, at, card = objects.body(session_id), at or self.clock(), card or Card()
        if session["mode"] == "subscription":
            invoice = happening.settle_invoice(objects.body(session["invoice"]), card, at)
            self.teller.record("invoice.paid", invoice, at)
        else:
            happening.succeed(objects.body(session["payment_intent"]), card, at)
        objects.change(session, payment_status="paid")
        self.teller.record("checkout.session.async_payment_succeeded", session, at)
        return self.teller.untold()

    @transaction.atomic
    def money_does_not_arrive(self, session_id: str, at: datetime | None = None) -> list[Told]:
        """What was paid by `pays_later` never arrives."""
        session, at = objects.body(session_id), at or self.clock()
        if session["mode"] == "subscription":
            invoice = objects.change(objects.body(session["invoice"]), attempted=True, attempt_count=1)
            self.teller.record("invoice.payment_failed", invoice, at)
            happening.end_subscription(self.teller, objects.body(session["subscription"]), at)
        else:
            happening.fail(objects.body(session["payment_intent"]))
        self.teller.record("checkout.session.async_payment_failed", session, at)
        return self.teller.untold()

    @transaction.atomic
    def lets_expire(self, session_id: str, at: datetime | None = None) -> list[Told]:
        """Nobody pays within a day."""
        session, at = objects.body(session_id), at or self.clock()
        objects.change(session, status="expired", url=None)
        self.teller.record("checkout.session.expired", session, at)
        return self.teller.untold()

    @transaction.atomic
    def cancels(
        self, subscription_id: str, at: datetime | None = None, *, at_once: bool = False
    ) -> list[Told]:
        """A member cancels in the portal: from the end of the period, or at once."""
        subscription, at = objects.body(subscription_id), at or self.clock()
        if at_once:
            happening.end_subscription(self.teller, subscription, at)
        else:
            until = subscription["items"]["data"][0]["current_period_end"]
            ends = {"cancel_at_period_end": True, "cancel_at": until, "canceled_at": stamp(at)}
            change_subscription(self.teller, subscription, at, **ends)
        return self.teller.untold()

    @transaction.atomic
    def resumes(self, subscription_id: str, at: datetime | None = None) -> list[Told]:
        """A member takes back a cancellation before it comes true."""
        subscription, at = objects.body(subscription_id), at or self.clock()
        goes_on = {"cancel_at_period_end": False, "cancel_at": None, "canceled_at": None}
        change_subscription(self.teller, subscription, at, **goes_on)
        return self.teller.untold()

    # --- As months go by ------------------------------------------------------------------------

    @transaction.atomic
    def renews(
        self, subscription_id: str, at: datetime | None = None, *, card: Card | None = None, off: int = 0
    ) -> list[Told]:
        """The next month is paid for. `off`: what a coupon takes away."""
        subscription, at = objects.body(subscription_id), at or self.clock()
        invoice = self._next_invoice(subscription, at, off)
        happening.settle_invoice(invoice, card or Card(), at)
        self.teller.record("invoice.paid", invoice, at)
        change_subscription(self.teller, subscription, at, status="active")
        return self.teller.untold()

    @transaction.atomic
    def fails_to_renew(self, subscription_id: str, at: datetime | None = None) -> list[Told]:
        """The card is declined; Stripe will try again in three days."""
        subscription, at = objects.body(subscription_id), at or self.clock()
        invoice = self._next_invoice(subscription, at, 0)
        tried = {"attempted": True, "attempt_count": 1, "next_payment_attempt": stamp(at) + 3 * 86400}
        self.teller.record("invoice.payment_failed", objects.change(invoice, **tried), at)
        change_subscription(self.teller, subscription, at, status="past_due")
        return self.teller.untold()

    @transaction.atomic
    def catches_up(self, subscription_id: str, at: datetime | None = None) -> list[Told]:
        """What was past due is paid."""
        subscription, at = objects.body(subscription_id), at or self.clock()
        invoice = happening.settle_invoice(objects.body(subscription["latest_invoice"]), Card(), at)
        self.teller.record("invoice.paid", invoice, at)
        change_subscription(self.teller, subscription, at, status="active")
        return self.teller.untold()

    @transaction.atomic
    def is_given_up(self, subscription_id: str, at: datetime | None = None) -> list[Told]:
        """After all its tries Stripe ends what is past due."""
        subscription, at = objects.body(subscription_id), at or self.clock()
        invoice = objects.change(objects.body(subscription["latest_invoice"]), status="uncollectible")
        self.teller.record("invoice.marked_uncollectible", invoice, at)
        happening.end_subscription(self.teller, subscription, at)
        return self.teller.untold()

    # --- Money goes back ------------------------------------------------------------------------

    @transaction.atomic
    def refunds(
        self,
        charge_id: str,
        amount: int | None = None,
        at: datetime | None = None,
        *,
        status: str = "succeeded",
        reason: str | None = None,
    ) -> list[Told]:
        """Somebody refunds a charge in Stripe's dashboard; all that is left, unless an amount is given."""
        asked: Asked = {"reason": reason} | ({} if amount is None else {"amount": amount})
        happening.give_back(self.teller, objects.body(charge_id), asked, at or self.clock(), status=status)
        return self.teller.untold()

    @transaction.atomic
    def refund_fails(self, refund_id: str, at: datetime | None = None) -> list[Told]:
        """The bank does not take the refund."""
        happening.take_back(self.teller, objects.body(refund_id), at or self.clock())
        return self.teller.untold()

    @transaction.atomic
    def disputes(
        self,
        charge_id: str,
        at: datetime | None = None,
        *,
        amount: int | None = None,
        status: str = "needs_response",
        reason: str = "fraudulent",
    ) -> list[Told]:
        """A card's holder disputes a charge, or asks about it (`warning_needs_response`)."""
        charge, at = objects.body(charge_id), at or self.clock()
        dispute = shapes.dispute(
            charge, amount=amount or charge["amount"], at=stamp(at), status=status, reason=reason
        )
        objects.keep(dispute, at)
        objects.change(charge, disputed=True)
        self.teller.record("charge.dispute.created", dispute, at)
        if not status.startswith("warning"):
            self.teller.record("charge.dispute.funds_withdrawn", dispute, at)
        return self.teller.untold()

    @transaction.atomic
    def dispute_becomes(self, dispute_id: str, status: str, at: datetime | None = None) -> list[Told]:
        """A dispute moves on: any of Stripe's statuses; the final ones close it."""
        dispute, at = objects.body(dispute_id), at or self.clock()
        objects.change(dispute, status=status)
        closed = status in {"won", "lost", "warning_closed", "prevented"}
        self.teller.record("charge.dispute.closed" if closed else "charge.dispute.updated", dispute, at)
        if status == "won":
            self.teller.record("charge.dispute.funds_reinstated", dispute, at)
        return self.teller.untold()

    @transaction.atomic
    def warns_of_fraud(self, charge_id: str, at: datetime | None = None) -> list[Told]:
        """The card's network sends an early fraud warning."""
        charge, at = objects.body(charge_id), at or self.clock()
        objects.change(charge, fraud_details={"stripe_report": "fraudulent"})
        warning = objects.keep(shapes.early_fraud_warning(charge, stamp(at)), at)
        self.teller.record("radar.early_fraud_warning.created", warning, at)
        return self.teller.untold()

    # --- Inside ---------------------------------------------------------------------------------

    def _complete(self, session: Body, at: datetime, card: Card, off: int) -> None:
        if session["status"] != "open":
            raise ValueError(f"The session is {session['status']}.")
        email = card.email or session["customer_email"] or "donor@example.org"
        customer = session["customer"] or self._customer(session, email, at)
        objects.change(
            session,
            status="complete",
            url=None,
            customer=customer,
            customer_details={"email": email},
            amount_total=session["amount_total"] - off,
        )

    def _customer(self, session: Body, email: str, at: datetime) -> str | None:
        """Whom Stripe makes of a guest: nobody, for a single payment, unless it was asked to."""
        if session["mode"] == "payment" and self._asked(session).get("customer_creation") != "always":
            return None
        customer: str = objects.keep(shapes.customer({"email": email}, stamp(at)), at)["id"]
        return customer

    def _begin(self, session: Body, at: datetime) -> Body:
        metadata = self._asked(session).get("payment_intent_data", {}).get("metadata", {})
        intent = happening.begin_payment(
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            metadata=metadata,
            at=at,
        )
        objects.change(session, payment_intent=intent["id"])
        return intent

    def _subscribe(self, session: Body, at: datetime) -> Body:
        until = happening.month_after(stamp(at))
        subscription = shapes.subscription(
            session, self._asked(session), customer=session["customer"], at=stamp(at), until=until
        )
        objects.keep(subscription, at)
        objects.change(session, subscription=subscription["id"])
        self.teller.record("customer.subscription.created", subscription, at)
        return subscription

    def _next_invoice(self, subscription: Body, at: datetime, off: int) -> Body:
        (item,) = subscription["items"]["data"]
        happening.next_period(subscription)
        amount = item["price"]["unit_amount"] - off
        return happening.new_invoice(subscription, amount=amount, reason="subscription_cycle", at=at)

    def _asked(self, session: Body) -> Asked:
        asked: Asked = objects.get(stripe_id=session["id"]).asked
        return asked
