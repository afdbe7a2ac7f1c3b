"""The API of telemetry, under `/api/v1/`."""

from django.urls import path

from telemetry.api import schema  # noqa: F401  # what it declares is found by being imported
from telemetry.api.events import events
from telemetry.api.people import PersonView

urlpatterns = [
    path("events/", events, name="events"),
    path("people/<str:user>/", PersonView.as_view(), name="person"),
]
