"""Who may read what: a key of scope read everything, staff what their groups say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry.api.authentication import MayRead
from telemetry.log.models import ApiKey


class MayReadFigures(MayRead):
    """Aggregate figures. They are exact here, so that staff need to see people, too."""

    staff_need: tuple[str, ...] = ("growth.view_figures", "telemetry.view_people")
    message = _(
        "Reading here takes a key of scope read, or a session of staff who may see figures and people: "
        "the figures are exact, where the dashboard hides counts from one to four from others."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        """A key of scope read; a staff session with the permissions."""
        if not super().has_permission(request, view):
            return False
        return isinstance(request.auth, ApiKey) or request.user.has_perms(self.staff_need)


class MayReadPeople(MayReadFigures):
    """What is known of one person."""

    staff_need = ("telemetry.view_people",)
    message = _("Reading here takes a key of scope read, or a session of staff who may see people.")
