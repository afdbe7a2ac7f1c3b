"""The telemetry page: how both layers stand, what leaves exactly, and the switch."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from growth.admin.layers import layers_of
from telemetry.admin.base import VerbsAdmin
from telemetry.delivery.installation import (
    LockedByEnvironment,
    queue_test_record,
    resume,
    switch_detailed,
    the_installation,
)
from telemetry.delivery.models import Installation
from telemetry.delivery.status import status
from telemetry.operations.models import AuditEntry

NEVER_COLLECTED = (
    gettext_lazy("names, e-mail addresses, telephone numbers, postal addresses"),
    gettext_lazy("passwords, codes, keys, tokens, cookies"),
    gettext_lazy("IP addresses, host names, URLs with their queries"),
    gettext_lazy("names that people give to projects, and texts that they write"),
    gettext_lazy("fingerprints of machines or browsers"),
    gettext_lazy("anything of whoever did not say yes, or took it back"),
)
ASKS = {
    True: (
        gettext_lazy("Switch detailed telemetry on?"),
        gettext_lazy(
            "From then on what people do leaves this installation for the sink: of those who said yes, and "
            "from their yes on. One record tells the sink that it was switched on."
        ),
        gettext_lazy("Switch it on"),
    ),
    False: (
        gettext_lazy("Switch detailed telemetry off?"),
        gettext_lazy(
            "It stops at once; what waits to be sent is dropped, and counted. The base layer goes on."
        ),
        gettext_lazy("Switch it off"),
    ),
}


@admin.register(Installation)
class InstallationAdmin(VerbsAdmin):
    """One installation, one page."""

    def get_urls(self) -> list[URLPattern]:
        """The page, and its verbs."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.page), name="telemetry_installation_changelist"),
            path("on/", wrap(partial(self.switch, on=True)), name="telemetry_detailed_on"),
            path("off/", wrap(partial(self.switch, on=False)), name="telemetry_detailed_off"),
            path("test/", wrap(self.test), name="telemetry_test_record"),
            path("resume/", wrap(self.resume), name="telemetry_resume"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It makes itself."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It is who it is."""
        return False

    def page(self, request: HttpRequest) -> HttpResponse:
        """How telemetry stands now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        shown = status(now)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Telemetry"),
            "status": shown,
            "installation": shown.installation,
            "layers": tuple(layers_of(shown, now)),
            "never": NEVER_COLLECTED,
            "may_change": self.has_change_permission(request),
            "now": now,
        }
        return TemplateResponse(request, "admin/telemetry/installation.html", context)

    def switch(self, request: HttpRequest, *, on: bool) -> HttpResponse:
        """Set the detailed layer, once asked again; whoever sets it twice changes nothing."""
        self.must_change(request)
        now = timezone.now()
        if request.method != "POST":
            title, warning, verb = (str(text) for text in ASKS[on])
            return self.ask(request, the_installation(now), title=title, warning=warning, verb=verb)
        try:
            moved = switch_detailed(on, by=request.user, at=now)  # type: ignore[arg-type]
        except LockedByEnvironment as lock:
            messages.error(
                request, _("Locked by the environment: %(variable)s.") % {"variable": lock.args[0]}
            )
            return redirect(self.list_address())
        if not moved:
            message = (
                _("Detailed telemetry was on already.") if on else _("Detailed telemetry was off already.")
            )
        else:
            message = _("Detailed telemetry is on.") if on else _("Detailed telemetry is off.")
        return self.done(request, message, self.list_address())

    def test(self, request: HttpRequest) -> HttpResponse:
        """Queue one record of the base layer, to see that the sink takes it."""
        self.must_change(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        with transaction.atomic():
            now = timezone.now()
            queued = queue_test_record(now)
            if queued:
                audited = the_installation(now)
                AuditEntry.objects.record(request.user, "telemetry.test_queued", audited, at=now)
        if not queued:
            messages.warning(request, _("There is no sink to send it to, or telemetry is disabled."))
            return redirect(self.list_address())
        return self.done(
            request, _("A test record is queued; it leaves within a minute."), self.list_address()
        )

    def resume(self, request: HttpRequest) -> HttpResponse:
        """Try the sink again now."""
        self.must_change(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        resumed = resume(by=request.user, at=timezone.now())  # type: ignore[arg-type]
        message = _("The sink is tried again now.") if resumed else _("Delivery goes on already.")
        return self.done(request, message, self.list_address())

    def must_change(self, request: HttpRequest) -> None:
        """403 for who may only look."""
        if not self.has_change_permission(request):
            raise PermissionDenied

    def address_of(self, row: Model) -> str:
        """There is but one page."""
        return self.list_address()
