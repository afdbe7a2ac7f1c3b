"""What people type is read exactly, or not at all."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from donations.money import AmountRefused, Money, parse


def euros(typed, least=100, most=1_000_000):
    return parse(typed, "eur", least=least, most=most).amount


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("5", 500),
        ("5.00", 500),
        ("5.5", 550),
        ("12,50", 1250),
        (" 7 ", 700),
        ("€ 9.99", 999),
        ("10000", 1_000_000),
        ("1.00", 100),
        ("0007", 700),
    ],
)
def test_an_amount_is_read_as_it_is_typed(typed, cents):
    assert euros(typed) == cents


SIGNED = ["-5", "-0.00", "\N{MINUS SIGN}5", "+5"]
OUT_OF_BOUNDS = ["0", "0.00", "0.001", "0.99", "10000.01", "1000000000000", "9" * 5000]
NOT_PLAIN = [
    "1e3",
    "1e12",
    "1e999",
    "NaN",
    "Infinity",
    "-inf",
    "0x10",
    "5_0",
    "5.",
    ".5",
    "5.555",
    "1,000",
    "1.000,00",
]
OTHER_DIGITS = ["\N{ARABIC-INDIC DIGIT FIVE}", "\N{FULLWIDTH DIGIT FIVE}", "\N{VULGAR FRACTION ONE HALF}"]
NO_FIGURE = ["", " ", "five", "5 5", "5€5", "5\0", "5\n6", "\u202e5", "{{7*7}}", "' OR 1=1--"]


@pytest.mark.parametrize("typed", [*SIGNED, *OUT_OF_BOUNDS, *NOT_PLAIN, *OTHER_DIGITS, *NO_FIGURE])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(AmountRefused):
        euros(typed)


def test_yen_have_no_decimals():
    assert parse("1200", "jpy", least=1, most=10_000) == Money(1200, "jpy")
    with pytest.raises(AmountRefused):
        parse("12.00", "jpy", least=1, most=10_000)


def test_the_refusal_names_the_bound_that_was_passed():
    with pytest.raises(AmountRefused, match="€1"):
        euros("0.99")
    with pytest.raises(AmountRefused, match="€10,000"):
        euros("10000.01")


@given(st.integers(min_value=100, max_value=1_000_000))
def test_no_cent_is_lost(cents):
    assert euros(f"{Decimal(cents) / 100:.2f}") == cents


@given(st.text(max_size=12))
def test_any_text_is_an_amount_within_the_bounds_or_refused(typed):
    with contextlib.suppress(AmountRefused):
        assert 100 <= euros(typed) <= 1_000_000
