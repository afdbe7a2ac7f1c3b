"""The worker is killed while it settles what Stripe told: each event has its effect, once."""

import os
import re
import signal
import sqlite3
from contextlib import closing

import pytest

from growth.tests.chaos.house import await_that

pytestmark = pytest.mark.chaos

WORKER = "celery --quiet --app growth worker"
KILLS = 3  # the parent gives up at the fourth within a minute
PEOPLE = 40

MONEY = """
from donations import gateway
from donations.models import *
"""
#: Each second one begins a membership, the others give once; Stripe tells of all of it at one instant.
PAY = f"""{MONEY}
from django.db import transaction
from donations.tests.money.conftest import Shop, deliver, somebody
shop, told = Shop(gateway.http_client()), []
for number in range({PEOPLE}):
    told += shop.pay(somebody(), "monthly" if number % 2 else "once")
with transaction.atomic():
    deliver(told)
"""
#: What the killed held is due again, sooner than after its lease.
END_THE_LEASES = f"""{MONEY}
for kind in (StripeEvent, SupportMail):
    kind.objects.held(now).update(lease_until=now)
    kind.ring()
"""
SETTLED = f"""{MONEY}
say([
    sorted(set(StripeEvent.objects.values_list("state", flat=True))),
    Payment.objects.count(),
    Payment.objects.values("person").distinct().count(),
    Supporter.objects.filter(tier="paid").count(),
    list(StripeEvent.objects.filter(attempts__gt=1).values_list("pk", flat=True)),
])
"""
MAILS = f"""{MONEY}
receipts = SupportMail.objects.filter(kind="receipt", state="done")
say([
    receipts.values("payment").distinct().count(),
    SupportMail.objects.count(),
    list(receipts.filter(is_uncertain=False).values_list("pk", flat=True)),
])
"""
CLAIMED = "SELECT id, attempts FROM donations_stripeevent WHERE state = 'pending' AND attempts > 0"


def asked(house, question):
    """What the house's database says, without a word to its processes."""
    with closing(sqlite3.connect(f"file:{house.folder}/growth.sqlite3?mode=ro", uri=True)) as reader:
        return set(reader.execute(question))


def has_settled(house, table):
    """Whether no row waits or is worked on."""
    return not asked(house, f"SELECT id FROM {table} WHERE state = 'pending'")


def kill_at_work(house, before):
    """SIGKILL to the worker while it holds events that it did not hold `before`; all that are held then."""

    def held():
        # It stands still while we look.
        for pid in (pids := house.processes(WORKER)):
            os.kill(pid, signal.SIGSTOP)
        try:
            claimed = asked(house, CLAIMED)
        except sqlite3.OperationalError:
            claimed = before  # it stands still with the whole file to itself
        if pids and claimed - before:
            house.kill(WORKER)
            return claimed
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        return None

    return await_that(held, 60, "the worker works on an event", every=0.01)


def test_a_worker_killed_among_stripes_events_settles_each_once(house, mail_server):
    house.ask(PAY)
    killed: set[tuple[int, int]] = set()
    for _kill in range(KILLS):
        killed |= kill_at_work(house, killed)

    house.ask(END_THE_LEASES)
    await_that(lambda: has_settled(house, "donations_stripeevent"), 90, "every event is settled")
    states, payments, payers, paid, again = house.ask(SETTLED)
    assert (states, payments, payers, paid) == (["done"], PEOPLE, PEOPLE, PEOPLE // 2)
    assert {event for event, _attempts in killed} <= set(again)

    house.ask(END_THE_LEASES)
    await_that(lambda: has_settled(house, "donations_supportmail"), 90, "every mail is settled")
    receipts, mails, certain = house.ask(MAILS)
    assert receipts == mails == PEOPLE
    sent = [int(pk) for mail in mail_server.taken for pk in re.findall(r"Message-ID: <support-(\d+)@", mail)]
    assert len(sent) == len(set(sent))
    assert set(certain) <= set(sent)  # what a kill met at the mail server is uncertain, and not sent again
    assert len(certain) >= PEOPLE - 2 * KILLS  # two threads
    house.assert_invariants()
