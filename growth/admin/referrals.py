"""Codes and introductions: what staff see of them, and decide."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Case, F, Model, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import action, display

from donations.admin.supporters import BY_PERSON, BY_PERSON_HELP
from growth.accounts import reauthentication
from growth.admin.money import VIEW_MONEY
from growth.admin.reasons import OtherCode, Reason
from growth.dashboard.wording import percent
from referrals.models import Referral, ReferralClick, ReferralCode
from referrals.models.referral import State
from referrals.querysets.codes import CodeTaken, NoFreeCode, ReplacedAlready
from telemetry.admin.base import ReadOnlyAdmin, VerbsAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person


@admin.register(ReferralCode)
class ReferralCodeAdmin(PeopleAdmin, VerbsAdmin, ReadOnlyAdmin):
    """Who shares which code, how often its link was opened, and what came of it."""

    list_display = ["code", "person", "shown_name", "opened", "brought", "paid", "converted", "is_usable"]
    list_filter = ["is_primary", ("disabled_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["person"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["code__iexact", *BY_PERSON]
    search_help_text = BY_PERSON_HELP
    ordering = ["-pk"]
    fields = [
        "code", "person", "shown_name", "opened", "brought", "paid", "converted", "is_primary", "created_at",
        "disabled_at",
    ]  # fmt: skip
    actions_detail = ["disable", "enable", "replace"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralCode]:
        """With what came of each."""
        return super().get_queryset(request).with_uses()  # type: ignore[no-any-return]

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change codes."""
        return bool(request.user.has_perm("referrals.change_referralcode"))

    @display(description=gettext_lazy("link opened"), ordering="opened")
    def opened(self, code: Any) -> int:
        """How often, counted without a name."""
        return int(code.opened)

    @display(description=gettext_lazy("friends confirmed"), ordering="brought")
    def brought(self, code: Any) -> int:
        """Who signed up by it and confirmed their address."""
        return int(code.brought)

    @display(description=gettext_lazy("friends who paid"), ordering="paid")
    def paid(self, code: Any) -> int:
        """Of those, who became members."""
        return int(code.paid)

    @display(description=gettext_lazy("converted"))
    def converted(self, code: Any) -> str:
        """Who paid, of those who confirmed."""
        return percent(code.paid, code.brought)

    @display(description=gettext_lazy("usable"), boolean=True, ordering="disabled_at")
    def is_usable(self, code: ReferralCode) -> bool:
        """Whether it brings anybody."""
        return code.disabled_at is None and code.person_id is not None

    @action(description=gettext_lazy("Disable"), url_path="disable", permissions=["decide"])
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it bring nobody any more."""
        code, form = self.row_or_404(request, object_id), Reason(request.POST or None)
        if not form.is_valid():
            warning = _("Its link brings nobody any more, and its owner gets no other by themselves.")
            title = _("Disable %(code)s?") % {"code": code}
            return self.ask(request, code, title=title, warning=warning, verb=_("Disable"), form=form)
        now = timezone.now()
        with transaction.atomic():
            moved = code.disable(now)
            if moved:
                self.note(request, "referral_code.disabled", code, form)
        if not moved:
            return self.undone(request, _("It was disabled before."), self.address_of(code))
        return self.done(request, _("%(code)s is disabled.") % {"code": code}, self.address_of(code))

    @action(description=gettext_lazy("Enable"), url_path="enable", permissions=["decide"])
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it bring people again."""
        code, form = self.row_or_404(request, object_id), Reason(request.POST or None)
        if not form.is_valid():
            warning = _("Its link brings people again.")
            title = _("Enable %(code)s?") % {"code": code}
            return self.ask(request, code, title=title, warning=warning, verb=_("Enable"), form=form)
        with transaction.atomic():
            moved = code.enable()
            if moved:
                self.note(request, "referral_code.enabled", code, form)
        if not moved:
            return self.undone(
                request, _("It brings people already, or was replaced."), self.address_of(code)
            )
        return self.done(request, _("%(code)s is enabled.") % {"code": code}, self.address_of(code))

    @action(description=gettext_lazy("Replace"), url_path="replace", permissions=["decide"])
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give its owner another, drawn or chosen."""
        code, form = self.row_or_404(request, object_id), OtherCode(request.POST or None)
        person = code.person
        if person is None:
            return self.undone(request, _("It belongs to nobody."), self.address_of(code))
        if not code.is_primary:
            return self.replaced_already(request, code)
        if form.is_valid():
            try:
                return self.replaced(request, code, person, form)
            except ReplacedAlready:  # by somebody else of the staff, since this page was asked for
                return self.replaced_already(request, code)
            except CodeTaken:
                form.add_error("code", _("This code is, or was, somebody's."))
            except NoFreeCode:
                form.add_error(None, _("No free code was found. Try once more."))
        warning = _("%(code)s is disabled for good: links with it bring nobody any more.") % {"code": code}
        title = _("Replace %(code)s?") % {"code": code}
        return self.ask(request, code, title=title, warning=warning, verb=_("Replace"), form=form)

    def replaced(
        self, request: HttpRequest, code: ReferralCode, person: Person, form: OtherCode
    ) -> HttpResponse:
        """Do it, and go to the new one."""
        now = timezone.now()
        with transaction.atomic():
            chosen = form.cleaned_data["code"] or None
            made = ReferralCode.objects.replace(person, chosen, at=now, instead_of=code)
            self.note(request, "referral_code.replaced", made, form, before={"code": code.code})
        message = _("%(made)s takes the place of %(code)s.") % {"made": made, "code": code}
        return self.done(request, message, self.address_of(made))

    def replaced_already(self, request: HttpRequest, code: ReferralCode) -> HttpResponse:
        """Say so, and change nothing."""
        said = _("It was replaced already: its owner shares another one.")
        return self.undone(request, said, self.address_of(code))

    def note(
        self, request: HttpRequest, what: str, code: ReferralCode, form: Reason, before: object = None
    ) -> None:
        """Keep who did it, and why."""
        cause = form.cleaned_data["reason"]
        after = {"code": code.code}
        AuditEntry.objects.record(request.user, what, code, before, after, cause, at=timezone.now())


@admin.register(ReferralClick)
class ReferralClickAdmin(ReadOnlyAdmin):
    """How often each link was opened on which day; who may see codes may see it."""

    list_display = ["day", "code", "count"]
    list_display_links = None
    list_filter = ["day"]
    list_select_related = ["code"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-day", "-count", "-pk"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may see codes."""
        return bool(request.user.has_perm("referrals.view_referralcode"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """It is reached from the figures."""
        return self.has_view_permission(request)


@admin.register(Referral)
class ReferralAdmin(PeopleAdmin, VerbsAdmin, ReadOnlyAdmin):
    """Who brought whom, how far it came and why not further."""

    list_display = ["stage", "why", "referrer", "referred", "code", "created_at", "converted_at", "decide_by"]
    list_filter = ["state", "created_at", "converted_at"]
    list_select_related = ["referrer", "referred", "code"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = [
        "code__code__iexact",
        *(by.replace("person", f"{side}", 1) for side in ("referrer", "referred") for by in BY_PERSON),
    ]
    search_help_text = BY_PERSON_HELP
    fields = [
        "stage", "why", "referrer", "referred", "code", "captured_at", "created_at", "confirmed_at",
        "converted_at", "days", "credit_due_at", "credited_at", "decide_by", "decided_by", "payment",
    ]  # fmt: skip
    actions_detail = ["approve", "reject"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        """Those that wait for a decision first."""
        rows: QuerySet[Referral] = super().get_queryset(request)
        held_first = Case(When(state=State.HELD, then=0), default=1)
        return rows.order_by(held_first, F("decide_by").asc(nulls_last=True), "-pk")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A payment says how much it is: it is named to who may see money."""
        sees_money = request.user.has_perm(VIEW_MONEY)
        return [field for field in self.fields if sees_money or field != "payment"]

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change introductions decides about them."""
        return bool(request.user.has_perm("referrals.change_referral"))

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"converted": "success", "held": "warning", "rejected": "danger", "reversed": "danger"},
    )
    def stage(self, referral: Referral) -> tuple[str, str]:
        """How far it came."""
        return referral.state, referral.get_state_display()

    @display(description=gettext_lazy("why"))
    def why(self, referral: Referral) -> str:
        """The reason in words."""
        return referral.why

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["decide"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give both sides their days after all."""
        return self.decide(
            request,
            object_id,
            Referral.approve,
            title=_("Approve this introduction?"),
            warning=_("Both sides get their days, whatever rule spoke against it. The word of staff stands."),
            verb=_("Approve"),
            said=_("Approved: the days are given."),
            unsaid=_("There is nothing to give: it waits for no decision, or for no payment."),
        )

    @action(description=gettext_lazy("Reject"), url_path="reject", permissions=["decide"])
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refuse it for good."""
        return self.decide(
            request,
            object_id,
            Referral.reject,
            title=_("Reject this introduction?"),
            warning=_("Nobody gets days for it; what was given is taken back, as far as it is not used up."),
            verb=_("Reject"),
            said=_("Rejected."),
            unsaid=_("It was rejected before."),
        )

    def decide(
        self, request: HttpRequest, object_id: str, verb_of: Any, *, said: str, unsaid: str, **asked: Any
    ) -> HttpResponse:
        """Ask for the reason and for who it is, then decide."""
        if (detour := reauthentication.required(request)) is not None:
            return detour
        referral, form = self.row_or_404(request, object_id), Reason(request.POST or None)
        if not form.is_valid():
            return self.ask(request, referral, form=form, **asked)
        address = self.address_of(referral)
        if not verb_of(referral, request.user, form.cleaned_data["reason"], timezone.now()):
            return self.undone(request, unsaid, address)
        return self.done(request, said, address)
