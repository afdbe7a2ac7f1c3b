"""One panel, one question, one partial: what all panels share."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from growth.dashboard.deadline import PANEL_LIMIT, took_too_long, within
from growth.dashboard.reader import Reader
from growth.dashboard.scope import Scope

logger = logging.getLogger(__name__)

#: The permission to see figures about people, without the people.
VIEW_FIGURES = "growth.view_figures"


@dataclass(frozen=True, slots=True)
class Table:
    """What a panel shows, as rows of text: its data table on the page and its CSV."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Answer(Protocol):
    """What a panel found out."""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""

    @property
    def nothing(self) -> str:
        """Why there is nothing to show; empty when there is something."""

    def table(self) -> Table:
        """Everything that is shown, as rows."""


class Panel(ABC):
    """A question about a scope, and the partial that shows its answer."""

    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    definition: ClassVar[str | Promise]
    template: ClassVar[str]
    permission: ClassVar[str] = VIEW_FIGURES
    is_wide: ClassVar[bool] = False
    needs_days: ClassVar[bool] = False
    """Whether it has nothing to say where the log knows nothing of the chosen days."""

    @abstractmethod
    def answer(self, scope: Scope, reader: Reader) -> Answer:
        """Ask the question."""

    def ask(self, scope: Scope, reader: Reader) -> Answer:
        """Ask the question, for no longer than a panel may take."""
        with within(PANEL_LIMIT):
            return self.answer(scope, reader)

    def render(self, scope: Scope, reader: Reader) -> SafeString:
        """The panel as HTML; one that fails shows its own error, and the page stands."""
        shown = {"panel": self, "scope": scope, "reader": reader}
        if not reader.may(self.permission):
            return render_to_string("admin/growth/panels/_no_permission.html", shown)
        try:
            answer = self.ask(scope, reader)
            return render_to_string(self.template, shown | {"answer": answer})
        except Exception as error:
            logger.exception("A panel failed.", extra={"panel": self.slug})
            failed = shown | {"message": what_went_wrong(error)}
            return render_to_string("admin/growth/panels/_failed.html", failed)


def what_went_wrong(error: Exception) -> str:
    """A panel's failure in words for staff; the details are in the log alone."""
    if took_too_long(error):
        return _("This took longer than the database may think. Choose fewer days and look again.")
    return _("This panel could not be drawn. The others are not affected; the log says why.")
