"""What our pages report of the support funnel. The experiment's arm is ours to say, never theirs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from donations.choices import is_known
from donations.events import Placement, Prompt
from donations.funnel import show_prompt, touch
from donations.models.interaction import InteractionType
from donations.prompts import next_prompt
from donations.views.endpoints import reports
from donations.visibility import PROMPTED, SupportVisibility
from telemetry.api.problems import Problem
from telemetry.people.models import Person


class Place(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Something at a placement; `variant` is read and ignored."""

    placement: Placement
    variant: object = None


class Click(Place):
    """A link was followed."""

    prompt: Prompt | None = None


class Wish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether a soft prompt may be shown, of one kind or of those of a page."""

    kind: Prompt | None = None
    variant: object = None


class Reported(StrEnum):
    """What a page may tell of."""

    MODAL_OPENED = InteractionType.MODAL_OPENED.value
    DONATION_CLICKED = InteractionType.DONATION_CLICKED.value
    LICENSE_CLICKED = InteractionType.LICENSE_CLICKED.value
    LINK_CLICKED = InteractionType.LINK_CLICKED.value
    PROMPT_SHOWN = InteractionType.PROMPT_SHOWN.value
    PROMPT_DISMISSED = InteractionType.PROMPT_DISMISSED.value
    SHARED = InteractionType.SHARED.value


#: Without which an event says nothing.
NEEDED = {
    Reported.MODAL_OPENED: ("placement",),
    Reported.DONATION_CLICKED: ("placement", "choice"),
    Reported.LICENSE_CLICKED: ("placement",),
    Reported.LINK_CLICKED: ("placement",),
    Reported.PROMPT_SHOWN: ("prompt",),
    Reported.PROMPT_DISMISSED: ("prompt",),
    Reported.SHARED: (),
}


class Touch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Something happened in the dialog or to a prompt."""

    event: Reported
    placement: Placement | None = None
    prompt: Prompt | None = None
    choice: str = ""
    variant: object = None


@reports(Click)
def track_click(request: HttpRequest, said: Click) -> dict[str, Any]:
    """A support link was followed; at a placement that sells the key it is a click on the key."""
    sells = said.placement.sells_the_key
    what = InteractionType.LICENSE_CLICKED if sells else InteractionType.LINK_CLICKED
    return _recorded(request, what, placement=said.placement, prompt=said.prompt)


@reports(Place)
def track_impression(request: HttpRequest, said: Place) -> dict[str, Any]:
    """The banner was really on the screen."""
    return _recorded(request, InteractionType.BANNER_IMPRESSION, placement=said.placement)


@reports(Place)
def track_banner_dismissal(request: HttpRequest, said: Place) -> dict[str, Any]:
    """Somebody closed it: for thirty days, on all their devices."""
    return _recorded(request, InteractionType.BANNER_DISMISSED, placement=said.placement)


@reports(Wish)
def request_soft_prompt(request: HttpRequest, said: Wish) -> dict[str, Any]:
    """Whether to show a soft prompt right now: yes once, to one tab."""
    seen, now = SupportVisibility.for_request(request), timezone.now()
    prompt = next_prompt(seen, at=now, kind=said.kind)
    if prompt is None or not _shown(request, seen, prompt):
        return {"show": False}
    return {"show": True, "kind": prompt.value, "variant": seen.variant or None}


@reports(Touch)
def track_support_event(request: HttpRequest, said: Touch) -> dict[str, Any]:
    """The dialog was opened, something was chosen in it, or a prompt came and went."""
    wrong = {
        name: [_("This field is needed here.")] for name in NEEDED[said.event] if not getattr(said, name)
    }
    if said.choice and not is_known(said.choice):
        wrong["choice"] = [_("Nothing is offered under this word.")]
    if wrong:
        raise Problem(400, "invalid", _("That is not in the vocabulary."), fields=wrong)
    if said.event is Reported.PROMPT_SHOWN and said.prompt is not None:
        seen = SupportVisibility.for_request(request)
        turn = next_prompt(seen, at=timezone.now(), kind=said.prompt)
        return {"recorded": turn is not None and _shown(request, seen, turn)}
    what = InteractionType(said.event.value)
    return _recorded(request, what, placement=said.placement, prompt=said.prompt, choice=said.choice)


def _shown(request: HttpRequest, seen: SupportVisibility, prompt: Prompt) -> bool:
    """Whether this request has the turn; its session has had its prompt then."""
    has_turn = show_prompt(seen, prompt, at=timezone.now())
    if has_turn:
        request.session[PROMPTED] = True
    return has_turn


def _recorded(request: HttpRequest, what: InteractionType, **said: Any) -> dict[str, Any]:
    seen = SupportVisibility.for_request(request)
    person = seen.person or Person.objects.of_account(request.user)
    return {"recorded": touch(person, what, at=timezone.now(), variant=seen.variant, **said)}
