"""What waits or was given up: Stripe's events, and mail to supporters."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import action, display

from donations.models import StripeErrand, StripeEvent, SupportMail
from telemetry.admin.operations import PendingWorkAdmin
from telemetry.admin.seen import PeopleAdmin

WAITS = ["stage", "attempts", "next_try_at", "last_error"]


@admin.register(StripeEvent)
class StripeEventAdmin(PendingWorkAdmin):
    """The inbox of what Stripe tells us. What it says word for word may name people: it is not shown."""

    list_display = ["type", "event_id", "object_id", *WAITS, "ignored", "created_at"]
    list_filter = ["state", "livemode", "type"]
    list_per_page = 50
    search_fields = ["=event_id", "=object_id"]
    ordering = ["-pk"]
    fields = [
        "event_id",
        "type",
        "object_id",
        "stripe_created_at",
        "api_version",
        "livemode",
        "ignored",
        "state",
        "attempts",
        "next_try_at",
        "lease_until",
        "last_error",
        "created_at",
        "done_at",
    ]


@admin.register(SupportMail)
class SupportMailAdmin(PeopleAdmin, PendingWorkAdmin):
    """Receipts and notices; one that may have gone waits for somebody to decide."""

    list_display = ["kind", "address", *WAITS, "certain", "handed_over_at", "created_at"]
    list_filter = ["is_uncertain", "state", "kind"]
    list_per_page = 50
    search_fields = ["=address", "=once", "=person__public_id"]
    ordering = ["-is_uncertain", "-pk"]
    actions_detail = ["send_again"]
    fields = [
        "kind",
        "once",
        "person",
        "address",
        "state",
        "attempts",
        "next_try_at",
        "last_error",
        "handed_over_at",
        "is_uncertain",
        "created_at",
        "done_at",
    ]

    @display(description=gettext_lazy("certain"), boolean=True)
    def certain(self, mail: SupportMail) -> bool:
        """Whether it is known what became of it."""
        return not mail.is_uncertain

    def has_send_again_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change mails may send them again."""
        return bool(request.user.has_perm("donations.change_supportmail"))

    @action(description=gettext_lazy("Send again"), url_path="send-again", permissions=["send_again"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it once more, once asked again."""
        mail: SupportMail = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                mail,
                title=_("Send this mail again?"),
                warning=_("It may have arrived: %(address)s would then have it twice.")
                % {"address": mail.address or _("nobody")},
                verb=_("Send again"),
            )
        if not mail.send_again(by=request.user, at=timezone.now()):  # type: ignore[arg-type]
            return self.undone(
                request, _("It waits to be sent, or nobody is known who gets it."), self.list_address()
            )
        return self.done(request, _("The mail goes out within a minute."), self.list_address())


@admin.register(StripeErrand)
class StripeErrandAdmin(PendingWorkAdmin):
    """What we ask Stripe to do: end a subscription, refund a payment, close a checkout."""

    list_display = ["kind", "object_id", *WAITS, "refusal", "asked_by", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["asked_by"]
    list_per_page = 50
    search_fields = ["=object_id", "=key"]
    ordering = ["-pk"]
    fields = [
        "kind",
        "object_id",
        "key",
        "reason",
        "asked_by",
        "refusal",
        "state",
        "attempts",
        "next_try_at",
        "last_error",
        "created_at",
        "done_at",
    ]
