"""Supporters, what they touched of the ask, and their keys."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from donations.models import DonationInteraction, StripeCustomer, Supporter, SupporterKey
from telemetry.admin.base import ReadOnlyAdmin, VerbsAdmin
from telemetry.admin.seen import PeopleAdmin

#: How a person is looked for: by a whole name, never by a part of one.
BY_PERSON = ("=person__public_id", "=person__aliases__value", "=person__account__email")
BY_PERSON_HELP = gettext_lazy("A public id, the product's own id, or an address: whole.")


@admin.register(Supporter)
class SupporterAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Who has access by what, who wants no asking, and what was asked of them when."""

    list_display = ["person", "stage", "access", "credit_until", "last_gift_at", "never_ask"]
    list_filter = ["tier", "never_ask"]
    list_select_related = ["person"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = BY_PERSON
    search_help_text = BY_PERSON_HELP
    ordering = ["-pk"]

    @display(description=gettext_lazy("tier"), label={"free": "info", "paid": "success"})
    def stage(self, supporter: Supporter) -> tuple[str, str]:
        """What they pay for."""
        return supporter.tier, supporter.get_tier_display()

    @display(description=gettext_lazy("paid access now"), boolean=True)
    def access(self, supporter: Supporter) -> bool:
        """Whether they may use what is paid for."""
        return supporter.has_paid_access(timezone.now())


@admin.register(DonationInteraction)
class InteractionAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Each touch of the support funnel, newest first; too many to be counted for a page."""

    list_display = ["interaction_type", "person", "placement", "prompt", "choice", "variant", "created_at"]
    list_filter = ["interaction_type", "placement", "prompt"]
    list_select_related = ["person"]
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    search_fields = BY_PERSON
    search_help_text = BY_PERSON_HELP
    ordering = ["-pk"]
    sortable_by: Any = []


@admin.register(StripeCustomer)
class CustomerAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Whom Stripe knows by which id."""

    list_display = ["customer_id", "person", "livemode", "created_at", "deleted_at"]
    list_filter = ["livemode"]
    list_select_related = ["person"]
    show_full_result_count = False
    search_fields = ["=customer_id", *BY_PERSON]
    ordering = ["-pk"]


@admin.register(SupporterKey)
class SupporterKeyAdmin(PeopleAdmin, VerbsAdmin):
    """Keys that were issued or entered here; the signature itself is not shown."""

    list_display = ["__str__", "person", "is_for_everybody", "system_id", "method", "stage", "created_at"]
    list_filter = ["method", "is_for_everybody", ("deactivated_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person"]
    show_full_result_count = False
    search_fields = ["=system_id", *BY_PERSON]
    ordering = ["-pk"]
    fields = [
        "person",
        "is_for_everybody",
        "system_id",
        "method",
        "verified_at",
        "deactivated_at",
        "created_at",
    ]
    readonly_fields = fields
    actions = None
    actions_detail = ["deactivate_key", "reactivate_key"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They are bought or entered."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Deactivating is the way: the list then says that there was one."""
        return False

    def has_own_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change keys may take them out of use."""
        return bool(request.user.has_perm("donations.change_supporterkey"))

    @display(
        description=gettext_lazy("state"),
        label={"counts": "success", "issued": "info", "deactivated": "danger"},
    )
    def stage(self, key: SupporterKey) -> tuple[str, str]:
        """Whether it makes somebody a supporter."""
        if key.deactivated_at:
            return "deactivated", _("deactivated")
        return ("counts", _("counts here")) if key.verified_at else ("issued", _("issued"))

    @action(description=gettext_lazy("Deactivate"), url_path="deactivate", permissions=["own"])
    def deactivate_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it out of use, once asked again."""
        key: SupporterKey = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                key,
                title=_("Deactivate this key?"),
                warning=_("Whoever has it is asked for support again. No money goes back."),
                verb=_("Deactivate"),
            )
        if not key.deactivate(by=request.user, at=timezone.now(), cause=""):  # type: ignore[arg-type]
            return self.undone(request, _("It is deactivated already."), self.list_address())
        return self.done(request, _("The key is deactivated."), self.list_address())

    @action(description=gettext_lazy("Reactivate"), url_path="reactivate", permissions=["own"])
    def reactivate_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put it back into use, once asked again."""
        key: SupporterKey = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                key,
                title=_("Reactivate this key?"),
                warning=_("It counts as before, unless its owner has another that does."),
                verb=_("Reactivate"),
            )
        if not key.reactivate(by=request.user, at=timezone.now(), cause=""):  # type: ignore[arg-type]
            return self.undone(
                request, _("It is in use already, or its owner has another."), self.list_address()
            )
        return self.done(request, _("The key is in use again."), self.list_address())
