"""The dashboard, the people behind its numbers, and what is downloaded of both."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from growth.accounts import reauthentication
from growth.dashboard.behind import Behind
from growth.dashboard.behind_support import NEEDED
from growth.dashboard.exports import csv_response, preamble
from growth.dashboard.first_event import first_day, state_of
from growth.dashboard.links import BadQuestion, link, read_link
from growth.dashboard.panels import what_went_wrong
from growth.dashboard.people import all_listed, facts, header, in_order, listed
from growth.dashboard.period import Preset
from growth.dashboard.reader import Reader
from growth.dashboard.scope import Scope, read_scope
from growth.dashboard.wording import day, days, grouped, moment
from telemetry.operations.models import AuditEntry
from telemetry.reading import one_reading

logger = logging.getLogger(__name__)

PAGE = 50


def scope_of(request: HttpRequest) -> Scope:
    """What the reader chose."""
    return read_scope(request.GET, timezone.now(), first_day)


@one_reading()
def dashboard(request: HttpRequest) -> dict[str, Any]:
    """What the index shows."""
    from growth.dashboard.board import PANELS

    scope, reader = scope_of(request), Reader(request.user)
    state = state_of(scope.period)
    panels = [panel for panel in PANELS if not (state.name and panel.needs_days)]
    previous = scope.previous
    return {
        "scope": scope,
        "state": state.name,
        "first_day": day(state.first_day) if state.first_day else "",
        "presets": [choice for choice in Preset.choices if choice[0] != Preset.CUSTOM],
        "days": days(scope.period.first, scope.period.last),
        "compared_days": days(previous.first, previous.last) if previous else "",
        "as_of": moment(scope.as_of, scope.zone),
        "origin": request.build_absolute_uri("/").rstrip("/"),
        "now": timezone.now().isoformat(timespec="seconds"),
        "wide_panels": [panel.render(scope, reader) for panel in panels if panel.is_wide],
        "narrow_panels": [panel.render(scope, reader) for panel in panels if not panel.is_wide],
    }


@require_safe
@one_reading()
def panel_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A panel's table, as it stands on the page."""
    from growth.dashboard.board import PANELS

    panel = next((each for each in PANELS if each.slug == slug), None)
    if panel is None:
        raise Http404
    reader = Reader(request.user)
    if not reader.may(panel.permission):
        raise PermissionDenied
    scope = scope_of(request)
    try:
        answer = panel.ask(scope, reader)
    except Exception as error:
        logger.exception("A panel failed.", extra={"panel": slug})
        return HttpResponse(what_went_wrong(error), status=503, content_type="text/plain; charset=utf-8")
    rows: list[tuple[str, ...]] = [
        *preamble(panel.title, panel.definition, scope),
        ("finding", answer.nothing or answer.summary),
    ]
    if not answer.nothing:
        table = answer.table()
        rows += [(), table.header, *table.rows]
    return csv_response(rows, f"{slug}-{scope.period.first}-{scope.period.last}")


def question_of(request: HttpRequest) -> Behind:
    """The question of a link; 404 when there is none to be read, 403 when it is not theirs to ask."""
    try:
        behind = read_link(request.GET.get("q", ""), timezone.now())
    except BadQuestion as error:
        raise Http404 from error
    needed = NEEDED.get(behind.kind)
    if needed and not Reader(request.user).may(needed):
        raise PermissionDenied
    return behind


@require_safe
def people_behind(request: HttpRequest) -> HttpResponse:
    """The people behind a number, a page at a time; looking leaves an audit row."""
    reader = Reader(request.user)
    if not reader.may_see_people:
        raise PermissionDenied
    behind = question_of(request)
    page = Paginator(in_order(behind), PAGE).get_page(request.GET.get("page"))
    note(request, "people.seen", behind, page=page.number)
    shown = {
        **admin.site.each_context(request),
        "title": behind.title,
        "facts": facts(behind),
        "page": page,
        "count": grouped(page.paginator.count),
        "rows": listed(list(page), reader),
        "header": header(reader),
        "question": request.GET["q"],
        "download": link(behind, "people_csv") if reader.may("telemetry.export_people") else "",
    }
    return TemplateResponse(request, "admin/growth/people.html", shown)


@require_safe
def people_csv(request: HttpRequest) -> HttpResponseBase:
    """All people behind a number, after showing once more who asks; it leaves an audit row."""
    reader = Reader(request.user)
    if not (reader.may_see_people and reader.may("telemetry.export_people")):
        raise PermissionDenied
    if (detour := reauthentication.required(request)) is not None:
        return detour
    behind = question_of(request)
    people = in_order(behind)
    note(request, "people.exported", behind, people=people.count())

    def rows() -> Iterator[tuple[str, ...]]:
        yield _("title"), behind.title
        yield from facts(behind)
        yield ()
        yield header(reader)
        for line in all_listed(people.iterator(chunk_size=2000), reader):
            yield line.cells

    return csv_response(rows(), f"people-{behind.kind}")


def note(request: HttpRequest, action: str, behind: Behind, **what: int) -> None:
    """Leave a row in the audit log: who looked at whom."""
    asked = {"kind": behind.kind, **behind.as_json(), **what}
    AuditEntry.objects.record(request.user, action, behind.title[:200], after=asked, at=timezone.now())
