"""What one would write without measuring: the REST framework's serializers, the ORM, nothing at all."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.authentication import ingest_key
from telemetry.log.identity import digest
from telemetry.log.models import Event, EventType, Origin, Project
from telemetry.people.models import PersonAlias


class EventSerializer(serializers.Serializer[Any]):
    """The same fields with the same bounds."""

    id = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=64)
    user = serializers.CharField(max_length=64)
    occurred_at = serializers.DateTimeField()
    source = serializers.CharField(max_length=32, required=False)
    project = serializers.CharField(max_length=200, required=False)
    duration_seconds = serializers.IntegerField(min_value=0, required=False)
    properties = serializers.JSONField(required=False)


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Read the body and answer."""
    return HttpResponse(str(len(request.body)), status=202)


@csrf_exempt
def one_by_orm(request: HttpRequest) -> HttpResponse:
    """A key is looked up and one row is inserted; nothing is validated, what it points to is remembered."""
    ingest_key(request)
    event = json.loads(request.body)
    Event.objects.create(
        type_id=type_called(event["name"]),
        person_id=person_called(event["user"]),
        occurred_at=datetime.fromisoformat(event["occurred_at"]),
        origin=Origin.API,
        key=digest(event["id"]),
        project_id=project_called(event["project"]),
        source=event["source"],
        duration_seconds=event["duration_seconds"],
        properties=event["properties"],
    )
    return JsonResponse({"accepted": 1}, status=202)


@csrf_exempt
def batch_by_bulk_create(request: HttpRequest) -> HttpResponse:
    """A batch through the ORM; nothing is validated."""
    ingest_key(request)
    events = json.loads(request.body)
    bulk_create([one | {"occurred_at": datetime.fromisoformat(one["occurred_at"])} for one in events])
    return JsonResponse({"accepted": len(events)}, status=202)


class BatchBySerializer(APIView):
    """A batch through the REST framework and the ORM."""

    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        """Validate each, insert all."""
        sent = EventSerializer(data=json.loads(request._request.body), many=True)
        sent.is_valid(raise_exception=True)
        bulk_create(sent.validated_data)
        return Response({"accepted": len(sent.validated_data)}, status=202)


@cache
def type_called(name: str) -> int:
    """The event type's key."""
    return EventType.objects.get(name=name).pk


@cache
def person_called(user: str) -> int:
    """The person's key."""
    return PersonAlias.objects.get(kind="user", value=user).person_id


@cache
def project_called(name: str) -> int:
    """The project's key."""
    return Project.objects.get(name=name).pk


def bulk_create(events: list[dict[str, Any]]) -> None:
    """Look up what the rows point to, and insert them: sorted, or overlapping batches deadlock."""
    users = {event["user"] for event in events}
    projects = {event["project"] for event in events}
    people = dict(PersonAlias.objects.filter(kind="user", value__in=users).values_list("value", "person_id"))
    named = dict(Project.objects.filter(name__in=projects).values_list("name", "pk"))
    types = dict(EventType.objects.values_list("name", "pk"))
    rows = [
        Event(
            type_id=types[event["name"]],
            person_id=people[event["user"]],
            occurred_at=event["occurred_at"],
            origin=Origin.API,
            key=digest(event["id"]),
            project_id=named[event["project"]],
            source=event["source"],
            duration_seconds=event["duration_seconds"],
            properties=event["properties"],
        )
        for event in events
    ]
    Event.objects.bulk_create(sorted(rows, key=lambda row: row.key), ignore_conflicts=True)
