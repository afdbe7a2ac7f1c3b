"""What the variables of support accept."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from growth.environment import a_currency, a_stripe_key, amounts, at_least, setting


def refuses(monkeypatch, read, raw):
    """Whether a variable that is read so stops the start, with its name."""
    monkeypatch.setenv("SUPPORT_X", raw)
    with pytest.raises(ImproperlyConfigured, match="SUPPORT_X accepts"):
        setting("SUPPORT_X", read, None, "something else")
    return True


@pytest.mark.parametrize("raw", ["XXX", "kwd", "BHD", "us d", "euro", "€", "e1r"])
def test_a_currency_that_our_amounts_cannot_be_in_is_refused(monkeypatch, raw):
    assert refuses(monkeypatch, a_currency, raw)


@pytest.mark.parametrize(("raw", "currency"), [("EUR", "eur"), ("usd", "usd"), ("Jpy", "jpy")])
def test_a_currency_is_kept_as_stripe_writes_it(raw, currency):
    assert a_currency(raw) == currency


@pytest.mark.parametrize("raw", ["pk_live_1", "whsec_1", "sk_live", "sk_test_", "sk_test_1 2", "abc"])
def test_what_opens_nothing_at_stripe_is_no_key(monkeypatch, raw):
    assert refuses(monkeypatch, a_stripe_key, raw)


@pytest.mark.parametrize("raw", ["sk_live_1", "sk_test_1", "rk_live_1"])
def test_secret_and_restricted_keys_are_keys(raw):
    assert a_stripe_key(raw) == raw


@pytest.mark.parametrize("raw", ["0", "5,-1", "5,x", "1.5"])
def test_an_amount_is_a_whole_number_above_zero(monkeypatch, raw):
    assert refuses(monkeypatch, amounts, raw)


def test_amounts_are_separated_by_commas():
    assert amounts("500, 1000,2500") == [500, 1000, 2500]


def test_a_session_is_long_from_half_an_hour_on(monkeypatch):
    assert at_least(30)("30") == 30
    assert refuses(monkeypatch, at_least(30), "29")
