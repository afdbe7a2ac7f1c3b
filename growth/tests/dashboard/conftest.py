"""Staff of several powers, and people who did something."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.test import Client

from growth.accounts.groups import ship_groups
from growth.models import User
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.models import Person, PersonAlias
from telemetry.segments.refresh import refresh_segments

#: A Sunday; what is looked at ends here.
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = "as_of=2026-02-28"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


@pytest.fixture
def staff(db):
    """Staff with every power."""
    return User.objects.create_superuser("root@example.org")


@pytest.fixture
def in_groups(db):
    """`in_groups("People")`: a client of staff in these shipped groups."""

    def make(*names, permissions=()):
        ship_groups()
        user = User.objects.create_user(f"staff-{User.objects.count()}@example.org", is_staff=True)
        user.groups.set(Group.objects.filter(name__in=names))
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return signed_in(user)

    return make


def signed_in(user):
    """A client with a session of the account."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser_of_staff(staff):
    """A client with every power."""
    return signed_in(staff)


@pytest.fixture
def did(db):
    """`did("ann", 3, 1)`: Ann used the product so many days before `AS_OF`."""

    def make(name, *days_before, source="", kept_out=""):
        person = Person.objects.filter(aliases__value=name).first()
        if person is None:
            person = Person.objects.create(kept_out=kept_out)
            PersonAlias.objects.create(person=person, kind="user", value=name)
        for days in days_before:
            track(person, ActivityLogged(source=source), at=AS_OF - timedelta(days=days))
        return person

    return make


@pytest.fixture
def a_product(did):
    """Eight people over two months, one of them a bot; segments refreshed."""
    did("ann", 60, 40, 20, 19.5, 18, 5, 3, 2)
    did("ben", 25, 24.5, 24, 23)
    did("cem", 20, 12)
    did("dot", 10, 9, 8, 7.5, 7.2)
    did("eve", 6)
    did("fay", 5.5, 0.3)
    did("gus", 45, 44)
    did("bot", 4, 3, 2, kept_out="bot")
    refresh_segments(now=AS_OF, full=True, as_of=AS_OF)


def links_of(html):
    """Each number of a page that opens, with its address."""
    found = re.findall(r'<a href="([^"]*people-behind/[^"]*)"[^>]*>([^<]*)</a>', html)
    return [(unescape(href), int(text.replace(",", ""))) for href, text in found]
