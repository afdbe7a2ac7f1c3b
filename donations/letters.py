"""What the mails to supporters say, and how they are handed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string

from donations.money import Money

if TYPE_CHECKING:
    from donations.models import SupportMail

#: What a mail server raises that has said no: then it did not take the mail.
NotTaken = (SMTPResponseException, SMTPRecipientsRefused)


@contextmanager
def post() -> Iterator[Any]:
    """An open connection to the mail server. What fails before it is open was not sent."""
    connection = get_connection()
    connection.open()
    try:
        yield connection
    finally:
        connection.close()


def letter(mail: SupportMail) -> EmailMessage:
    """The mail, in plain text; its Message-ID is the same whenever it is sent."""
    told = mail.facts or {}
    facts = {
        "payment": mail.payment,
        "site": settings.SITE_URL or f"http://{settings.HOST}:{settings.PORT}",
        "money": Money(told["amount"], told["currency"]) if "amount" in told else None,
        **told,
    }
    subject = render_to_string(f"donations/email/{mail.kind}_subject.txt", facts)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string(f"donations/email/{mail.kind}.txt", facts),
        to=[mail.address],
        headers={"Message-ID": f"<support-{mail.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
