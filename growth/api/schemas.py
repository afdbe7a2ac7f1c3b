"""What the OpenAPI document says of the read API's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from telemetry.segments.properties import PROPERTIES, Kind


class StepAnswer(serializers.Serializer[Any]):
    """A step: people, shares, medians in seconds."""

    event = serializers.CharField()
    reached = serializers.IntegerField()
    of_entered = serializers.FloatField(allow_null=True)
    of_previous = serializers.FloatField(allow_null=True)
    median_seconds_from_entry = serializers.FloatField(allow_null=True)
    median_seconds_from_previous = serializers.FloatField(allow_null=True)


class GroupAnswer(serializers.Serializer[Any]):
    """The people whose entry had one value."""

    value = serializers.JSONField(allow_null=True)
    steps = StepAnswer(many=True)


class MatureAnswer(serializers.Serializer[Any]):
    """The funnel over the entries whose window has passed."""

    entered = serializers.IntegerField()
    converted = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)


class RangeAnswer(serializers.Serializer[Any]):
    """What every answer repeats."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    as_of = serializers.DateTimeField()
    time_zone = serializers.CharField()
    cohort = serializers.CharField(required=False)
    cohort_as_of = serializers.DateTimeField(required=False, allow_null=True)


class FunnelAnswer(RangeAnswer):
    """The answer of a funnel."""

    steps = StepAnswer(many=True)
    entered = serializers.IntegerField()
    converted = serializers.IntegerField()
    in_progress = serializers.IntegerField()
    dropped = serializers.IntegerField()
    excluded = serializers.IntegerField()
    mature = MatureAnswer()
    groups = GroupAnswer(many=True)


class CohortRowAnswer(serializers.Serializer[Any]):
    """One cohort: its first day, its size, and who came back; null where a period has not ended."""

    cohort = serializers.DateField()
    size = serializers.IntegerField()
    retained = serializers.ListField(child=serializers.IntegerField(allow_null=True))


class RetentionAnswer(RangeAnswer):
    """The answer of a retention."""

    rows = CohortRowAnswer(many=True)
    weighted_mean = serializers.ListField(child=serializers.FloatField(allow_null=True))
    simple_mean = serializers.ListField(child=serializers.FloatField(allow_null=True))


class CountAnswer(serializers.Serializer[Any]):
    """How many people have one value of a property."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    people = serializers.IntegerField()


class SegmentCountsAnswer(serializers.Serializer[Any]):
    """People by what is known of them; `as_of` null before the first refresh."""

    as_of = serializers.DateTimeField(allow_null=True)
    engagement_level = CountAnswer(many=True)
    activity_trend = CountAnswer(many=True)
    preferred_tracking_method = CountAnswer(many=True)
    account_age_category = CountAnswer(many=True)


class CohortAnswer(serializers.Serializer[Any]):
    """A cohort and how many people are in it; `people` null when its rules cannot be read."""

    slug = serializers.CharField()
    name = serializers.CharField()
    meaning = serializers.CharField()
    people = serializers.IntegerField(allow_null=True)


class CohortsAnswer(serializers.Serializer[Any]):
    """All cohorts; `as_of` null before the first refresh."""

    as_of = serializers.DateTimeField(allow_null=True)
    cohorts = CohortAnswer(many=True)


FIELDS: dict[Kind, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
    Kind.COUNT: serializers.IntegerField,
    Kind.NUMBER: serializers.FloatField,
    Kind.FLAG: serializers.BooleanField,
    Kind.WORD: serializers.CharField,
    Kind.INSTANT: serializers.DateTimeField,
}

#: Every segment property of one person; null throughout for somebody whom no refresh has met yet.
PersonSegmentAnswer = type(
    "PersonSegmentAnswer",
    (serializers.Serializer,),
    {
        each.name: FIELDS[each.kind](allow_null=True, help_text=str(each.label))
        for each in PROPERTIES.values()
    },
)
