"""What becomes of a touch: its row and event, the arm that was seen, the rest and the dismissals."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from donations.events import Placement, Prompt
from donations.experiments import SUPPORT_HERO
from donations.models import DonationInteraction, Supporter
from donations.models.interaction import InteractionType
from donations.querysets.interactions import seen_on
from donations.visibility import SupportVisibility
from telemetry.experiments.arms import expose
from telemetry.people.models import Person

#: What somebody has before their eyes, and with it the arm of the experiment.
SEEN = (
    InteractionType.PAGE_VIEWED,
    InteractionType.BANNER_IMPRESSION,
    InteractionType.MODAL_OPENED,
    InteractionType.PROMPT_SHOWN,
)
#: Where a click leads that a prompt brought about.
STANDS_AT = {Prompt.AFTER_REPORT: Placement.AFTER_REPORT, Prompt.LONG_SESSION: Placement.LONG_SESSION_TIMER}


@transaction.atomic
def touch(
    person: Person,
    what: InteractionType,
    *,
    at: datetime,
    variant: str,
    placement: Placement | None = None,
    prompt: Prompt | None = None,
    choice: str = "",
) -> bool:
    """Record what somebody did with the ask, and what follows from it; False when it counts no more today."""
    where = placement.value if placement else ""
    if what is InteractionType.BANNER_DISMISSED:
        Supporter.objects.dismiss(person, where, at=at)
    if variant and what in SEEN:
        expose(person, SUPPORT_HERO, variant, at=at)
    return DonationInteraction.objects.record(
        person,
        what,
        at=at,
        placement=where,
        prompt=prompt.value if prompt else "",
        choice=choice,
        variant=variant,
        once=seen_on(person, where, at) if what is InteractionType.BANNER_IMPRESSION else None,
    )


@transaction.atomic
def show_prompt(seen: SupportVisibility, prompt: Prompt, *, at: datetime) -> bool:
    """Take the turn of a soft prompt and record that it is shown; False when somebody else has the turn."""
    if seen.person is None or not Supporter.objects.claim_prompt(seen.person, prompt, at=at):
        return False
    shown = InteractionType.PROMPT_SHOWN
    place = STANDS_AT.get(prompt, Placement.DASHBOARD_WIDGET)
    return touch(seen.person, shown, at=at, variant=seen.variant, placement=place, prompt=prompt)
