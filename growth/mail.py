"""Mail of the embedded default: written down, not sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

logger = logging.getLogger(__name__)


class WrittenDown(BaseEmailBackend):
    """Each message becomes a file of its own in `MAIL_FOLDER`, which the log names."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write them; how many were written. `OSError` when the folder cannot be written to."""
        settings.MAIL_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            # Sorted by name, the newest is the last.
            path = settings.MAIL_FOLDER / f"{timezone.now():%Y%m%d-%H%M%S-%f}-{uuid4().hex[:8]}.eml"
            path.write_bytes(message.message().as_bytes())
            logger.info("mail written", extra={"file": str(path)})
        return len(email_messages)
