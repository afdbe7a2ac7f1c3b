"""People who are asked, and what leaves because of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from telemetry.consent.answers import latest
from telemetry.log import events, outlets
from telemetry.log.events import TrackedEvent
from telemetry.log.vocabulary import sync_vocabulary
from telemetry.people.models import Person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def person(db):
    """Somebody who was never asked."""
    return Person.objects.create(signed_up_at=NOON - timedelta(days=9))


def last_word(person):
    """What somebody who did answer said last."""
    record = latest(person)
    assert record is not None
    return record


@pytest.fixture
def left(monkeypatch):
    """What is passed on, in its order: an outlet that writes it down, registered for one test."""
    rows: list[outlets.Leaving] = []
    monkeypatch.setattr(outlets, "_outlets", [])
    outlets.register(rows.extend)
    return rows


@pytest.fixture
def tour_taken(monkeypatch, db):
    """An event of our own pages that needs a yes."""
    monkeypatch.setattr(events, "_DECLARED", dict(events._DECLARED))

    @dataclass(frozen=True)
    class TourTaken(TrackedEvent, name="scratch.tour_taken"):
        """A person took the tour."""

        chapter: int = 1

    sync_vocabulary()
    return TourTaken


class Browser:
    """One browser: its cookies, its signals, and the account signed in."""

    def __init__(self, **headers):
        self.cookies = SimpleCookie()
        self.headers = headers
        self.user = AnonymousUser()

    def request(self, path="/", **headers):
        """A request from here."""
        request = RequestFactory(headers=self.headers | headers).get(path)
        request.COOKIES = {name: morsel.value for name, morsel in self.cookies.items()}
        request.user = self.user
        return request

    def answers(self, say, source="first_visit", at=NOON):
        """Say yes or no in here (`say_yes`, `say_no`), and keep the cookies of the response."""
        response = HttpResponse()
        said = say(self.request(), response, source=source, at=at)
        self.take(response)
        return said

    def take(self, response):
        """Set and delete cookies as a response asks."""
        for name, morsel in response.cookies.items():
            if morsel["max-age"] == 0:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


@pytest.fixture
def browser(db):
    """A visitor's browser."""
    return Browser()


@pytest.fixture
def a_browser(db):
    """Browsers that send headers of their own."""
    return Browser
