"""What carries our calls, and how long it is waited for."""

import pytest
import stripe as sdk

from donations import gateway
from donations.development import OfflineStripe


def test_with_a_key_calls_go_over_the_network_and_wait_five_seconds(settings):
    settings.STRIPE_SECRET_KEY = "sk_test_1"

    client = gateway.http_client()

    assert isinstance(client, sdk.RequestsClient)
    assert client._timeout == 5


def test_the_embedded_default_has_a_stripe_of_its_own(settings):
    settings.STRIPE_SECRET_KEY, settings.DEVELOPMENT_CHECKOUT = "", True

    assert isinstance(gateway.http_client(), OfflineStripe)


def test_production_without_a_key_asks_nothing(settings):
    settings.STRIPE_SECRET_KEY, settings.DEVELOPMENT_CHECKOUT = "", False

    with pytest.raises(gateway.NotConfigured):
        gateway.fetch_session("cs_1")


def test_the_sdk_tells_stripe_nothing_about_this_machine():
    assert sdk.enable_telemetry is False


def test_the_development_secret_is_signed_with_only_where_stripe_is_played(settings):
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_1", "whsec_2"]
    settings.DEVELOPMENT_CHECKOUT = False
    assert gateway.webhook_secrets() == ["whsec_1", "whsec_2"]

    settings.DEVELOPMENT_CHECKOUT = True
    assert gateway.webhook_secrets() == [gateway.development_secret()]


def test_every_call_has_a_key_where_it_changes_something(stripe, order, monkeypatch):
    keys = []
    real = stripe.request

    def listen(method, url, headers, post_data=None, **kwargs):
        if method == "post":
            keys.append(headers["Idempotency-Key"])
        return real(method, url, headers, post_data, **kwargs)

    monkeypatch.setattr(stripe, "request", listen)
    session = gateway.open_session(order, key="checkout:1")
    gateway.expire_session(session.id)

    assert keys == ["checkout:1", f"expire:{session.id}"]
