"""Who may read what: a key of scope read everything, staff what their groups say."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry.api.authentication import MayRead
from telemetry.log.models import ApiKey


class MayReadFigures(MayRead):
    """Aggregate figures."""

    staff_need = "growth.view_figures"

    def has_permission(self, request: Request, view: APIView) -> bool:
        """A key of scope read; a staff session with the permission."""
        if not super().has_permission(request, view):
            return False
        return isinstance(request.auth, ApiKey) or request.user.has_perm(self.staff_need)


class MayReadPeople(MayReadFigures):
    """What is known of one person."""

    staff_need = "telemetry.view_people"
