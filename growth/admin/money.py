"""Money, for those who may see it: payments, checkouts, memberships."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import action, display

from donations.admin.supporters import BY_PERSON, BY_PERSON_HELP
from donations.models import Checkout, Payment, Subscription
from donations.money import Money
from donations.revenue import Which, those
from growth.accounts import reauthentication
from growth.admin.refunding import RefundForm
from telemetry.admin.base import ReadOnlyAdmin, VerbsAdmin
from telemetry.admin.log import EventAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.log.models import Event

VIEW_MONEY = "growth.view_money"
#: What events of ours say of money, and which events these are.
MONEY, OF_MONEY = ("amount", "currency"), ("support.", "payment.")


class MoneyAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Rows of money: nothing of them is shown without the permission to see amounts."""

    list_per_page = 50
    list_select_related = ["person"]
    show_full_result_count = False
    search_help_text = BY_PERSON_HELP
    ordering = ["-pk"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may see the rows, and what they amount to."""
        return bool(request.user.has_perm(VIEW_MONEY)) and super().has_view_permission(request, obj)

    @display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, row: Any) -> str:
        """The amount, as people read it."""
        return str(Money(row.amount, row.currency))


class WhichFilter(admin.SimpleListFilter):
    """Payments of which something is left, or of which money went back: as the dashboard tells them apart."""

    title = gettext_lazy("what is left")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What can be chosen."""
        return [(which.value, which.label) for which in (Which.KEPT, Which.RETURNED)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        """The payments that are meant."""
        chosen = self.value() or Which.PAID.value
        return queryset.filter(those(Which(chosen))) if chosen in Which.values else queryset


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin, VerbsAdmin):
    """What was really paid, and what came back of it; money is given back from here."""

    list_display = ["money", "refunded", "left", "kind", "person", "placement", "variant", "mark", "paid_at"]
    list_filter = [
        "kind", "currency", WhichFilter, "dispute", "needs_refund", "is_fraudulent", "placement", "paid_at",
    ]  # fmt: skip
    search_fields = ["=payment_intent_id", "=invoice_id", "=charge_id", "=customer_id", *BY_PERSON]
    ordering = ["-paid_at", "-pk"]
    actions_detail = ["refund_payment"]
    fields = [
        "money",
        "refunded",
        "left",
        "kind",
        "person",
        "paid_at",
        "dispute",
        "is_fraudulent",
        "needs_refund",
        "risk_level",
        "placement",
        "prompt",
        "choice",
        "variant",
        "checkout",
        "subscription",
        "customer_id",
        "invoice_id",
        "payment_intent_id",
        "charge_id",
        "created_at",
        "fetched_at",
    ]

    @display(description=gettext_lazy("refunded"), ordering="amount_refunded")
    def refunded(self, payment: Payment) -> str:
        """What went back."""
        return str(Money(payment.amount_refunded, payment.currency))

    @display(description=gettext_lazy("left"))
    def left(self, payment: Payment) -> str:
        """What is left of it."""
        return str(payment.net)

    @display(
        description=gettext_lazy("dispute"),
        label={"open": "warning", "won": "success", "lost": "danger"},
    )
    def mark(self, payment: Payment) -> tuple[str, str] | str:
        """What became of a dispute, if there was one."""
        if payment.dispute == Payment.Dispute.NONE:
            return ""
        return payment.dispute, payment.get_dispute_display()

    def has_refund_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Seeing money is not giving it back."""
        may = bool(request.user.has_perm("donations.refund_payment"))
        return may and self.has_view_permission(request)

    @action(description=gettext_lazy("Refund"), url_path="refund", permissions=["refund"])
    def refund_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give money back, after showing once more who asks, and saying how much and why."""
        if (detour := reauthentication.required(request)) is not None:
            return detour
        payment: Payment = self.row_or_404(request, object_id)
        form = RefundForm(payment, request.POST or None)
        if form.is_valid() and form.refund(by=request.user, at=timezone.now()):
            asked = _("%(money)s goes back; Stripe is asked within a minute.") % {"money": form.money}
            return self.done(request, asked, self.address_of(payment))
        return self.ask(
            request,
            payment,
            title=_("Refund %(payment)s?") % {"payment": payment},
            warning=_(
                "The money goes back the way it came, and cannot be fetched again. %(left)s are left of it. "
                "What was given for it, access or reward, is taken back where nothing is left."
            )
            % {"left": payment.net},
            verb=_("Refund"),
            form=form,
        )


@admin.register(Checkout)
class CheckoutAdmin(MoneyAdmin):
    """What people set out to pay."""

    list_display = ["money", "kind", "stage", "person", "placement", "prompt", "variant", "created_at"]
    list_filter = ["state", "kind", "placement", "prompt"]
    search_fields = ["=public_id", "=session_id", *BY_PERSON]
    fields = [
        "public_id",
        "money",
        "kind",
        "state",
        "person",
        "placement",
        "prompt",
        "choice",
        "variant",
        "system_id",
        "session_id",
        "created_at",
        "settled_at",
    ]

    @display(
        description=gettext_lazy("state"),
        label={
            "open": "info",
            "processing": "info",
            "paid": "success",
            "failed": "danger",
            "expired": "warning",
        },
    )
    def stage(self, checkout: Checkout) -> tuple[str, str]:
        """Where it stands."""
        return checkout.state, checkout.get_state_display()


@admin.register(Subscription)
class SubscriptionAdmin(MoneyAdmin):
    """Memberships and monthly gifts."""

    list_display = [
        "stripe_id",
        "money",
        "stage",
        "person",
        "current_period_end",
        "cancel_at",
        "past_due_since",
    ]
    list_filter = ["status", "currency", ("duplicate_of", admin.EmptyFieldListFilter)]
    search_fields = ["=stripe_id", "=customer__customer_id", *BY_PERSON]
    fields = [
        "stripe_id",
        "money",
        "status",
        "person",
        "customer",
        "checkout",
        "current_period_end",
        "cancel_at",
        "past_due_since",
        "duplicate_of",
        "fetched_at",
    ]

    @display(
        description=gettext_lazy("status"),
        label={"active": "success", "trialing": "info", "past_due": "warning", "canceled": "danger"},
    )
    def stage(self, subscription: Subscription) -> tuple[str, str]:
        """What Stripe calls it."""
        return subscription.status, subscription.get_status_display()


admin.site.unregister(Event)


@admin.register(Event)
class EventWithMoneyAdmin(EventAdmin):
    """The event log: what somebody paid stands in it, too."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of an address; its amounts are for who may see money."""
        event = super().get_object(request, object_id, from_field)
        hides = event is not None and not request.user.has_perm(VIEW_MONEY)
        if hides and event.type.name.startswith(OF_MONEY):
            event.properties = {
                name: value for name, value in (event.properties or {}).items() if name not in MONEY
            }
        return event
