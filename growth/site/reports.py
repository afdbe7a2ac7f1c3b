"""The page of one's own report, and the same as a file."""

from __future__ import annotations

import csv

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from donations.interactions import record_report_generated
from donations.visibility import SupportVisibility
from growth.site.own_report import OwnReport, report_of
from telemetry.consent.visitors import person_of


@never_cache
@login_required
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The last weeks, as bars and as a table."""
    SupportVisibility.without_prompt(request)  # what is asked after a report is asked on the next page
    _count(request)
    return render(request, "growth/site/reports.html", {"report": _report(request)})


@never_cache
@login_required
@require_safe
def reports_csv(request: HttpRequest) -> HttpResponse:
    """The same weeks for a spreadsheet."""
    _count(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="my-weeks-{timezone.localdate():%Y-%m-%d}.csv"'
    rows = csv.writer(response)
    rows.writerow([_("Week from"), _("to"), _("Entries"), _("Hours")])
    rows.writerows([week.begins, week.ends, week.entries, week.hours] for week in _report(request).weeks)
    return response


def _count(request: HttpRequest) -> None:
    if request.user.is_authenticated and request.method == "GET":
        record_report_generated(request.user)


def _report(request: HttpRequest) -> OwnReport:
    return report_of(person_of(request), at=timezone.now(), zone=timezone.get_default_timezone())
