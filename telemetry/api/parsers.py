"""How bodies are read by the REST framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from telemetry.api.problems import Problem
from telemetry.log.strict_json import Unreadable, read


class StrictJSONParser(BaseParser):
    """JSON in UTF-8, without the liberties that the stock parser takes; the body is an object."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object; `Problem` (400) for anything else."""
        try:
            value = read(stream.read())
        except Unreadable as error:
            raise Problem(400, error.code, error.message) from error
        if not isinstance(value, dict):
            raise Problem(400, "not_an_object", _("The body is not a JSON object."))
        return value
