"""The read API: parse the question, ask it, give the answer."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from growth.api.answers import (
    cohorts_json,
    funnel_json,
    person_segment_json,
    retention_json,
    segment_counts_json,
)
from growth.api.permissions import MayReadFigures, MayReadPeople
from growth.api.schemas import (
    CohortsAnswer,
    FunnelAnswer,
    PersonSegmentAnswer,
    RetentionAnswer,
    SegmentCountsAnswer,
)
from growth.api.serializers import FunnelSerializer, LifecycleSerializer, RetentionSerializer
from growth.cohorts import cohort_sizes
from telemetry.analysis.funnel import funnel
from telemetry.analysis.retention import retention
from telemetry.api.fields import StrictSerializer
from telemetry.api.refusals import refused
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person
from telemetry.segments.properties import segment_counts


class UnfilteredView(APIView):
    """What is answered whole: a parameter in the query would be asked in vain, so it is an error."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks comes first, then what they ask."""
        super().initial(request, *args, **kwargs)
        StrictSerializer(data=request.query_params).is_valid(raise_exception=True)


class FunnelView(APIView):
    """People who took steps in order."""

    permission_classes = [MayReadFigures]

    @extend_schema(
        tags=["reports"],
        summary="How far people come: an ordered funnel",
        request=FunnelSerializer,
        responses={200: FunnelAnswer, **refused()},
    )
    def post(self, request: Request) -> Response:
        """Answer one funnel."""
        asked = FunnelSerializer(data=request.data, context={"now": timezone.now()})
        asked.is_valid(raise_exception=True)
        question = asked.question
        return Response(funnel_json(question, funnel(question.spec())))


class RetentionView(APIView):
    """People who came back."""

    permission_classes = [MayReadFigures]

    @extend_schema(
        tags=["reports"],
        summary="Who comes back: a retention triangle",
        request=RetentionSerializer,
        responses={200: RetentionAnswer, **refused()},
    )
    def post(self, request: Request) -> Response:
        """Answer one retention triangle."""
        asked = RetentionSerializer(data=request.data, context={"now": timezone.now()})
        asked.is_valid(raise_exception=True)
        question = asked.question
        return Response(retention_json(question, retention(question.spec())))


class LifecycleView(APIView):
    """New, returning, resurrecting and dormant people: in the contract, not answered by this version."""

    permission_classes = [MayReadFigures]

    @extend_schema(
        tags=["reports"],
        summary="New, returning, resurrecting and dormant people: not supported yet",
        request=LifecycleSerializer,
        responses=refused(),
    )
    def post(self, request: Request) -> Response:
        """Check the question, then say that it is not supported."""
        asked = LifecycleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        raise asked.refusal()


class PersonSegmentView(UnfilteredView):
    """What the segment says of one person."""

    permission_classes = [MayReadPeople]

    @extend_schema(
        tags=["people"],
        summary="Every segment property of a person",
        responses={
            200: PersonSegmentAnswer,
            **refused((404, "Nobody is called that.")),
        },
    )
    def get(self, request: Request, user: str) -> Response:
        """Every segment property, as of the last refresh; of staff it is kept who looked."""
        person = Person.objects.called(user).first()
        if person is None:
            raise Http404
        if request.auth is None:  # one of staff, not a key
            AuditEntry.objects.record(
                request.user, "people.seen", person, after={"kind": "segment"}, at=timezone.now()
            )
        return Response(person_segment_json(person))


class SegmentsView(UnfilteredView):
    """People by engagement, trend, tracking method and account age."""

    permission_classes = [MayReadFigures]

    @extend_schema(
        tags=["segments"],
        summary="How many people have each value of a segment",
        responses={200: SegmentCountsAnswer, **refused()},
    )
    def get(self, request: Request) -> Response:
        """How many people have each value."""
        return Response(segment_counts_json(segment_counts()))


class CohortsView(UnfilteredView):
    """All cohorts and their sizes."""

    permission_classes = [MayReadFigures]

    @extend_schema(
        tags=["segments"], summary="All cohorts and their sizes", responses={200: CohortsAnswer, **refused()}
    )
    def get(self, request: Request) -> Response:
        """The shipped ones, then staff's."""
        return Response(cohorts_json(cohort_sizes()))
