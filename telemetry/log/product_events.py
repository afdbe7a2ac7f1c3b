"""What the people of any product do. Such events come from the product itself or from other programs."""

from dataclasses import dataclass

from telemetry.log.events import LegalBasis, TrackedEvent


@dataclass(frozen=True)
class ActivityLogged(
    TrackedEvent,
    name="activity.logged",
    counts_as_use=True,
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A person did what the product is for: logged time, wrote an entry, contributed."""

    project: str | None = None
    source: str = ""
    duration_seconds: int | None = None


@dataclass(frozen=True)
class TimerStarted(TrackedEvent, name="timer.started"):
    """A person started a timer."""

    project: str | None = None
    source: str = ""


@dataclass(frozen=True)
class TaskAssigned(TrackedEvent, name="task.assigned", service_record=True, legal_basis=LegalBasis.CONTRACT):
    """A task was given to this person."""

    project: str | None = None


@dataclass(frozen=True)
class TaskCompleted(
    TrackedEvent, name="task.completed", service_record=True, legal_basis=LegalBasis.CONTRACT
):
    """A person completed a task of theirs."""

    project: str | None = None


@dataclass(frozen=True)
class PageViewed(TrackedEvent, name="page.viewed"):
    """A person looked at a page."""

    route: str
