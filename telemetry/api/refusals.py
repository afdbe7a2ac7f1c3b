"""What the OpenAPI document says of refusals: every error has one shape."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema_serializer
from rest_framework import serializers


@extend_schema_serializer(component_name="Problem")
class ProblemAnswer(serializers.Serializer[Any]):
    """`code` is for programs, `message` for people; `fields` says what is wrong where."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField()  # type: ignore[assignment]


def refused(*reasons: tuple[int, str]) -> dict[int, OpenApiResponse]:
    """The answers to refused requests: those of every endpoint, and these."""
    common = (
        (400, "The request cannot be read, or a value in it cannot be accepted."),
        (401, "No key, or one that opens nothing."),
        (403, "A key or an account that may not do this."),
        (503, "The database does not answer, or not in time; see Retry-After."),
    )
    return {status: OpenApiResponse(ProblemAnswer, why) for status, why in (*common, *reasons)}
