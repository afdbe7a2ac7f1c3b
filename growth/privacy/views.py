"""What is kept of you, what you said about it, and a copy of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from growth.privacy.asking import next_page, way_on
from growth.privacy.collected import collected
from telemetry.consent.answers import TEXT_VERSION
from telemetry.consent.models import ConsentRecord, Source
from telemetry.consent.visitors import answer_of, person_of, say_no, say_yes, signal_of
from telemetry.delivery.layers import detailed_is_on
from telemetry.operations.client_address import client_address
from telemetry.operations.limits import Limit
from telemetry.operations.models import AuditEntry
from telemetry.people.export import export_lines
from telemetry.people.models import Person

ANSWERS = {"yes": say_yes, "no": say_no}
ASKED_IN = (Source.FIRST_VISIT, Source.SETTINGS)
COPIES = Limit("privacy-copy", 10, timedelta(hours=1))
#: A yes of a visitor makes a person; a house full of people may answer from one address.
ANSWERS_FROM_ONE = Limit("answer-ip", 300, timedelta(hours=1))
#: Answers on the page; all of them are in the copy.
SHOWN_ANSWERS = 20


def own_person(request: HttpRequest) -> Person:
    """Who the request is from, 404 for a visitor of whom nothing is known."""
    if request.user.is_authenticated:
        return Person.objects.of_account(request.user)
    if (person := person_of(request)) is None:
        raise Http404
    return person


@never_cache
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is collected, the same question as on the first visit, and what was answered so far."""
    person = person_of(request)
    said = ConsentRecord.objects.filter(person=person).order_by("-at", "-pk") if person else ()
    answers = list(said[: SHOWN_ANSWERS + 1])
    return render(
        request,
        "growth/privacy.html",
        {
            "person": person,
            "answer": answer_of(request),
            "signal": Source(signal).label if (signal := signal_of(request)) else "",
            "answers": answers[:SHOWN_ANSWERS],
            "has_answered": any(record.source != Source.POLICY for record in answers),
            "has_older": len(answers) > SHOWN_ANSWERS,
            "text_version": TEXT_VERSION,
            "collected": collected(),
            "silence_is_yes": settings.TELEMETRY_CONSENT == "opt_out",
            "leaves": detailed_is_on(),
            "login_url": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
            **way_on(request),
        },
    )


@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Write down a yes or a no, and go back to where it was asked; 400 for what is neither."""
    say, source = ANSWERS.get(request.POST.get("answer", "")), request.POST.get("source", "")
    if say is None or source not in ASKED_IN:
        raise SuspiciousOperation("No such answer.")
    now = timezone.now()
    if not request.user.is_authenticated:
        ANSWERS_FROM_ONE.take(client_address(request), now=now)
    response = HttpResponseRedirect(next_page(request.POST.dict()))
    say(request, response, source=Source(source), at=now)
    return response


@never_cache
@require_POST
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Everything that is kept of who asks, as a JSON file; the audit log keeps that it was taken."""
    person, now = own_person(request), timezone.now()
    COPIES.take(str(person.pk), now=now)
    account = request.user if request.user.is_authenticated else None
    AuditEntry.objects.record(account, "person.copied", person, at=now)
    response = StreamingHttpResponse(export_lines(person), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="my-data-{now:%Y-%m-%d}.json"'
    return response
