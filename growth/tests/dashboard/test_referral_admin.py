"""Codes, introductions and the ledger: what staff see of them, and decide."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from donations.models import Payment
from growth.models import User
from growth.tests.dashboard.conftest import AS_OF, signed_in
from referrals.models import CreditGrant, CreditProposal, Referral, ReferralClick, ReferralCode
from referrals.tests.conftest import the_ledger_is_what_it_says  # noqa: F401 - fixture
from telemetry.models import AuditEntry, Person

CODES, REFERRALS = "/admin/referrals/referralcode/", "/admin/referrals/referral/"
CREDITS, PROPOSALS = "/admin/referrals/creditgrant/", "/admin/referrals/creditproposal/"
WHY = {"reason": "A word was had."}


@pytest.fixture
def code(db):
    """Somebody's code."""
    return ReferralCode.objects.issue_to(Person.objects.create(), at=AS_OF)


def brings(code, friend):
    """The friend signed up by the code."""
    referral = Referral.objects.link(friend, code, captured_at=AS_OF, at=AS_OF)
    assert referral is not None
    return referral


@pytest.fixture
def held(code):
    """A friend who paid, and whose reward was held."""
    friend = Person.objects.create()
    referral = brings(code, friend)
    payment = Payment.objects.create(
        kind="membership",
        person=friend,
        invoice_id="in_1",
        payment_intent_id="pi_1",
        amount=500,
        currency="eur",
        paid_at=AS_OF,
        created_at=AS_OF,
    )
    Referral.objects.filter(pk=referral.pk).update(
        state="held", reason="shared_network", payment=payment, confirmed_at=AS_OF, decide_by=AS_OF
    )
    return Referral.objects.get(pk=referral.pk)


def test_a_code_is_listed_with_what_came_of_it(browser_of_staff, code):
    ReferralClick.objects.count_up(code, day=AS_OF.date())
    for state, paid in (("converted", AS_OF), ("pending", None), ("provisional", None)):
        referral = brings(code, Person.objects.create())
        Referral.objects.filter(pk=referral.pk).update(state=state, converted_at=paid)

    row = browser_of_staff.get(CODES).context["cl"].result_list[0]

    assert (row.opened, row.brought, row.paid) == (1, 2, 1)
    assert b"50.0 %" in browser_of_staff.get(CODES).content


def test_a_code_is_disabled_and_enabled_with_a_reason(browser_of_staff, code):
    assert browser_of_staff.post(f"{CODES}{code.pk}/disable/", {"reason": " "}).status_code == 200
    code.refresh_from_db()
    assert code.disabled_at is None

    browser_of_staff.post(f"{CODES}{code.pk}/disable/", WHY)
    assert ReferralCode.objects.named(code.code) is None
    browser_of_staff.post(f"{CODES}{code.pk}/enable/", WHY)
    assert ReferralCode.objects.named(code.code) == code

    entries = AuditEntry.objects.filter(object=f"referrals.referralcode:{code.pk}").order_by("pk")
    assert [entry.action for entry in entries] == ["referral_code.disabled", "referral_code.enabled"]
    assert {entry.cause for entry in entries} == {"A word was had."}


@pytest.mark.parametrize(("typed", "becomes"), [("", None), ("gdya-rn22", "GDYARN22")])
def test_a_code_is_replaced_by_a_drawn_or_a_chosen_one(browser_of_staff, code, typed, becomes):
    browser_of_staff.post(f"{CODES}{code.pk}/replace/", {"code": typed, **WHY})

    shown = ReferralCode.objects.shown_to(code.person)
    assert shown != code
    assert shown is not None
    assert becomes in (None, shown.code)
    assert AuditEntry.objects.get(action="referral_code.replaced").before == {"code": code.code}


def test_what_was_replaced_replaces_no_other(browser_of_staff, code):
    browser_of_staff.post(f"{CODES}{code.pk}/replace/", {"code": "", **WHY})
    shared = ReferralCode.objects.shown_to(code.person)

    page = browser_of_staff.post(f"{CODES}{code.pk}/replace/", {"code": "", **WHY}, follow=True)

    assert b"It was replaced already" in page.content
    assert ReferralCode.objects.shown_to(code.person) == shared


@pytest.mark.parametrize("typed", ["", "GDYARN22"])
def test_of_two_who_replace_one_code_the_second_is_told_so(browser_of_staff, code, typed, monkeypatch):
    code.name_as("Ada")
    read_before = ReferralCode.objects.get()
    shared = ReferralCode.objects.replace(code.person, at=AS_OF)
    # The second one's page was read before the first one's was done.
    monkeypatch.setattr("growth.admin.referrals.ReferralCodeAdmin.row_or_404", lambda *_asked: read_before)

    page = browser_of_staff.post(f"{CODES}{code.pk}/replace/", {"code": typed, **WHY}, follow=True)

    assert b"It was replaced already" in page.content
    assert ReferralCode.objects.shown_to(code.person) == shared
    assert not AuditEntry.objects.filter(action="referral_code.replaced").exists()


@pytest.mark.parametrize("typed", ["ADALOVES", "ABCDEFG", "ABCDEFG0", "taken"])
def test_a_code_of_other_letters_or_of_somebody_is_not_taken(browser_of_staff, code, typed):
    if typed == "taken":
        typed = ReferralCode.objects.issue_to(Person.objects.create(), at=AS_OF).code

    page = browser_of_staff.post(f"{CODES}{code.pk}/replace/", {"code": typed, **WHY})

    assert b"errorlist" in page.content
    assert ReferralCode.objects.shown_to(code.person) == code


def test_a_held_introduction_is_approved_and_both_get_their_days(browser_of_staff, staff, held):
    browser_of_staff.post(f"{REFERRALS}{held.pk}/approve/", WHY)

    held.refresh_from_db()
    assert (held.state, held.decided_by) == ("converted", staff)
    assert sorted(CreditGrant.objects.values_list("days", flat=True)) == [45, 45]
    assert AuditEntry.objects.filter(cause="A word was had.").exists()


def test_a_held_introduction_is_rejected_with_a_reason(browser_of_staff, held):
    assert browser_of_staff.post(f"{REFERRALS}{held.pk}/reject/", {"reason": ""}).status_code == 200
    held.refresh_from_db()
    assert held.state == "held"

    browser_of_staff.post(f"{REFERRALS}{held.pk}/reject/", WHY)

    held.refresh_from_db()
    assert (held.state, held.reason) == ("rejected", "A word was had.")
    assert not CreditGrant.objects.exists()


def test_what_waits_for_a_decision_comes_first(browser_of_staff, held, code):
    other = brings(code, Person.objects.create())
    Referral.objects.filter(pk=held.pk).update(decide_by=None)
    Referral.objects.filter(pk=other.pk).update(state="reversed", decide_by=AS_OF)

    assert browser_of_staff.get(REFERRALS).context["cl"].result_list[0] == held


def give(browser, to, days, **how):
    """Send the form of the ledger."""
    said = {"person": str(to.public_id), "days": days, "once": "form-1", **WHY, **how}
    return browser.post(f"{CREDITS}add/", said)


def test_a_form_whose_own_name_is_missing_comes_back_with_a_word(browser_of_staff, code):
    page = give(browser_of_staff, code.person, days=1, once="").content.decode()

    assert "did not arrive whole" in page
    assert not CreditGrant.objects.exists()


def test_days_are_given_once_however_often_the_form_is_sent(browser_of_staff, staff, code):
    for _turn in range(2):
        give(browser_of_staff, code.person, 10)

    grant = CreditGrant.objects.get()
    assert (grant.days, grant.kind, grant.actor, grant.note) == (10, "admin", staff, "A word was had.")
    assert AuditEntry.objects.filter(action="credit.granted").count() == 1


def test_many_days_are_proposed_once_however_often_the_form_is_sent(browser_of_staff, code):
    answers = [give(browser_of_staff, code.person, 400) for _turn in range(2)]

    proposal = CreditProposal.objects.get()
    assert {answer.url for answer in answers} == {f"{PROPOSALS}{proposal.pk}/change/"}
    assert AuditEntry.objects.filter(action="credit.proposed").count() == 1
    give(browser_of_staff, code.person, 400, once="form-2")
    assert CreditProposal.objects.count() == 2


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (10, {"days": 20}),
        (10, {"days": 400}),
        (400, {"days": 10}),
        (400, {"days": 401}),
        (10, {"reason": "They asked again."}),
        (400, {"reason": "They asked again."}),
        (10, {"person": "eve@example.org"}),
    ],
)
def test_a_form_that_was_entered_and_says_something_else_by_now_is_not_called_entered(
    browser_of_staff, code, first, then
):
    Person.objects.create(account=User.objects.create_user("eve@example.org"))
    browser_of_staff.get(give(browser_of_staff, code.person, first).url)

    answer = give(browser_of_staff, code.person, **({"days": first} | then))

    page = browser_of_staff.get(answer.url).content.decode()
    assert "This form was entered before" in page
    assert "Entered." not in page
    assert CreditGrant.objects.count() + CreditProposal.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"reason": ""}, {"days": 0}, {"days": 99_999}, {"days": "NaN"}, {"person": "nobody"}, {"person": ""}],
)
def test_days_of_nobody_or_without_a_reason_are_not_given(browser_of_staff, code, wrong):
    assert give(browser_of_staff, code.person, **({"days": 10} | wrong)).status_code == 200
    assert not CreditGrant.objects.exists()


def test_more_than_a_year_takes_two(browser_of_staff, code):
    give(browser_of_staff, code.person, 400)
    proposal = CreditProposal.objects.get()
    assert not CreditGrant.objects.exists()

    browser_of_staff.post(f"{PROPOSALS}{proposal.pk}/approve/")
    assert not CreditGrant.objects.exists()
    other = signed_in(User.objects.create_superuser("other@example.org"))
    for _turn in range(2):
        other.post(f"{PROPOSALS}{proposal.pk}/approve/")

    assert CreditGrant.objects.get().days == 400


def test_a_second_one_may_decline(browser_of_staff, code):
    give(browser_of_staff, code.person, 400)
    proposal = CreditProposal.objects.get()
    browser_of_staff.post(f"{PROPOSALS}{proposal.pk}/decline/", WHY)
    proposal.refresh_from_db()
    assert proposal.state == "open"

    other = signed_in(User.objects.create_superuser("other@example.org"))
    other.post(f"{PROPOSALS}{proposal.pk}/decline/", WHY)

    proposal.refresh_from_db()
    assert proposal.state == "declined"
    assert not CreditGrant.objects.exists()


@pytest.mark.parametrize("verb", ["change", "delete"])
def test_the_ledger_and_what_it_tells_of_are_looked_at_only(browser_of_staff, code, held, verb):
    give(browser_of_staff, code.person, 10)
    rows = ((CREDITS, CreditGrant.objects.get()), (REFERRALS, held), (CODES, code))

    for address, row in rows:
        assert browser_of_staff.post(f"{address}{row.pk}/{verb}/", {"post": "yes"}).status_code == 403
    assert CreditGrant.objects.get().days == 10


def test_who_may_only_look_decides_nothing(in_groups, held, code):
    client = in_groups("People")
    assert client.get(REFERRALS).status_code == 200

    for address in (
        f"{REFERRALS}{held.pk}/approve/",
        f"{REFERRALS}{held.pk}/reject/",
        f"{CODES}{code.pk}/disable/",
        f"{CODES}{code.pk}/replace/",
        f"{CREDITS}add/",
    ):
        assert client.post(address, WHY).status_code == 403, address
    held.refresh_from_db()
    assert held.state == "held"


@pytest.mark.parametrize(("groups", "is_told"), [(["Referrals"], False), (["Referrals", "Money"], True)])
def test_what_a_friend_paid_is_told_to_who_may_see_money(in_groups, held, groups, is_told):
    page = in_groups(*groups).get(f"{REFERRALS}{held.pk}/change/").content.decode()

    assert ("€5" in page) is is_told


def test_the_list_of_introductions_names_no_code_but_theirs(browser_of_staff, held):
    another = ReferralCode.objects.issue_to(Person.objects.create(), at=AS_OF)

    assert another.code not in browser_of_staff.get(REFERRALS).content.decode()


def test_the_shipped_group_decides(in_groups, held, code):
    client = in_groups("Referrals")
    client.post(f"{REFERRALS}{held.pk}/approve/", WHY)
    give(client, code.person, 5)

    held.refresh_from_db()
    assert held.state == "converted"
    assert CreditGrant.objects.filter(days=5).exists()


def test_days_are_given_by_who_has_just_shown_who_they_are(staff, held, code):
    TOTP.activate(staff, generate_totp_secret())
    client = signed_in(staff)

    for answer in (
        client.post(f"{REFERRALS}{held.pk}/approve/", WHY),
        give(client, code.person, 10),
    ):
        assert "/reauthenticate/" in answer.url
    assert not CreditGrant.objects.exists()


def test_the_verbs_stand_on_the_page_of_the_row(browser_of_staff, in_groups, held, code):
    for address, verbs in (
        (f"{REFERRALS}{held.pk}", ("approve", "reject")),
        (f"{CODES}{code.pk}", ("disable",)),
    ):
        page = browser_of_staff.get(f"{address}/change/").content.decode()
        looking = in_groups("People").get(f"{address}/change/").content.decode()
        for verb in verbs:
            assert f"{address}/{verb}/" in page
            assert f"{address}/{verb}/" not in looking
    assert f"{CREDITS}add/" in browser_of_staff.get(CREDITS).content.decode()
