"""The funnels that are watched: shipped here as data, and those that staff saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from growth.models.funnel import SavedFunnel
from growth.questions import ACTIVITY, FunnelQuestion, Population, QuestionStep


@dataclass(frozen=True, slots=True)
class Watched:
    """A funnel by name: its steps with the words that people read, and how long somebody has for them."""

    slug: str
    name: str | Promise
    meaning: str | Promise
    steps: tuple[QuestionStep, ...]
    labels: tuple[str | Promise, ...]
    window: timedelta
    #: The properties of the entry by which it may be told apart; the first is the one it is shown with.
    breakdowns: tuple[str, ...] = ()

    def breakdown(self, chosen: str = "") -> str | None:
        """The chosen one if there is such a choice, else the first; None without any."""
        return chosen if chosen in self.breakdowns else next(iter(self.breakdowns), None)

    def question(
        self, start: datetime, end: datetime, as_of: datetime, population: Population, by: str = ""
    ) -> FunnelQuestion:
        """The funnel over entries in `[start, end)`, as known at `as_of`; `by`: one of its breakdowns."""
        return FunnelQuestion(
            steps=self.steps,
            window_seconds=int(self.window.total_seconds()),
            start=start,
            end=end,
            as_of=as_of,
            breakdown=self.breakdown(by),
            population=population,
        )


def in_order(*events: str) -> tuple[QuestionStep, ...]:
    """Steps without conditions."""
    return tuple(QuestionStep(event, {}) for event in events)


#: From the support dialog on.
ASK = (
    "support.modal_opened",
    "support.donation_clicked",
    "support.checkout_started",
    "support.payment_succeeded",
)
ASK_LABELS = (_("Dialog opened"), _("Amount chosen"), _("Checkout started"), _("Paid"))

SHIPPED = (
    Watched(
        slug="getting-into-the-habit",
        name=_("Getting into the habit"),
        meaning=_("Whoever uses the product at all: how soon do they use it a second time, and go on?"),
        steps=in_order(ACTIVITY, ACTIVITY, ACTIVITY, ACTIVITY, ACTIVITY),
        labels=(_("1st use"), _("2nd use"), _("3rd use"), _("4th use"), _("5th use")),
        window=timedelta(days=7),
    ),
    Watched(
        slug="from-sign-up-to-habit",
        name=_("From sign-up to habit"),
        meaning=_("New accounts: do they sign in, use the product, and use it again?"),
        steps=in_order("auth.signed_up", "auth.login", ACTIVITY, ACTIVITY, ACTIVITY),
        labels=(_("Signed up"), _("Signed in"), _("1st use"), _("2nd use"), _("3rd use")),
        window=timedelta(days=14),
    ),
    Watched(
        slug="from-prompt-to-payment",
        name=_("From prompt to payment"),
        meaning=_("Whoever opens the support dialog: do they choose an amount, and pay it?"),
        steps=in_order(*ASK),
        labels=ASK_LABELS,
        window=timedelta(days=7),
        breakdowns=("placement", "variant", "prompt"),
    ),
    Watched(
        slug="from-impression-to-payment",
        name=_("From impression to payment"),
        meaning=_("Whoever sees the banner: do they open the dialog, choose an amount, and pay it?"),
        steps=in_order("support.banner_seen", *ASK),
        labels=(_("Banner seen"), *ASK_LABELS),
        window=timedelta(days=7),
        breakdowns=("variant",),
    ),
    Watched(
        slug="from-soft-prompt-to-payment",
        name=_("From soft prompt to payment"),
        meaning=_("Whoever is shown a soft prompt: do they open the dialog, choose an amount, and pay it?"),
        steps=in_order("support.prompt_shown", *ASK),
        labels=(_("Prompt shown"), *ASK_LABELS),
        window=timedelta(days=7),
        breakdowns=("prompt", "variant"),
    ),
    Watched(
        slug="from-timer-to-entry",
        name=_("From timer to entry"),
        meaning=_("Whoever starts a timer: does an entry come of it the same day?"),
        steps=in_order("timer.started", ACTIVITY),
        labels=(_("Timer started"), _("Entry logged")),
        window=timedelta(days=1),
    ),
    Watched(
        slug="from-task-to-done",
        name=_("From task to done"),
        meaning=_("Whoever is given a task: do they complete one within a month?"),
        steps=in_order("task.assigned", "task.completed"),
        labels=(_("Task assigned"), _("Task completed")),
        window=timedelta(days=30),
    ),
)


def as_watched(saved: SavedFunnel) -> Watched:
    """A saved funnel beside the shipped ones; its steps are called by their events."""
    steps = tuple(
        QuestionStep(step["event"], {name: a_tuple(value) for name, value in step.get("where", {}).items()})
        for step in saved.steps
    )
    return Watched(
        slug=saved.slug,
        name=saved.name,
        meaning="",
        steps=steps,
        labels=tuple(step_label(step) for step in steps),
        window=timedelta(seconds=saved.window_seconds),
        breakdowns=(saved.breakdown,) if saved.breakdown else (),
    )


def a_tuple(value: Any) -> tuple[Any, ...]:
    """The values of a condition: a list means any of them."""
    return tuple(value) if isinstance(value, list) else (value,)


def step_label(step: QuestionStep) -> str:
    """`support.modal_opened (placement: header)`."""
    conditions = ", ".join(f"{name}: {' / '.join(map(str, values))}" for name, values in step.where.items())
    return f"{step.event} ({conditions})" if conditions else step.event


def watched_funnels() -> tuple[Watched, ...]:
    """The shipped funnels, then the saved ones in their order; one query."""
    return (*SHIPPED, *(as_watched(saved) for saved in SavedFunnel.objects.all()))


def problems_of(saved: SavedFunnel) -> dict[str, list[str]]:
    """What of a funnel about to be saved cannot be asked, by field; the API's rules hold here too.

    Of steps that are missing altogether nothing is said: their field says so itself.
    """
    from growth.api.serializers import FunnelSerializer

    if isinstance(saved.steps, list) and len(saved.steps) == 1:
        return {"steps": [str(_("A funnel has two steps at least."))]}
    now = timezone.now()
    asked = FunnelSerializer(
        data={
            "steps": saved.steps,
            "window_seconds": saved.window_seconds,
            "start": (now - timedelta(days=1)).isoformat(),
            "end": now.isoformat(),
            "breakdown": {"property": saved.breakdown} if saved.breakdown else None,
        },
        context={"now": now},
    )
    if asked.is_valid():
        return {}
    return {
        name: list(told(errors)) for name, errors in asked.errors.items() if name != "steps" or saved.steps
    }


#: Names in the API's errors that stand for no place of their own in the form.
NO_PLACES = ("non_field_errors", "property")


def told(errors: Any, *where: str) -> Iterator[str]:
    """Each message after the place in the JSON that it is about: `Step 2, event: …`; steps count from 1."""
    if isinstance(errors, dict):
        for key, inner in errors.items():
            yield from told(inner, *where, *place_of(key))
        return
    for message in errors:
        yield f"{', '.join(where)}: {message}" if where else str(message)


def place_of(key: str | int) -> tuple[str, ...]:
    """A key of the API's errors in words; nothing for one that only the API knows."""
    if isinstance(key, int):
        return (_("Step %(number)d") % {"number": key + 1},)
    return () if key in NO_PLACES else (key,)
