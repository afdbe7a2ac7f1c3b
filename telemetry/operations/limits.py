"""How often something may be tried: counted in the database, by one statement each.

Subjects are kept as keyed digests, so that the table names nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import connections, models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class LimitCountQuerySet(models.QuerySet["LimitCount"]):
    """Counting that a race cannot pass."""

    def count_up(self, subject: str, *, most: int, window: timedelta, now: datetime) -> bool:
        """Count one more try; False, counting nothing, when `most` were counted in the open window."""
        connection = connections[self.db]
        instant, end = (connection.ops.adapt_datetimefield_value(at) for at in (now, now + window))
        with connection.cursor() as cursor:
            cursor.execute(ONE_MORE, [subject, end, instant, instant, instant, most])
            row = cursor.fetchone()
        if row == (1,):
            self.ended(now).delete()
        return row is not None

    def ended(self, now: datetime) -> LimitCountQuerySet:
        """Counts whose window is over: they limit nobody any more."""
        return self.filter(window_ends_at__lt=now)


# Compare and count in one statement: two guesses at the same instant wait for each other's row.
ONE_MORE = """
INSERT INTO telemetry_limitcount AS known (subject, window_ends_at, count) VALUES (%s, %s, 1)
ON CONFLICT (subject) DO UPDATE SET
    count = CASE WHEN known.window_ends_at <= %s THEN 1 ELSE known.count + 1 END,
    window_ends_at = CASE WHEN known.window_ends_at <= %s
        THEN excluded.window_ends_at ELSE known.window_ends_at END
WHERE known.window_ends_at <= %s OR known.count < %s
RETURNING count
"""


class LimitCount(models.Model):
    """How often something was tried in a window: the limit that a race cannot pass."""

    subject = models.CharField(max_length=80, help_text=_("What is limited: a kind and a keyed digest."))
    window_ends_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    objects: ClassVar[LimitCountQuerySet] = LimitCountQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("counted tries")
        verbose_name_plural = _("counted tries")
        constraints = [models.UniqueConstraint(fields=["subject"], name="one_count_per_subject")]
        indexes = [models.Index(fields=["window_ends_at"], name="limit_window")]

    def __str__(self) -> str:
        return f"{self.count} until {self.window_ends_at:%H:%M}"


#: What the digest, 64 characters, and a colon leave of a subject's 80.
LONGEST_KIND = 15


class LimitReached(Exception):
    """Too many tries; `until` is when the next one may be made."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many tries.")
        self.until = until


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries of a kind in a window, which opens with the first."""

    kind: str
    most: int
    window: timedelta

    def __post_init__(self) -> None:
        # SQLite would store a longer one, PostgreSQL answers with an error.
        if len(self.kind) > LONGEST_KIND:
            raise ValueError(f"A limit's kind has {LONGEST_KIND} characters at most: {self.kind}.")

    def take(self, who: str, *, now: datetime) -> None:
        """Count one try; LimitReached when none is left."""
        subject = f"{self.kind}:{salted_hmac('growth.limit', who, algorithm='sha256').hexdigest()}"
        if LimitCount.objects.count_up(subject, most=self.most, window=self.window, now=now):
            return
        count = LimitCount.objects.filter(subject=subject).first()
        raise LimitReached(count.window_ends_at if count else now + self.window)
