"""How codes come to be, and which one is meant."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from referrals import codes
from telemetry.operations.models import Alert
from telemetry.people.models import Person

if TYPE_CHECKING:
    from referrals.models import ReferralClick, ReferralCode  # noqa: F401 - the base classes name them

#: Draws before giving up. With a million codes the first is taken once in 850,000 times.
DRAWS = 10
EXHAUSTED = "referrals.no-free-code"


class NoFreeCode(Exception):
    """Every code that was drawn belongs to somebody already."""


class NotACode(ValueError):
    """What was chosen has not eight characters of the alphabet."""


class CodeTaken(ValueError):
    """What was chosen is, or was, somebody's."""


class ReplacedAlready(Exception):
    """What was to be replaced is not the one that its owner is shown any more."""


class ReferralCodeQuerySet(models.QuerySet["ReferralCode", "ReferralCode"]):
    """Codes, in sentences."""

    def usable(self) -> ReferralCodeQuerySet:
        """Those that bring somebody: not disabled, and their owner is still there."""
        return self.filter(disabled_at=None, person__isnull=False)

    def named(self, raw: str | None) -> ReferralCode | None:
        """The usable code that `raw` means."""
        code = codes.normalised(raw)
        return None if code is None else self.usable().filter(code=code).first()

    def shown_to(self, person: Person) -> ReferralCode | None:
        """The code that a person is shown, disabled or not; None before they needed one."""
        return self.filter(person=person, is_primary=True).first()

    def issue_to(self, person: Person, *, at: datetime) -> ReferralCode:
        """The person's code: made at first need, the same from then on, however many ask at a time.

        Raises `NoFreeCode`, and tells staff, when every code that was drawn is taken.
        """
        if (theirs := self.shown_to(person)) is not None:
            return theirs
        try:
            return self._draw_for(person, at)
        except NoFreeCode:
            said = _("No free referral code was found for somebody.")
            Alert.objects.raise_alert(EXHAUSTED, Alert.Severity.WARNING, said, at)
            raise

    def replace(
        self,
        person: Person,
        by: str | None = None,
        *,
        at: datetime,
        instead_of: ReferralCode | None = None,
    ) -> ReferralCode:
        """Another code for a person, drawn or (by staff) chosen; the one before is disabled for good.

        `instead_of`: the one that was looked at when this was decided. Raises `ReplacedAlready` where another
        has taken its place since, `NotACode` for a chosen one that is none, `CodeTaken` for one that is, or
        was, somebody's.
        """
        chosen = None if by is None else codes.normalised(by)
        if by is not None and chosen is None:
            raise NotACode(by)
        with transaction.atomic():
            before = self.select_for_update().filter(person=person, is_primary=True).first()
            if instead_of is not None and before != instead_of:
                raise ReplacedAlready
            if before is not None:
                before.retire(at)
            made = self._draw_for(person, at) if chosen is None else self._choose_for(person, chosen, at)
            made.name_as(before.shown_name if before is not None else "")
        return made

    def join(self, source: Person, target: Person) -> None:
        """`source` turned out to be `target`: their codes go along, and the target's is the one shown."""
        moving = self.filter(person=source)
        if self.shown_to(target) is not None:
            moving.update(is_primary=False)
        moving.update(person=target)

    def with_uses(self) -> ReferralCodeQuerySet:
        """Each code with `opened` (times), `brought` and `paid` (people), and `converted` (a share)."""
        from referrals.models import ReferralClick

        opened = (
            ReferralClick.objects.filter(code=models.OuterRef("pk"))
            .order_by()
            .values("code")
            .annotate(times=models.Sum("count"))
            .values("times")
        )
        return self.annotate(
            opened=Coalesce(models.Subquery(opened), 0),
            brought=Count("referrals", filter=~Q(referrals__state="provisional")),
            paid=Count("referrals", filter=Q(referrals__converted_at__isnull=False)),
        )

    def _draw_for(self, person: Person, at: datetime) -> ReferralCode:
        for _turn in range(DRAWS):
            code = codes.draw()
            if not self.filter(code=code).exists():
                try:
                    with transaction.atomic():
                        return self.create(person=person, code=code, created_at=at)
                except IntegrityError:
                    # Somebody was given this code meanwhile, or this person another one.
                    if (theirs := self.shown_to(person)) is not None:
                        return theirs
        raise NoFreeCode

    def _choose_for(self, person: Person, code: str, at: datetime) -> ReferralCode:
        try:
            with transaction.atomic():
                return self.create(person=person, code=code, created_at=at)
        except IntegrityError as error:
            raise CodeTaken(code) from error


class ReferralClickQuerySet(models.QuerySet["ReferralClick", "ReferralClick"]):
    """How often links were opened."""

    def count_up(self, code: ReferralCode, *, day: Any) -> None:
        """Count one more opening of the code's link."""
        row, _made = self.get_or_create(code=code, day=day)
        self.filter(pk=row.pk).update(count=F("count") + 1)
