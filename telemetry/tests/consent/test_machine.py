"""Whatever people, browsers and programs do in whatever order: nothing leaves without a yes that stands."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpResponse
from django.urls import resolve
from hypothesis import HealthCheck, Phase, settings as effort, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from telemetry.consent.middleware import ConsentMiddleware
from telemetry.consent.models import ConsentRecord, Source
from telemetry.consent.visitors import answer_of, say_no, say_yes
from telemetry.delivery.models import Delivery
from telemetry.delivery.querysets import DELIVERED
from telemetry.log.ingest import store
from telemetry.log.items import Item
from telemetry.log.models import Event, Origin
from telemetry.log.pages import track_page_view
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.tests.consent.conftest import MINUTE, NOON, Browser
from telemetry.tests.consent.household import Expectation, Window

ONE_OF_TWO = st.integers(0, 1)


class Household(RuleBasedStateMachine):
    """Two accounts, two browsers, a program that sends events, and the queue of what leaves."""

    policy = "opt_in"

    def __init__(self):
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("django.conf.settings.TELEMETRY_CONSENT", self.policy)
        self.patch.setattr("django.conf.settings.TELEMETRY_SINK", "http://127.0.0.1:9")
        self.patch.setattr("django.conf.settings.TELEMETRY_DETAILED", True)
        self.example = transaction.atomic()
        self.example.__enter__()
        self.now, self.numbers = NOON, count()
        self.expected = Expectation(self.policy)
        self.shows(self.expected.text)
        self.accounts = [self.an_account(number) for number in range(2)]
        self.browsers, self.windows = [Browser(), Browser()], [Window(), Window()]

    def teardown(self):
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        self.patch.undo()

    @rule()
    def export(self):
        """Everything that waits leaves now: each row has a yes of its time, and no withdrawal since."""
        waiting = Delivery.objects.detailed().pending()
        for row in waiting:
            record = ConsentRecord.objects.get(pk=row.consent_id or 0)
            event = Event.objects.get(pk=row.event_id or 0)
            answers = ConsentRecord.objects.filter(person=row.person_id).exclude(source=Source.POLICY)
            last = answers.order_by("pk").last()
            assert event.origin != Origin.CSV
            assert (event.person_id, event.consent_id) == (row.person_id, record.pk)
            assert record.granted
            assert record.person_id == row.person_id
            assert record.at <= row.occurred_at
            assert last is None or last.granted, "a withdrawal stands"
            assert not answers.filter(granted=False, pk__gt=record.pk).exists(), "withdrawn before export"
            assert self.policy == "opt_out" or record.source != Source.POLICY
        waiting.take_out(DELIVERED, "")

    # --- What happens ---

    @rule(minutes=st.integers(0, 90))
    def time_passes(self, minutes):
        self.now += minutes * MINUTE

    @rule(at=ONE_OF_TWO, header=st.sampled_from(["Sec-GPC", "DNT"]), value=st.sampled_from(["1", "0"]))
    def the_signal_is_switched(self, at, header, value):
        self.browsers[at].headers[header] = value

    @rule(at=ONE_OF_TWO)
    def somebody_looks_at_a_page(self, at):
        person = self.a_request(at)
        before = Event.objects.filter(type__name="page.viewed").count()
        last = self.last_queued()

        with time_machine.travel(self.now, tick=False):
            request = self.browsers[at].request()
            request.resolver_match = resolve("/")
            counted = track_page_view(request, at=self.now)

        assert counted == self.expected.agrees(person)
        assert Event.objects.filter(type__name="page.viewed").count() == before + counted
        assert self.queued_since(last) == counted

    @rule(at=ONE_OF_TWO)
    def somebody_says_yes(self, at):
        self.a_request(at)
        window = self.windows[at]
        with time_machine.travel(self.now, tick=False):
            person = self.browsers[at].answers(say_yes, at=self.now)
        if window.account is None:
            window.visitor, window.chose_no = person.pk, False
        if self.signals(at):
            self.expected.hears(person.pk)
        self.expected.says(person.pk, "yes")

    @rule(at=ONE_OF_TWO)
    def somebody_says_no(self, at):
        person = self.a_request(at)
        window = self.windows[at]
        with time_machine.travel(self.now, tick=False):
            self.browsers[at].answers(say_no, at=self.now)
        if window.account is not None:
            person = self.person_of(window.account).pk
        else:
            window.visitor, window.chose_no = None, True
        if person is not None:
            self.expected.says(person, "no")

    @rule(at=ONE_OF_TWO, number=ONE_OF_TWO)
    def somebody_signs_in(self, at, number):
        window, browser = self.windows[at], self.browsers[at]
        if window.account is not None:
            return
        before = self.person_of(number)
        with time_machine.travel(self.now, tick=False):
            request = browser.request()
            request.session = SessionStore()
            login(request, self.accounts[number], backend="growth.accounts.backends.CodeOnly")
        browser.user, window.account = self.accounts[number], number
        person = self.person_of(number)
        if window.visitor is not None and before is not None:
            self.expected.joins(window.visitor, person.pk)
        if window.chose_no:
            self.expected.says(person.pk, "no")
        self.is_nobody_s_visitor(window.visitor)
        if self.signals(at):
            self.expected.hears(person.pk)
        window.visitor, window.chose_no = None, False
        self.a_request(at)
        assert not browser.cookies

    @rule(at=ONE_OF_TWO)
    def somebody_signs_out(self, at):
        self.browsers[at].user, self.windows[at].account = AnonymousUser(), None

    @rule(number=ONE_OF_TWO, ago=st.integers(0, 120), origin=st.sampled_from([Origin.API, Origin.CSV]))
    def a_program_sends(self, number, ago, origin):
        """Of the account's person, if it has one, by a name that only they have."""
        person = self.person_of(number)
        name = f"u{number}"
        if person is not None and not Person.objects.filter(aliases__value=name).exists():
            person.aliases.create(kind="user", value=name)
        happened = self.now - timedelta(minutes=ago)
        items = [
            Item(id=f"{next(self.numbers)}", name="activity.logged", user=who, occurred_at=happened)
            for who in (name, "somebody else")
        ]
        last = self.last_queued()
        store(items, origin=origin, now=self.now)
        assert self.queued_since(last) == 0 or origin is Origin.API

    @rule()
    def the_text_changes(self):
        self.expected.text = f"text-{next(self.numbers)}"
        self.shows(self.expected.text)

    @rule(number=ONE_OF_TWO)
    def somebody_is_erased(self, number):
        """The account goes with its person; the browsers show a stranger who may sign up again."""
        person = self.person_of(number)
        if person is None:
            return
        self.expected.forgets(person.pk)
        self.is_nobody_s_visitor(person.pk)
        erase(person, at=self.now)
        self.accounts[number] = self.an_account(number)
        for at in range(2):
            if self.windows[at].account == number:
                self.somebody_signs_out(at)

    # --- How it is told ---

    def a_request(self, at):
        """Any request, through the middleware; the key of the person it is from."""
        seen, browser, window = [], self.browsers[at], self.windows[at]

        def page(request):
            seen.append(answer_of(request))
            return HttpResponse()

        with time_machine.travel(self.now, tick=False):
            browser.take(ConsentMiddleware(page)(browser.request()))
        person = window.person([self.person_of(0), self.person_of(1)])
        if person is not None and self.signals(at):
            self.expected.hears(person)
        self.check_answer(seen[0], at, person)
        return person

    def check_answer(self, seen, at, person):
        word, text, _said = self.expected.words.get(person, (None, self.expected.text, 0))
        if word == "no" or (word is None and (self.signals(at) or self.windows[at].chose_no)):
            assert seen is False
        elif word == "yes" and text == self.expected.text:
            assert seen is True
        else:
            assert seen is None

    def last_queued(self):
        """The number of the row that was queued last."""
        return Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def queued_since(self, number):
        """How many rows were queued after that one, each by a yes to the words of this moment."""
        rows = Delivery.objects.detailed().filter(pk__gt=number).exclude(consent__source=Source.POLICY)
        assert set(rows.values_list("consent__text_version", flat=True)) <= {self.expected.text}
        return Delivery.objects.detailed().filter(pk__gt=number).count()

    def is_nobody_s_visitor(self, visitor):
        """No window shows this visitor any more."""
        for window in self.windows:
            if visitor is not None and window.visitor == visitor:
                window.visitor = None

    def signals(self, at):
        return "1" in self.browsers[at].headers.values()

    def an_account(self, number):
        return get_user_model().objects.create_user(f"a{number}@growth.example", date_joined=NOON)

    def person_of(self, number):
        return Person.objects.filter(account=self.accounts[number]).first()

    def shows(self, text):
        for module in ("standing", "answers", "visitors"):
            self.patch.setattr(f"telemetry.consent.{module}.TEXT_VERSION", text)


class SilentHousehold(Household):
    """The same where silence is a yes."""

    policy = "opt_out"


def lived_by(household, examples, steps):
    run_state_machine_as_test(
        household,
        settings=effort(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],  # to shorten a life takes longer than to read it
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("household", [Household, SilentHousehold])
def test_nothing_leaves_without_a_yes_that_stands(household):
    lived_by(household, examples=25, steps=25)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("household", [Household, SilentHousehold])
def test_nothing_leaves_without_a_yes_that_stands_in_many_lives(household):
    lived_by(household, examples=80, steps=50)
