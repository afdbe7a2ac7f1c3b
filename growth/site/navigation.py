"""Where the pages for everybody lead."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """A page by the name of its address, and what it is called."""

    name: str
    label: Promise


#: In the order in which they are shown to whoever is signed in.
PAGES = (
    Entry("home", _("Dashboard")),
    Entry("reports", _("Reports")),
    Entry("referrals", _("Invite friends")),
    Entry("settings", _("Settings")),
    Entry("pricing", _("Pricing")),
    Entry("help", _("Help")),
    Entry("about", _("About")),
)


#: Where somebody is in the middle of something: signing in, setting up a second step, leaving for good.
BUSY = ("accounts/", "settings/privacy/erase/", "settings/privacy/erased/")


def is_busy(request: HttpRequest | None) -> bool:
    """Whether the page that is open wants all of their attention: nobody is asked for anything there."""
    found = getattr(request, "resolver_match", None)
    return found is not None and found.route.startswith(BUSY)


def name_of(request: HttpRequest | None) -> str:
    """The name of the page that is open; empty where none was found."""
    found = getattr(request, "resolver_match", None)
    return found.view_name if found else ""
