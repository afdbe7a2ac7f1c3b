"""`PUT` and `DELETE /api/v1/people/{user}/`: what the product knows of a person, and its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.authentication import KeyAuthentication, MaySend
from telemetry.api.fields import AwareDateTimeField, StrictSerializer, TimeZoneField
from telemetry.api.problems import Problem
from telemetry.api.refusals import refused
from telemetry.log.ingest import CLOCK_TOLERANCE
from telemetry.log.items import DECEIVING
from telemetry.people.erasure import erase, erased_since
from telemetry.people.models import Person
from telemetry.people.sign_ups import person_of_user, state

MOST_CHARACTERS = 64


class PersonStatement(StrictSerializer):
    """What is told of a person; what is left out stays as it is."""

    signed_up_at = AwareDateTimeField(required=False)
    time_zone = TimeZoneField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Something must be told, and nobody signed up tomorrow."""
        if not attrs:
            raise serializers.ValidationError(_("State signed_up_at, time_zone or both."))
        if attrs.get("signed_up_at", self.context["now"]) > self.context["now"] + CLOCK_TOLERANCE:
            raise serializers.ValidationError({"signed_up_at": [_("This moment is still to come.")]})
        return attrs


class PersonAnswer(serializers.Serializer[Person]):
    """A person as the product's programs see them."""

    public_id = serializers.UUIDField()
    signed_up_at = AwareDateTimeField(allow_null=True)
    time_zone = serializers.CharField()


class PersonView(APIView):
    """One person, by the product's own id, else by the public one; for keys of scope ingest."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [MaySend]

    @extend_schema(
        tags=["people"],
        summary="State what is known of a person",
        request=PersonStatement,
        responses={200: PersonAnswer, **refused((409, "This person was erased."))},
    )
    def put(self, request: Request, user: str) -> Response:
        """State when a person signed up and where they live; an unknown one is made."""
        refuse_deceiving(user)
        statement = PersonStatement(data=request.data, context={"now": timezone.now()})
        statement.is_valid(raise_exception=True)
        stated = statement.validated_data
        person = Person.objects.called(user).first() or self.made(user, stated.get("signed_up_at"))
        return Response(PersonAnswer(state(person, **stated)).data)

    @extend_schema(
        tags=["people"],
        summary="Erase a person",
        responses={204: None, **refused((404, "Nobody is called that."))},
    )
    def delete(self, request: Request, user: str) -> Response:
        """Erase a person: events, names, segment. Replays of what they did are refused from now on."""
        refuse_deceiving(user)
        person = Person.objects.called(user).first()
        if person is None or not erase(person, at=timezone.now()):
            raise Problem(404, "not_found", _("Nobody is called that."))
        return Response(status=204)

    def made(self, user: str, signed_up_at: datetime | None) -> Person:
        """The new person of a name; `Problem` (409) when its last one was erased after the stated sign-up."""
        for erased_at in erased_since([("user", user)]).values():
            if signed_up_at is None or signed_up_at <= erased_at:
                raise Problem(409, "erased", _("This person was erased."))
        return person_of_user(user)


def refuse_deceiving(user: str) -> None:
    """`Problem` (400) for a name that no event could have either."""
    if len(user) > MOST_CHARACTERS or DECEIVING.search(user):
        message = _("At most 64 characters, none of them control or direction characters.")
        raise Problem(400, "invalid", message, fields={"user": [message]})
