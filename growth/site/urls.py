"""The pages for everybody."""

from django.urls import path

from growth.site.dashboard import home
from growth.site.pages import about, help_page, pricing
from growth.site.preferences import settings_page
from growth.site.reports import reports, reports_csv

urlpatterns = [
    path("", home, name="home"),
    path("reports/", reports, name="reports"),
    path("reports/weeks.csv", reports_csv, name="reports_csv"),
    path("settings/", settings_page, name="settings"),
    path("pricing/", pricing, name="pricing"),
    path("about/", about, name="about"),
    path("help/", help_page, name="help"),
]
