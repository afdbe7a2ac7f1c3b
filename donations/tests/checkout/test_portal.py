"""The way to the portal is for its member alone."""

import logging
from datetime import timedelta

import pytest
from django.test import Client

from donations import gateway
from donations.models import StripeCustomer
from donations.tests.checkout.conftest import NOW
from donations.views import portal
from telemetry.operations.limits import Limit

URL = "/donate/portal/"


@pytest.fixture
def customer(stripe, person):
    with gateway._asking() as client:
        known = client.v1.customers.create({"email": "giver@growth.example"}).id
    return StripeCustomer.objects.create(customer_id=known, person=person, livemode=False, created_at=NOW)


def test_it_leads_to_the_portal_of_ones_own_customer(client, account, customer, stripe):
    client.force_login(account)

    answer = client.post(URL)

    session = stripe.only("billing_portal.session")
    assert (answer.status_code, answer["Location"]) == (303, session["url"])
    assert session["customer"] == customer.customer_id
    assert session["return_url"] == "http://testserver/settings/"


def test_it_is_neither_cached_nor_told_on(client, account, customer, caplog):
    client.force_login(account)

    with caplog.at_level(logging.INFO):
        answer = client.post(URL)

    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "bps_" not in caplog.text


def test_only_a_post_opens_it(client, account, customer):
    client.force_login(account)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(account)

    assert client.get(URL).status_code == 405
    assert strict.post(URL).status_code == 403


def test_whoever_is_not_signed_in_signs_in_first(client, customer, stripe):
    answer = client.post(URL)

    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=/settings/")
    assert stripe.made("billing_portal.session") == 0


def test_a_customer_of_somebody_else_is_not_theirs(client, customer, stripe, django_user_model):
    client.force_login(django_user_model.objects.create_user(email="other@growth.example"))

    assert client.post(URL, {"customer": customer.customer_id})["Location"] == "/settings/"
    assert stripe.made("billing_portal.session") == 0


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "/ok\r\nX: y"])
def test_nobody_else_says_where_it_leads_back_to(client, account, customer, stripe, url):
    client.force_login(account)
    client.post(f"{URL}?return_url={url}&next={url}", {"return_url": url, "next": url})

    assert stripe.only("billing_portal.session")["return_url"] == "http://testserver/settings/"


def test_too_many_looks_are_refused_for_a_while(client, account, customer, monkeypatch):
    monkeypatch.setattr(portal, "CHECKOUTS_OF_ONE", Limit("portal-test", 1, timedelta(hours=1)))
    client.force_login(account)

    assert [client.post(URL).status_code for _ in range(2)] == [303, 429]


def test_while_stripe_is_away_it_can_be_tried_again(client, account, customer, stripe):
    client.force_login(account)
    stripe.is_down = True

    answer = client.post(URL)

    assert answer.status_code == 503
    assert b"Try again" in answer.content
