"""Where Stripe delivers its events."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from donations.inbox import MOST, Verdict, accept
from donations.models import StripeEvent
from telemetry.api.problems import Problem, telling_problems


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
@telling_problems
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Keep the event and say so; 200 means that it is stored, and not that it was worked on."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST:
        raise too_large()
    now = timezone.now()
    delivery = accept(request.body, request.headers.get("Stripe-Signature", ""), now=now)
    if delivery.verdict is Verdict.TOO_LARGE:
        raise too_large()
    if not delivery.is_taken:
        raise Problem(400, "bad_signature", _("This is not an event that Stripe signed for us just now."))
    if settings.STRIPE_INLINE and delivery.verdict is Verdict.STORED:
        StripeEvent.objects.filter(event_id=delivery.event_id).due(now).drain()
    return JsonResponse({"received": delivery.verdict.value})


def too_large() -> Problem:
    """The answer to a body that no event of Stripe's has."""
    return Problem(413, "too_large", _("The body is larger than %(most)s bytes.") % {"most": MOST})
