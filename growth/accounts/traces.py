"""What an account leaves where no foreign key leads back to it: sessions, the admin's log, written mail."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import getaddresses
from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from telemetry.people.registry import Subject, names_of

RECIPIENTS = ("To", "Cc", "Bcc")


def sessions_of(subject: Subject) -> QuerySet[Session]:
    """Where they are signed in, and where a sign-in with an address of theirs was begun.

    What a session holds is signed and packed, so each is opened: some 20 µs a session.
    """
    if subject.account is None:
        return Session.objects.none()
    me, names = str(subject.account.pk), {name.lower() for name in names_of(subject) if "@" in name}
    found = []
    for session in Session.objects.iterator(chunk_size=500):
        held = session.get_decoded()
        if held.get(SESSION_KEY) == me or any(name in str(held).lower() for name in names):
            found.append(session.pk)
    return Session.objects.filter(pk__in=found)


def admin_log_about(subject: Subject) -> QuerySet[LogEntry]:
    """What staff did to their account or person, and whatever names an address of theirs."""
    about = Q(pk__in=())
    for row in filter(None, (subject.person, subject.account)):
        kind = ContentType.objects.get_for_model(row)
        about |= Q(content_type=kind, object_id=str(row.pk))
    for name in names_of(subject):
        if "@" in name:
            about |= Q(object_repr__icontains=name) | Q(change_message__icontains=name)
    return LogEntry.objects.filter(about)


def forget_mail(subject: Subject) -> None:
    """Delete the mail to them that the embedded default wrote down instead of sending it."""
    names = {name.lower() for name in names_of(subject) if "@" in name}
    if not names or not settings.MAIL_FOLDER.is_dir():
        return
    for path in settings.MAIL_FOLDER.glob("*.eml"):
        if names & recipients(path):
            path.unlink(missing_ok=True)


def recipients(path: Path) -> set[str]:
    """The addresses that a written mail is for, in lower case."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    headers = [str(header) for name in RECIPIENTS for header in message.get_all(name, [])]
    return {address.lower() for _name, address in getaddresses(headers)}
