"""What the read API takes: JSON in, questions out. Every error names its field."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _, gettext_lazy
from rest_framework import serializers

from growth.api.fields import StrictIntegerField, WhereField
from growth.cohorts import UnknownCohort, UnreadableCohort
from growth.questions import FunnelQuestion, Population, QuestionStep, RetentionQuestion, types_named
from telemetry.analysis.funnel import MAX_STEPS
from telemetry.analysis.refusal import QuestionRefused
from telemetry.analysis.retention import Anchor, Mode, Period
from telemetry.api.fields import AwareDateTimeField, StrictSerializer, TimeZoneField
from telemetry.api.problems import Problem
from telemetry.log.vocabulary import UnknownEvent

Question = TypeVar("Question", FunnelQuestion, RetentionQuestion)

TEN_YEARS = 10 * 366 * 86400
MOST_PERIODS = 400


def not_supported(field: str, value: object) -> Problem:
    """The refusal of a question of the contract that this version does not answer."""
    message = _("“%(value)s” is not supported by this version.") % {"value": value}
    return Problem(400, "not_supported", message, fields={field: [message]})


def only(field: str, answered: str, value: str) -> None:
    """Refuse honestly every choice of the contract but the one that is answered."""
    if value != answered:
        raise not_supported(field, value)


class EventNameField(serializers.CharField):
    """The name of a declared event, or `activity` for any event that counts as use."""

    default_error_messages = {"unknown_event": "“{name}” is not in the vocabulary."}

    def __init__(self, **kwargs: Any) -> None:
        """As long as a name can be."""
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The name, once it is known."""
        if not isinstance(data, str):
            self.fail("invalid")
        name: str = super().to_internal_value(data)
        try:
            types_named(name)
        except UnknownEvent:
            self.fail("unknown_event", name=name)
        return name


class AbstractSerializerMeta(ABCMeta, serializers.SerializerMetaclass):
    """What a serializer with abstract methods is made by."""


class AskedSerializer(StrictSerializer, Generic[Question], metaclass=AbstractSerializerMeta):
    """What every question has: a range, a moment, whom it is about."""

    start = AwareDateTimeField()
    end = AwareDateTimeField()
    as_of = AwareDateTimeField(required=False, allow_null=True, default=None)
    cohort = serializers.CharField(required=False, allow_null=True, default=None, max_length=64)
    reported_only = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A range has a length, and nobody knows the future."""
        now: datetime = self.context["now"]
        attrs["as_of"] = attrs["as_of"] or now
        if attrs["as_of"] > now:
            raise serializers.ValidationError({"as_of": [_("This moment is still to come.")]}, code="future")
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"end": [_("The end is not after the start.")]}, code="range")
        population = Population(attrs["cohort"], attrs["reported_only"])
        try:
            population.people()
        except UnknownCohort:
            message = _("There is no cohort “%(slug)s”.") % {"slug": attrs["cohort"]}
            raise serializers.ValidationError({"cohort": [message]}, code="unknown_cohort") from None
        except UnreadableCohort:
            message = _("The rules of the cohort “%(slug)s” cannot be read.") % {"slug": attrs["cohort"]}
            raise serializers.ValidationError({"cohort": [message]}, code="unreadable_cohort") from None
        question = self.read(attrs | {"population": population})
        try:
            question.spec()
        except QuestionRefused as refusal:
            raise serializers.ValidationError({"start": [str(refusal)]}, code="refused") from None
        return {"question": question}

    @abstractmethod
    def read(self, asked: dict[str, Any]) -> Question:
        """The question that the checked values ask."""

    @property
    def question(self) -> Question:
        """The question, once `is_valid()` has passed."""
        question: Question = self.validated_data["question"]
        return question


class StepSerializer(StrictSerializer):
    """A step of a funnel."""

    default_error_messages = {
        "invalid": gettext_lazy('A step is an object that names an event: {{"event": "auth.signed_up"}}.')
    }

    event = EventNameField()
    where = WhereField(required=False, default=dict)


class BreakdownSerializer(StrictSerializer):
    """By which property, and at which touch its value is read."""

    property = serializers.CharField(max_length=128)
    touch = serializers.CharField(required=False, default="entry", max_length=16)

    def validate_touch(self, value: str) -> str:
        """The value on the entry row of the winning attempt is the one that is answered."""
        if value not in ("entry", "first", "last", "all") and not value.startswith("step:"):
            raise serializers.ValidationError(_("This is entry, first, last, step:N or all."))
        return value


class FunnelSerializer(AskedSerializer[FunnelQuestion]):
    """`POST reports/funnel/`."""

    steps = StepSerializer(  # type: ignore[call-arg]
        many=True,
        allow_empty=False,
        max_length=MAX_STEPS,
        error_messages={
            "not_a_list": gettext_lazy('Steps are a list: [{{"event": "auth.signed_up"}}, …].'),
            "empty": gettext_lazy("A funnel has steps."),
            "max_length": gettext_lazy("A funnel has {max_length} steps at most."),
        },
    )
    window_seconds = StrictIntegerField(min_value=1, max_value=TEN_YEARS)
    order = serializers.ChoiceField(["ordered", "strict", "unordered"], required=False, default="ordered")
    counting = serializers.ChoiceField(
        ["people", "first_touch", "attempts"], required=False, default="people"
    )
    breakdown = BreakdownSerializer(required=False, allow_null=True, default=None)
    time_zone = TimeZoneField(required=False, default=settings.TIME_ZONE)
    exclude = serializers.ListField(child=serializers.DictField(), required=False, default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Say which questions of the contract are not answered yet."""
        only("order", "ordered", attrs["order"])
        only("counting", "people", attrs["counting"])
        if attrs["breakdown"]:
            only("breakdown", "entry", attrs["breakdown"]["touch"])
        if attrs["exclude"]:
            raise not_supported("exclude", "exclude")
        return super().validate(attrs)

    def read(self, asked: dict[str, Any]) -> FunnelQuestion:
        """The question that the checked values ask."""
        return FunnelQuestion(
            steps=tuple(QuestionStep(step["event"], step["where"]) for step in asked["steps"]),
            window_seconds=asked["window_seconds"],
            start=asked["start"],
            end=asked["end"],
            as_of=asked["as_of"],
            breakdown=asked["breakdown"]["property"] if asked["breakdown"] else None,
            population=asked["population"],
            time_zone=asked["time_zone"],
        )


class RetentionSerializer(AskedSerializer[RetentionQuestion]):
    """`POST reports/retention/`."""

    cohort_event = EventNameField()
    return_event = EventNameField()
    period = serializers.ChoiceField([period.value for period in Period])
    periods = StrictIntegerField(min_value=1, max_value=MOST_PERIODS, required=False, default=8)
    mode = serializers.ChoiceField([mode.value for mode in Mode], required=False, default=Mode.ON.value)
    anchor = serializers.ChoiceField(
        [anchor.value for anchor in Anchor], required=False, default=Anchor.FIRST_EVER.value
    )
    time_zone = TimeZoneField(required=False, default=settings.TIME_ZONE)

    def read(self, asked: dict[str, Any]) -> RetentionQuestion:
        """The question that the checked values ask."""
        return RetentionQuestion(
            cohort_event=asked["cohort_event"],
            return_event=asked["return_event"],
            period=Period(asked["period"]),
            periods=asked["periods"],
            mode=Mode(asked["mode"]),
            anchor=Anchor(asked["anchor"]),
            start=asked["start"],
            end=asked["end"],
            as_of=asked["as_of"],
            time_zone=asked["time_zone"],
            population=asked["population"],
        )


class LifecycleSerializer(StrictSerializer):
    """`POST reports/lifecycle/`: understood, and not answered by this version."""

    event = EventNameField()
    period = serializers.ChoiceField([period.value for period in Period])
    start = AwareDateTimeField()
    end = AwareDateTimeField()
    as_of = AwareDateTimeField(required=False, allow_null=True, default=None)
    time_zone = TimeZoneField(required=False, default=settings.TIME_ZONE)

    def refusal(self) -> Problem:
        """The honest answer to a question that could be read."""
        return not_supported("event", "lifecycle")
