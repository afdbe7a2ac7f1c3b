"""The start page of somebody signed in: what they did here."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from telemetry.segments.models import Segment


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Their own figures, as the last refresh found them."""
    segment = (
        Segment.objects.filter(person__account=request.user.pk)
        .select_related("person")
        .with_properties("total_hours_tracked")
        .first()
    )
    return render(request, "growth/site/home.html", {"segment": segment})
