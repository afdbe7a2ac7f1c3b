"""What staff may see, and what they must show for it."""

import time

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from growth.accounts import reauthentication
from growth.accounts.groups import SHIPPED
from growth.models import User
from growth.staff_login import link_for
from growth.tests.accounts.conftest import with_second_factor

pytestmark = pytest.mark.django_db

ADMIN_ADDRESSES = ["/admin/", "/admin/growth/", "/admin/nothing/", "/admin/jsi18n/", "/admin/login/"]


@pytest.mark.parametrize("address", ADMIN_ADDRESSES)
def test_in_production_every_admin_address_leads_staff_to_the_set_up(settings, browser_of, staff, address):
    settings.STAFF_NEED_SECOND_FACTOR = True
    assert browser_of(staff).get(address).url == "/accounts/2fa/totp/activate/"

    assert browser_of(with_second_factor(staff)).get("/admin/").status_code == 200


def test_in_production_the_api_refuses_a_staff_session_without_it(settings, browser_of, staff):
    settings.STAFF_NEED_SECOND_FACTOR = True
    answer = browser_of(staff).get("/api/v1/cohorts/")

    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    assert browser_of(with_second_factor(staff)).get("/api/v1/cohorts/").status_code == 200


def test_the_embedded_default_only_offers_it(settings, browser_of, staff):
    assert settings.STAFF_NEED_SECOND_FACTOR is False
    assert browser_of(staff).get("/admin/").status_code == 200
    assert b"Set it up" in browser_of(staff).get("/settings/").content


def test_the_admin_signs_in_where_everybody_does(client, settings):
    settings.STAFF_NEED_SECOND_FACTOR = True
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"


def test_the_admin_is_closed_to_others(browser_of, account):
    answer = browser_of(account).get("/admin/", follow=True)

    assert answer.status_code == 403
    assert b"You may not see this" in answer.content


@pytest.fixture
def asking(rf):
    """`asking(user)`: a request of theirs for an export."""

    def ask(user: User):
        request = rf.get("/admin/people/export.csv")
        request.user, request.session = user, SessionStore()
        return request

    return ask


def sent_to(request):
    """Where somebody who asks must go first."""
    answer = reauthentication.required(request)
    assert answer
    return answer["Location"]


def test_an_export_in_production_needs_a_second_factor_first(settings, asking, staff):
    settings.STAFF_NEED_SECOND_FACTOR = True

    assert sent_to(asking(staff)) == "/accounts/2fa/totp/activate/"


def test_an_export_on_the_embedded_default_goes_on_without(asking, staff):
    assert reauthentication.required(asking(staff)) is None


@pytest.mark.parametrize("production", [True, False])
def test_who_has_a_second_factor_shows_it_again_and_comes_back(settings, asking, staff, production):
    settings.STAFF_NEED_SECOND_FACTOR = production
    request = asking(with_second_factor(staff))

    assert sent_to(request) == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Fpeople%2Fexport.csv"

    record_authentication(request, staff, "mfa", reauthenticated=True)
    assert reauthentication.required(request) is None


def test_showing_it_again_is_good_for_five_minutes(asking, staff):
    request = asking(with_second_factor(staff))
    record_authentication(request, staff, "mfa", reauthenticated=True)
    request.session["account_authentication_methods"][-1]["at"] = time.time() - 301

    assert reauthentication.required(request) is not None


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_the_shipped_groups_hold_their_permissions(shipped):
    held = Group.objects.get(name=shipped.name).permissions.values_list("content_type__app_label", "codename")

    assert {f"{app}.{codename}" for app, codename in held} == set(shipped.permissions)


def test_only_one_group_exports_one_refunds_and_two_see_people():
    def holding(codename: str) -> set[str]:
        return set(Group.objects.filter(permissions__codename=codename).values_list("name", flat=True))

    assert holding("export_people") == {"Export"}
    assert holding("view_people") == {"People", "Export"}
    assert holding("view_money") == {"Money", "Refunds"}
    assert holding("refund_payment") == {"Refunds"}
    assert holding("add_creditgrant") == {"Referrals"}
    everybody = {"Aggregate figures", "People", "Export", "Money", "Refunds", "Referrals"}
    assert holding("view_figures") == everybody


def test_another_migration_restores_what_a_group_lost_and_leaves_what_it_gained(django_user_model):
    group = Group.objects.get(name="Money")
    group.permissions.clear()
    export = Group.objects.get(name="Export").permissions.get(codename="export_people")
    group.permissions.add(export)
    call_command("migrate", verbosity=0)

    assert {"view_money", "export_people"} <= set(group.permissions.values_list("codename", flat=True))


def test_a_link_from_the_command_line_does_not_stand_in_for_the_second_factor(client, staff):
    link = link_for(with_second_factor(staff), timezone.now(), "")
    answer = client.get(link)

    assert answer.url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    assert Client().get(link).status_code == 403
