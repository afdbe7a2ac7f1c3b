"""What may be chosen in the ask: one of the amounts, another one, or the key."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from donations.money import Money

CUSTOM, KEY = "custom", "key"


@dataclass(frozen=True, slots=True)
class Choice:
    """An amount that is offered; `word` is what forms and events call it: its whole units, `10` for €10."""

    money: Money

    @property
    def word(self) -> str:
        """The amount as people type it."""
        major = self.money.major
        return str(int(major)) if major == int(major) else f"{major:.{self.money.decimals}f}"


def offered() -> tuple[Choice, ...]:
    """The amounts of the settings, in their order."""
    return tuple(Choice(Money(amount, settings.SUPPORT_CURRENCY)) for amount in settings.SUPPORT_AMOUNTS)


def is_known(word: str) -> bool:
    """Whether something is offered under this word."""
    return word in (CUSTOM, KEY) or any(choice.word == word for choice in offered())


def amount_said(choice: str, typed: str) -> str:
    """The amount as people type it: that of the choice, or what was typed beside it."""
    return choice if any(each.word == choice for each in offered()) else typed
