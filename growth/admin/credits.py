"""The ledger: staff read it and add to it. What is written stays."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import action, display

from donations.admin.supporters import BY_PERSON, BY_PERSON_HELP
from growth.accounts import reauthentication
from growth.admin.reasons import Days, Reason
from referrals.models import CreditGrant, CreditProposal
from referrals.models.credit import Kind
from referrals.querysets.credits import ALONE, SecondPersonRequired
from telemetry.admin.base import ReadOnlyAdmin, VerbsAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.people.models import Person


@admin.register(CreditGrant)
class CreditGrantAdmin(PeopleAdmin, VerbsAdmin, ReadOnlyAdmin):
    """Every day that was given or taken, by whom and why."""

    list_display = ["signed", "kind", "person", "referral", "note", "actor", "effective_at"]
    list_filter = ["kind", "is_banked", "effective_at"]
    list_select_related = ["person", "referral", "actor"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = BY_PERSON
    search_help_text = BY_PERSON_HELP
    ordering = ["-pk"]
    fields = [
        "signed", "kind", "person", "referral", "reverses", "note", "actor", "is_banked", "shortfall_seconds",
        "effective_at", "created_at",
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may give days."""
        return bool(request.user.has_perm("referrals.add_creditgrant"))

    @display(description=gettext_lazy("days"), ordering="days")
    def signed(self, grant: CreditGrant) -> str:
        """With their sign."""
        return f"{grant.days:+d}"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Give or take days; more than one alone may becomes a proposal."""
        if not self.has_add_permission(request):
            self.refuse()
        if (detour := reauthentication.required(request)) is not None:
            return detour
        form = Days(request.POST or None)
        if form.is_valid():
            return self.gave(request, **form.cleaned_data)
        return self.ask(
            request,
            None,
            title=_("Give or take days"),
            warning=_("The entry stays; what was given in error is taken by another."),
            verb=_("Enter"),
            form=form,
        )

    def gave(self, request: HttpRequest, person: Any, days: int, reason: str, once: str) -> HttpResponse:
        """Enter the days, or propose them; a form that is sent once more does nothing, whatever it says."""
        now, by = timezone.now(), request.user
        key = f"admin:{by.pk}:{once}"
        made = entered_as(key)
        if made is None and abs(days) > ALONE:
            made = CreditProposal.objects.propose(person, days, by=by, reason=reason, at=now, idem_key=key)
        elif made is None:
            made = CreditGrant.objects.grant(
                person, days, Kind.ADMIN, at=now, actor=by, note=reason, idem_key=key
            )
        address = self.address_of(made)
        if what_it_says(made) != (person, days, reason):
            message = _("This form was entered before and said something else, see below. Begin a new one.")
            return self.undone(request, message, address)
        if isinstance(made, CreditProposal):
            message = _("So many days need a second one of you: they are proposed.")
            return self.done(request, message, address)
        return self.done(request, _("Entered."), address)


def entered_as(key: str) -> CreditGrant | CreditProposal | None:
    """What a form became when it was sent before."""
    grant = CreditGrant.objects.filter(idem_key=key).first()
    return grant or CreditProposal.objects.filter(idem_key=key).first()


def what_it_says(made: CreditGrant | CreditProposal) -> tuple[Person | None, int, str]:
    """For whom, how many days and why."""
    return made.person, made.days, made.note if isinstance(made, CreditGrant) else made.reason


@admin.register(CreditProposal)
class CreditProposalAdmin(PeopleAdmin, VerbsAdmin, ReadOnlyAdmin):
    """Days that wait for the word of a second one of the staff."""

    list_display = ["days", "stage", "person", "reason", "proposed_by", "proposed_at", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["person", "proposed_by", "decided_by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = BY_PERSON
    search_help_text = BY_PERSON_HELP
    ordering = ["-pk"]
    exclude = ["idem_key"]
    actions_detail = ["approve", "decline"]

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may give days decides about those of others."""
        return bool(request.user.has_perm("referrals.add_creditgrant"))

    @display(
        description=gettext_lazy("state"),
        label={"open": "warning", "approved": "success", "declined": "danger"},
    )
    def stage(self, proposal: CreditProposal) -> tuple[str, str]:
        """What became of it."""
        return proposal.state, proposal.get_state_display()

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["decide"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the days that another proposed."""
        if (detour := reauthentication.required(request)) is not None:
            return detour
        proposal = self.row_or_404(request, object_id)
        if request.method != "POST":
            warning = _("The days are entered in the name of who proposed them, and in yours.")
            return self.ask(
                request, proposal, title=_("Give these days?"), warning=warning, verb=_("Approve")
            )
        try:
            grant = proposal.approve(request.user, timezone.now())
        except SecondPersonRequired:
            return self.alone(request, proposal)
        if grant is None:
            return self.undone(request, _("It was decided before."), self.address_of(proposal))
        return self.done(request, _("Entered."), self.address_of(grant))

    @action(description=gettext_lazy("Decline"), url_path="decline", permissions=["decide"])
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Decide against what another proposed."""
        proposal, form = self.row_or_404(request, object_id), Reason(request.POST or None)
        if not form.is_valid():
            warning = _("Nobody is given anything.")
            title = _("Decline these days?")
            return self.ask(request, proposal, title=title, warning=warning, verb=_("Decline"), form=form)
        try:
            moved = proposal.decline(request.user, form.cleaned_data["reason"], timezone.now())
        except SecondPersonRequired:
            return self.alone(request, proposal)
        if not moved:
            return self.undone(request, _("It was decided before."), self.address_of(proposal))
        return self.done(request, _("Declined."), self.address_of(proposal))

    def alone(self, request: HttpRequest, proposal: CreditProposal) -> HttpResponse:
        """Say that it takes another one."""
        message = _("Who proposed it does not decide: ask another one of you.")
        return self.undone(request, message, self.address_of(proposal))
