"""Money: whole minor units of a currency, how people read them and how they type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

#: Currencies without minor units: one yen is 1, not 100 (Stripe's list of zero-decimal currencies).
WITHOUT_MINOR_UNITS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf"}
    | {"xof", "xpf"}
)
MINUS = "\N{MINUS SIGN}"
SIGNS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents; whole yen) of a currency in lower case."""

    amount: int
    currency: str

    @property
    def decimals(self) -> int:
        """How many digits the minor units take."""
        return 0 if self.currency in WITHOUT_MINOR_UNITS else 2

    @property
    def major(self) -> Decimal:
        """The amount in whole units, exactly."""
        return Decimal(self.amount).scaleb(-self.decimals)

    def __str__(self) -> str:
        """`€5`, `€12.50`, `CHF 5`: without decimals where there are none to read."""
        decimals = 0 if self.major == self.major.to_integral_value() else self.decimals
        figure = number_format(abs(self.major), decimals, force_grouping=True)
        sign = SIGNS.get(self.currency, f"{self.currency.upper()} ")
        return f"{MINUS if self.amount < 0 else ''}{sign}{figure}"


class AmountRefused(ValueError):
    """What was typed is no amount, or none that can be paid here; the message is for whoever typed it."""


def parse(typed: str, currency: str, *, least: int, most: int) -> Money:
    """What somebody typed in whole units (`5`, `12.50`, `12,50`, `€ 5`), exactly.

    `least`, `most`: what is taken, in minor units. Refuses signs, exponents, grouping, any digits but the
    common ones, and more decimals than the currency has.
    """
    decimals = Money(0, currency).decimals
    figure = typed.strip().strip(SIGNS.get(currency, "")).strip()
    shape = rf"[0-9]{{1,9}}(?:[.,][0-9]{{1,{decimals}}})?" if decimals else r"[0-9]{1,12}"
    if not re.fullmatch(shape, figure):
        raise AmountRefused(_("Please type an amount such as %(example)s.") % {"example": _example(decimals)})
    money = Money(int(Decimal(figure.replace(",", ".")).scaleb(decimals)), currency)
    if money.amount < least:
        raise AmountRefused(
            _("The least that can be paid here is %(money)s.") % {"money": Money(least, currency)}
        )
    if money.amount > most:
        raise AmountRefused(
            _("The most that can be paid here is %(money)s.") % {"money": Money(most, currency)}
        )
    return money


def _example(decimals: int) -> str:
    return "12.50" if decimals else "1200"
