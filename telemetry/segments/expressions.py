"""How SQL reads a segment property from the counts of the segment row, its person and the account.

Whatever moves with the clock alone is computed on reading, as of the watermark. Percentages and hours
round half up in integer arithmetic.
"""

from __future__ import annotations

from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Q,
    TextChoices,
    Value,
    When,
)
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Cast, Greatest
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan

from telemetry.instants import InstantField
from telemetry.segments.levels import (
    AccountAge,
    ActivityTrend,
    AuthMethod,
    EngagementLevel,
    Role,
    TrackingMethod,
)

DAY = 86_400_000_000  # microseconds
ACTIVE, POWER = 1, 10  # entries in seven days
NEW_DAYS, ESTABLISHED_DAYS = 7, 30


def _wide(column: str) -> Cast:
    # A column of four bytes times a thousand may pass four bytes.
    return Cast(F(column), BigIntegerField())


def _flag(condition: Any) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _word(*cases: When, default: TextChoices) -> Case:
    return Case(*cases, default=Value(default.value), output_field=CharField())


def _tenths(dividend: Combinable, divisor: Combinable | int) -> Any:
    """The quotient with one decimal, rounded half up."""
    rounded = (dividend * 20 + divisor) / (divisor * 2)
    return Cast(ExpressionWrapper(rounded, output_field=BigIntegerField()), FloatField()) / Value(10.0)


def _days_since(moment: Combinable) -> Cast:
    days = ExpressionWrapper((AS_OF - moment) / Value(DAY), output_field=BigIntegerField())
    return Cast(days, IntegerField())


WATERMARK = "SELECT as_of FROM telemetry_segmentwatermark"
AS_OF = RawSQL(WATERMARK, (), output_field=BigIntegerField())  # noqa: S611
LAST_UPDATE = RawSQL(WATERMARK, (), output_field=InstantField())  # noqa: S611
N7, N30 = F("entries_last_7_days"), F("entries_last_30_days")
TIMER, MANUAL = _wide("timer_entries_count"), _wide("manual_entries_count")
TRACKED = TIMER + MANUAL
AGE = _days_since(F("person__signed_up_at"))
STAFF = Q(person__account__is_staff=True) | Q(person__account__is_superuser=True)

LEVEL = _word(
    *(When(GreaterThanOrEqual(N7, level.floor), then=Value(level.value)) for level in EngagementLevel),
    default=EngagementLevel.INACTIVE,
)
TREND = _word(
    When(GreaterThan(N7 * ActivityTrend.INCREASING.share, N30), then=Value(ActivityTrend.INCREASING.value)),
    When(LessThan(N7 * ActivityTrend.DECREASING.share, N30), then=Value(ActivityTrend.DECREASING.value)),
    default=ActivityTrend.STABLE,
)
METHOD = _word(
    When(Exact(TRACKED, 0), then=Value(TrackingMethod.NONE.value)),
    *(
        When(GreaterThan(TIMER * 100, TRACKED * method.above_percent), then=Value(method.value))
        for method in (TrackingMethod.TIMER, TrackingMethod.MIXED)
    ),
    default=TrackingMethod.MANUAL,
)
AGE_WORD = _word(
    *(
        When(LessThan(AGE, age.below_days), then=Value(age.value))
        for age in AccountAge
        if age.below_days is not None
    ),
    default=AccountAge.LONG_TERM,
)
TIMER_PERCENT = Case(
    When(GreaterThan(TRACKED, 0), then=_tenths(TIMER * 100, TRACKED)),
    default=Value(0.0),
    output_field=FloatField(),
)
AUTH_METHOD = Case(
    # An unusable password begins with "!".
    When(Q(("person__account__password__startswith", "!")), then=Value(AuthMethod.EMAIL_CODE.value)),
    When(person__account__isnull=False, then=Value(AuthMethod.PASSWORD.value)),
    default=None,
    output_field=CharField(null=True),
)
HOURS = _tenths(_wide("seconds_tracked"), Value(3600))
OPEN_TASKS = Greatest(F("tasks_assigned") - F("tasks_completed"), Value(0), output_field=IntegerField())
IS_ACTIVE = _flag(GreaterThanOrEqual(N7, ACTIVE))
IS_POWER = _flag(GreaterThanOrEqual(N7, POWER))
IS_AT_RISK = _flag(Q(entries_last_7_days=0, entries_all_time__gt=0))
USES_TIMER = _flag(Q(timer_entries_count__gt=0))
USES_MANUAL = _flag(Q(manual_entries_count__gt=0))
IS_NEW = _flag(LessThan(AGE, NEW_DAYS))
IS_ESTABLISHED = _flag(GreaterThanOrEqual(AGE, ESTABLISHED_DAYS))
DAYS_SINCE_LOGIN = _days_since(F("last_login_event_at"))
ROLE = _word(When(STAFF, then=Value(Role.ADMIN.value)), default=Role.USER)
IS_ADMIN = Case(When(STAFF, then=Value(True)), default=Value(False), output_field=BooleanField())
