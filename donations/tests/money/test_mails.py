"""A receipt goes out at most once; what nobody can be sure of is staff's to decide."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from donations.models import Payment, SupportMail
from telemetry.models import Alert, AuditEntry


@pytest.fixture
def receipt(shop, person, settle):
    """A receipt that waits."""
    settle(shop.pay(person, "once", 1250))
    return SupportMail.objects.get()


def send(later=timedelta(0)):
    return SupportMail.objects.due(timezone.now() + later).drain()


@pytest.fixture
def server(monkeypatch):
    """The mail server raises this, before or after it has the mail."""

    def fail(error, *, sent=False, on="send_messages"):
        original = EmailBackend.send_messages

        def raise_it(backend, messages=()):
            if sent:
                original(backend, messages)
            raise error

        monkeypatch.setattr(EmailBackend, on, raise_it)

    return fail


def test_a_receipt_says_what_was_paid(receipt, person):
    assert send().done == 1

    (message,) = mail.outbox
    assert message.to == [person.account.email]
    assert str(message.subject) == "Your receipt for €12.50"
    for told in ("€12.50", Payment.objects.get().reference):
        assert told in str(message.body)
    assert message.extra_headers["Message-ID"].startswith(f"<support-{receipt.pk}@")


def test_a_receipt_that_was_sent_is_not_sent_again(receipt):
    send()
    send(later=timedelta(days=1))

    assert len(mail.outbox) == 1
    assert not SupportMail.objects.queue_once(
        "receipt", Payment.objects.get().reference, person=receipt.person, at=timezone.now()
    )


@pytest.mark.parametrize(
    "error",
    [smtplib.SMTPDataError(451, b"later"), smtplib.SMTPRecipientsRefused({})],
    ids=lambda error: type(error).__name__,
)
def test_a_server_that_says_no_is_asked_again(error, receipt, server, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr(EmailBackend, "send_messages", lambda *_args: (_ for _ in ()).throw(error))
        assert send().failed == 1
    receipt.refresh_from_db()
    assert (receipt.state, receipt.handed_over_at, receipt.is_uncertain) == ("pending", None, False)

    assert send(later=timedelta(minutes=1)).done == 1
    assert len(mail.outbox) == 1


def test_a_server_that_is_not_there_is_asked_again(receipt, server):
    server(ConnectionRefusedError(), on="open")

    assert send().failed == 1
    receipt.refresh_from_db()
    assert (receipt.handed_over_at, receipt.is_uncertain) == (None, False)


def test_an_answer_that_is_lost_makes_it_uncertain_and_nothing_is_sent_twice(receipt, server):
    server(smtplib.SMTPServerDisconnected(), sent=True)
    send()
    send(later=timedelta(days=1))

    receipt.refresh_from_db()
    assert (receipt.state, receipt.is_uncertain, len(mail.outbox)) == ("done", True, 1)
    assert Alert.objects.open().get().key == "mail:uncertain"


def test_a_kill_between_handing_over_and_the_answer_makes_it_uncertain(receipt):
    SupportMail.objects.update(handed_over_at=timezone.now(), attempts=1)

    send()

    receipt.refresh_from_db()
    assert (receipt.is_uncertain, mail.outbox) == (True, [])


def test_a_kill_before_handing_over_sends_it_once(receipt):
    receipt.claim(timezone.now())

    send(later=timedelta(minutes=1))

    assert len(mail.outbox) == 1


def test_staff_send_again_what_is_uncertain(receipt, admin_user):
    SupportMail.objects.update(handed_over_at=timezone.now(), attempts=1)
    send()
    receipt.refresh_from_db()

    assert receipt.send_again(by=admin_user, at=timezone.now())
    assert not receipt.send_again(by=admin_user, at=timezone.now())
    send()

    assert len(mail.outbox) == 1
    receipt.refresh_from_db()
    assert not receipt.is_uncertain
    assert AuditEntry.objects.get(action="support_mail.sent_again").actor == admin_user


def test_nobody_to_write_to_is_no_mail(person):
    person.account = None

    assert not SupportMail.objects.queue_once("receipt", "in_1", person=person, at=timezone.now())


def test_every_kind_of_mail_has_its_text(person, shop, settle):
    settle(shop.pay(person, "once"))
    payment = Payment.objects.get()
    facts = {"amount": 500, "currency": "eur", "days": 7, "invoice_url": "https://x.example"}
    for kind in SupportMail.Kind:
        SupportMail.objects.queue_once(
            kind, "all", person=person, payment=payment, facts=facts, at=timezone.now()
        )

    assert send().done == len(SupportMail.Kind) + 1
    for message in mail.outbox:
        assert message.subject
        assert "\n" not in message.subject
        assert not {"{{", "{%", "None"} & set(message.body.split())


@pytest.mark.guard
def test_without_the_mark_before_handing_over_a_lost_answer_sends_twice(receipt, server, monkeypatch):
    monkeypatch.setattr(SupportMail, "_hand_over", lambda mail, now: True)
    monkeypatch.setattr("donations.letters.NotTaken", (Exception,))
    server(smtplib.SMTPServerDisconnected(), sent=True)

    send()
    send(later=timedelta(minutes=1))

    assert len(mail.outbox) == 2
