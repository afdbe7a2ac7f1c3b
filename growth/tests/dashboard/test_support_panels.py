"""The panels of support: the funnel's breakdowns, money to the cent, click-through, supporters, arms."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from donations.events import BannerSeen, DonationClicked, ModalOpened, PaymentSucceeded, Placement, Prompt
from donations.models import DonationInteraction, Payment, Supporter, SupporterKey
from donations.money import Money
from donations.revenue import revenue
from growth.tests.dashboard.conftest import AS_OF, DAYS, links_of
from telemetry.experiments.arms import expose
from telemetry.experiments.models import Experiment
from telemetry.log.track import track

DAY = timedelta(days=1)


@pytest.fixture
def supported(did, a_product):
    """Seven people who were asked: most opened the dialog, some paid, one got it back."""
    Experiment.objects.get(key="support_hero").start(at=AS_OF - 20 * DAY)
    for number, name in enumerate(("ann", "ben", "cem", "dot", "eve", "fay", "gus")):
        person, arm = did(name), ("control", "key_first")[number % 2]
        at = AS_OF - (9 - number) * DAY
        led = {"placement": "banner", "variant": arm}
        expose(person, "support_hero", arm, at=at)
        track(person, BannerSeen(placement=Placement.BANNER, variant=arm), at=at)
        touch(person, "banner_impression", at, led)
        if number < 5:
            opened = ModalOpened(placement=Placement.HEADER, variant=arm, prompt=Prompt.SEVEN_DAY)
            track(person, opened, at=at + DAY / 24)
            touch(person, "support_modal_opened", at + DAY / 24, led)
        if number < 3:
            at += DAY / 12
            track(person, DonationClicked(placement=Placement.HEADER, choice="10", variant=arm), at=at)
            track(person, PaymentSucceeded(placement=Placement.HEADER, amount=1000, currency="eur"), at=at)
            pay(person, f"pi_{number}", at, led)
            Supporter.objects.create(person=person, last_gift_at=at)
    pay(did("ann"), "pi_jpy", AS_OF - DAY, {"placement": "donate_page"}, currency="jpy")
    Payment.objects.filter(payment_intent_id="pi_1").update(amount_refunded=300)


def touch(person, what, at, led):
    DonationInteraction.objects.create(person=person, interaction_type=what, created_at=at, **led)


def pay(person, name, at, led, currency="eur"):
    Payment.objects.create(
        kind="once", person=person, payment_intent_id=name, amount=1000, currency=currency,
        paid_at=at, created_at=at, **led,
    )  # fmt: skip


def panel(client, slug, query=""):
    """A panel's table, as it is downloaded: what is on the screen."""
    response = client.get(f"/admin/panels/{slug}.csv?{DAYS}&{query}")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    return rows[rows.index([]) + 1 :]


def test_every_number_of_support_opens_as_many_people_as_it_says(browser_of_staff, supported):
    page = browser_of_staff.get(f"/admin/?{DAYS}&money_by=variant").content.decode()
    kinds = {"payers", "touched", "supports", "arm"}
    links = [
        (href, number) for href, number in links_of(page) if any(f"%22{kind}%22" in href for kind in kinds)
    ]

    assert {kind for kind in kinds if any(f"%22{kind}%22" in href for href, _number in links)} == kinds
    for href, number in links:
        assert browser_of_staff.get(href).context["page"].paginator.count == number, href


def test_money_equals_the_payments_and_says_so(browser_of_staff, supported):
    rows = panel(browser_of_staff, "money")

    assert [row[:6] for row in rows[1:5]] == [
        ["Banner", "EUR", "3", "€30", "€3", "€27"],
        ["Support page", "JPY", "1", "¥1,000", "¥0", "¥1,000"],
        ["All payments", "EUR", "3", "€30", "€3", "€27"],
        ["All payments", "JPY", "1", "¥1,000", "¥0", "¥1,000"],
    ]
    assert rows[5][1] == "Equals the payments: €27, ¥1,000 shown, difference €0, ¥0."


def test_a_payment_that_is_shown_twice_or_not_at_all_is_told(browser_of_staff, supported, monkeypatch):
    monkeypatch.setattr("growth.dashboard.money.revenue", lambda *asked: revenue(*asked)[1:])

    page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()

    assert "Does not equal the payments" in page
    assert "difference −€27" in page  # noqa: RUF001


def test_by_arm_money_stands_beside_who_saw_it(browser_of_staff, supported):
    rows = {(row[0], row[1]): row for row in panel(browser_of_staff, "money", "money_by=variant")}

    assert rows["control", "EUR"][5] == "€20"
    assert rows["control", "EUR"][-1] == "€5"
    assert rows["key_first", "EUR"][5] == "€7"


class Drawn(HTMLParser):
    """The cells and findings of a panel: what stands in each outside of a link, and what links say."""

    def __init__(self, html):
        super().__init__()
        self.loose, self.links, self._within = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag in ("td", "a", "details", "p") or "g-rate" in said.get("class", ""):
            self._within.append((tag, said))
        if tag == "td" or "g-finding" in said.get("class", ""):
            self.loose.append("")

    def handle_endtag(self, tag):
        if self._within and self._within[-1][0] == tag:
            self._within.pop()

    def handle_data(self, text):
        tags = [tag for tag, _said in self._within]
        # The data table says once more, as text, what the panel says: it is there to be read and copied.
        if "details" in tags or not {"td", "p"} & set(tags):
            return
        tag, said = self._within[-1]
        if tag == "a":
            self.links.append((said["href"], text))
        elif tag != "span" and self.loose:
            self.loose[-1] += text


def drawn(client, slug, query=""):
    """A panel as it is drawn."""
    page = client.get(f"/admin/?{DAYS}&{query}").content.decode()
    return Drawn(page.split(f'id="{slug}"')[1].split("</figure>")[0])


@pytest.fixture
def confused(supported, did):
    """Two people who saw a second arm."""
    for name, arm in (("fay", "control"), ("gus", "key_first")):
        expose(did(name), "support_hero", arm, at=AS_OF - DAY / 2)


@pytest.mark.parametrize("query", ["", "money_by=variant", "money_by=prompt"])
@pytest.mark.parametrize("slug", ["money", "experiment"])
def test_no_number_of_these_panels_stands_there_without_a_link(browser_of_staff, confused, slug, query):
    panel_drawn = drawn(browser_of_staff, slug, query)
    bare = [text for text in panel_drawn.loose if re.search("[1-9]", text)]

    # What the payments come to is said once more, to be compared with the sums above it.
    assert [text for text in bare if not text.startswith("Equals the payments")] == []
    assert len(panel_drawn.links) > 8


def what_they_come_to(payments):
    """All that the panel says of payments in one currency, as text."""
    (currency,) = {payment.currency for payment in payments}
    net = sum(payment.net.amount for payment in payments)
    sums = {sum(payment.amount for payment in payments), sum(each.amount_refunded for each in payments), net}
    # For each payer, and for each of those who saw the first arm or the second.
    heads = (len({payment.person_id for payment in payments}), 4, 3)
    sums |= {Decimal(net / each).quantize(1, ROUND_HALF_UP) for each in heads}
    return {str(payments.count()), *(str(Money(int(each), currency)) for each in sums)}


@pytest.mark.parametrize("by", ["placement", "variant", "prompt"])
def test_every_sum_of_money_opens_the_payments_that_it_is_the_sum_of(browser_of_staff, supported, by):
    links = drawn(browser_of_staff, "money", f"money_by={by}").links
    opened = [(href, text) for href, text in links if "/donations/payment/" in href]

    assert len(opened) >= 12
    for href, text in opened:
        listed = browser_of_staff.get(href).context["cl"].queryset
        assert text in what_they_come_to(listed), href


def test_the_payments_of_a_group_are_told_by_day_currency_and_what_is_left(browser_of_staff, supported, did):
    pay(did("gus"), "pi_late", AS_OF, {"placement": "banner"})
    Payment.objects.filter(payment_intent_id="pi_2").update(dispute=Payment.Dispute.LOST)
    links = drawn(browser_of_staff, "money").links
    opened = [(href, text) for href, text in links if "/donations/payment/" in href][:4]

    def names(href):
        return {row.payment_intent_id for row in browser_of_staff.get(href).context["cl"].queryset}

    assert [text for _href, text in opened] == ["3", "€30", "€13", "€17"]
    assert [names(href) for href, _text in opened] == [
        {"pi_0", "pi_1", "pi_2"}, {"pi_0", "pi_1", "pi_2"}, {"pi_1", "pi_2"}, {"pi_0", "pi_1"},
    ]  # fmt: skip


def test_payments_do_not_open_for_who_may_see_sums_only(in_groups, supported):
    sums_only = in_groups("Aggregate figures", permissions=["growth.view_money"])

    assert drawn(sums_only, "money").links == []
    assert "/donations/payment/" in drawn(in_groups("Money"), "money").links[0][0]


def test_who_saw_several_arms_is_shown(browser_of_staff, confused, did):
    href, text = drawn(browser_of_staff, "experiment").links[-1]
    behind = browser_of_staff.get(href).context["page"].object_list

    assert text == "2"
    assert {person.pk for person in behind} == {did("fay").pk, did("gus").pk}


def test_money_is_hidden_without_its_permission(in_groups, supported):
    client = in_groups("People")
    page = client.get(f"/admin/?{DAYS}").content.decode()

    assert "€27" not in page
    assert client.get(f"/admin/panels/money.csv?{DAYS}").status_code == 403


def test_who_paid_is_not_told_without_the_permission_for_money(in_groups, browser_of_staff, supported):
    page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()
    href = next(href for href, _number in links_of(page) if "%22payers%22" in href)

    assert browser_of_staff.get(href).status_code == 200
    assert in_groups("People").get(href).status_code == 403


def test_small_counts_of_payers_are_hidden_from_those_who_may_not_see_people(in_groups, supported):
    rows = panel(in_groups("Money"), "money")

    assert rows[1][6:10] == ["< 5", "< 5", "< 5", "–"]  # noqa: RUF001


def test_click_through_counts_people(browser_of_staff, supported, did):
    at = AS_OF - 2 * DAY
    for _again in range(3):
        touch(did("gus"), "link_clicked", at, {"placement": "banner_key"})
    touch(did("ben"), "link_clicked", at, {"placement": "header"})
    rows = {row[0]: row[1:] for row in panel(browser_of_staff, "click-through")}

    assert rows["Banner"] == ["7", "0", "6", "6", "85.7 %"]
    assert rows["Header"] == ["–", "–", "1", "–", "–"]  # noqa: RUF001


def test_supporters_are_told_by_how_they_support(browser_of_staff, supported, did):
    ends = AS_OF + 9 * DAY
    Supporter.objects.create(person=did("dot"), tier="paid", grace_until=ends)
    Supporter.objects.create(person=did("eve"), credit_until=ends)
    Supporter.objects.create(person=did("gus"), credit_until=AS_OF)
    SupporterKey.objects.create(
        person=did("ann"), system_id="s", signature="k", method="hmac", verified_at=AS_OF, created_at=AS_OF
    )
    rows = {row[0]: row[1] for row in panel(browser_of_staff, "supporters")}

    assert rows == {
        "How": "People",
        "Pay for a membership": "1",
        "Of these in grace: a renewal failed": "1",
        "Have credit": "1",
        "Gave in the last twelve months": "3",
        "Have a supporter key": "1",
    }
    assert "5</a>" in browser_of_staff.get(f"/admin/?{DAYS}").content.decode()


def test_an_experiment_is_told_by_arm_without_a_verdict(browser_of_staff, supported):
    header, *rows = panel(browser_of_staff, "experiment")

    assert header[:4] == ["Arm", "Saw it", "Dialog opened", "Dialog opened, rate"]
    assert rows[0] == ["control", "4", "3", "75.0 %", "2", "50.0 %", "0", "0.0 %", "2", "50.0 %"]
    assert rows[1][:3] == ["key_first", "3", "2"]
    assert rows[2][:3] == ["cta_alt", "0", "0"]
    assert "this is no verdict" in browser_of_staff.get(f"/admin/?{DAYS}").content.decode()


def test_a_draft_is_no_experiment_yet(browser_of_staff, a_product):
    assert "No experiment has been started yet." in browser_of_staff.get(f"/admin/?{DAYS}").content.decode()


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("placement", {"header"}),
        ("variant", {"control", "key_first"}),
        ("prompt", {"seven_day"}),
        ("nothing-known", {"header"}),
    ],
)
def test_the_funnel_of_the_ask_is_told_apart_by_choice(browser_of_staff, supported, by, groups):
    rows = panel(browser_of_staff, "funnel", f"funnel=from-prompt-to-payment&by={by}")

    assert {row[1] for row in rows if row[0] == "Group"} == groups


def test_the_funnel_from_the_impression_has_five_steps(browser_of_staff, supported):
    rows = panel(browser_of_staff, "funnel", "funnel=from-impression-to-payment")

    steps = [(row[1], row[2]) for row in rows[1:6]]
    assert steps[:3] == [("Banner seen", "7"), ("Dialog opened", "5"), ("Amount chosen", "3")]
    assert {row[1] for row in rows if row[0] == "Group"} == {"control", "key_first"}


def test_the_one_place_of_the_banner_tells_nobody_apart(browser_of_staff, supported):
    by_place, by_arm = (
        panel(browser_of_staff, "funnel", f"funnel=from-impression-to-payment&by={by}")
        for by in ("placement", "variant")
    )

    assert by_place == by_arm


SPAN = {"start": "2026-02-01T00:00:00+00:00", "end": "2026-03-01T00:00:00+00:00"}
AMONG = {"cohort": None, "reported_only": True}
PAYERS = {"kind": "payers", "which": "paid", "currency": "eur", "by": "placement", "value": "x", **SPAN}
TOUCHED = {"kind": "touched", "what": "seen", "surface": "banner", **SPAN, **AMONG}
SUPPORTS = {"kind": "supports", "how": "paid", "as_of": SPAN["end"], **AMONG}
ARM = {
    "kind": "arm", "experiment": "support_hero", "arm": "control", "step": None,
    "as_of": SPAN["end"], **SPAN, **AMONG,
}  # fmt: skip

SEVERAL = {"kind": "several-arms", "experiment": "support_hero"}


@pytest.mark.parametrize(
    ("question", "status"),
    [
        (PAYERS, 200),
        (PAYERS | {"which": "all"}, 404),
        (PAYERS | {"by": "card_digest"}, 404),
        (PAYERS | {"value": ["x"]}, 404),
        (PAYERS | {"value": "\0"}, 404),
        (PAYERS | {"value": "\ud800"}, 404),
        (PAYERS | {"currency": "\udfff"}, 404),
        (PAYERS | {"start": "never"}, 404),
        (TOUCHED, 200),
        (TOUCHED | {"what": "bought"}, 404),
        (TOUCHED | {"surface": "moon"}, 404),
        (TOUCHED | {"surface": "header"}, 404),
        (SUPPORTS, 200),
        (SUPPORTS | {"how": "loves"}, 404),
        (ARM, 200),
        (ARM | {"experiment": "nobody-made-it"}, 200),
        (ARM | {"step": "married"}, 404),
        (ARM | {"arm": 1}, 404),
        (SEVERAL, 200),
        (SEVERAL | {"experiment": "nobody-made-it"}, 200),
        (SEVERAL | {"experiment": "a b"}, 404),
        (SEVERAL | {"experiment": 1}, 404),
    ],
)
def test_a_link_is_read_or_is_none(browser_of_staff, a_product, question, status):
    address = f"/admin/people-behind/?q={quote(json.dumps(question))}"

    assert browser_of_staff.get(address).status_code == status
