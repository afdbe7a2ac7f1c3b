"""The question of the first visit."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from growth.privacy.asking import may_ask, way_on
from telemetry.consent.models import Source

register = template.Library()


@register.inclusion_tag("growth/_consent_notice.html", takes_context=True)
def consent_notice(context: template.Context) -> dict[str, Any]:
    """Ask whoever has not answered yet; nothing for everybody else, and on pages without a request."""
    request: HttpRequest | None = context.get("request")
    if request is None or not may_ask(request):
        return {"asks": False}
    return {"asks": True, "source": Source.FIRST_VISIT, **way_on(request)}
