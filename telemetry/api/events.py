"""`POST /api/v1/events/`: what other programs send.

A plain view with its own parser: the REST framework's serializers cap at a quarter of what is stored here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from telemetry.api.authentication import ingest_key
from telemetry.api.problems import Problem, telling_problems
from telemetry.api.quotas import spend
from telemetry.log.ingest import Verdicts, receive
from telemetry.log.models import ApiKey, Origin
from telemetry.log.strict_json import Unreadable, read

MOST_EVENTS = 500
UTF8 = ("", "utf-8", "utf8")


@csrf_exempt
@telling_problems
def events(request: HttpRequest) -> HttpResponse:
    """Store a batch of events, or one, and say what became of each."""
    if request.method != "POST":
        message = _("Events are sent by POST.")
        raise Problem(405, "method_not_allowed", message, headers={"Allow": "POST"})
    key, now = ingest_key(request), timezone.now()
    sent = _parsed(request)
    if isinstance(sent, list):
        verdicts = _received(sent, key, now)
    else:
        verdicts = _received([sent], key, now)
        for refusal in verdicts.rejected:
            raise Problem(400, refusal.code, refusal.message)
    return HttpResponse(msgspec.json.encode(verdicts), status=202, content_type="application/json")


def _parsed(request: HttpRequest) -> Any:
    """The list or object of the body; `Problem` when the body as a whole is unusable."""
    charset = (request.content_params or {}).get("charset", "").lower()
    if request.body and (request.content_type != "application/json" or charset not in UTF8):
        raise Problem(415, "unsupported_media_type", _("Send application/json in UTF-8."))
    try:
        sent = read(request.body)
    except Unreadable as error:
        raise Problem(400, error.code, error.message) from error
    if not isinstance(sent, (list, dict)):
        raise Problem(400, "not_a_list", _("The body is neither a list of events nor one event."))
    if sent == []:
        raise Problem(400, "empty_list", _("The list holds no event."))
    if len(sent) > MOST_EVENTS:
        message = _("The list holds more than %(most)s events.") % {"most": MOST_EVENTS}
        raise Problem(400, "too_many_events", message)
    return sent


def _received(sent: list[Any], key: ApiKey, now: datetime) -> Verdicts:
    spend(key, len(sent), now)
    return receive(sent, origin=Origin.API, now=now, may_state_facts=key.may_state_facts)
