"""The gateway to the sink: OTLP/HTTP logs. Our records in, our outcomes out; nothing of HTTP beyond."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import requests
from django.conf import settings
from django.utils.crypto import salted_hmac
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from urllib3.exceptions import HTTPError

from telemetry.delivery._messages import as_json, encoded, message_of, request_of, size_of
from telemetry.delivery._retry_after import wished
from telemetry.delivery.records import Origin, Record

PATH = "/v1/logs"
CONTENT_TYPES = {"http/protobuf": "application/x-protobuf", "http/json": "application/json"}
#: A batch holds so many records, or so many bytes before compression, at most.
MOST_RECORDS = 512
MOST_BYTES = 1024**2
#: Of which the resource and the scope take less than so many.
ENVELOPE = 1024
#: Of an answer, so many bytes are looked at.
MOST_OF_AN_ANSWER = 64 * 1024
#: Seconds to connect, and seconds of silence: together well below a lease.
PATIENCE = (5, 15)
#: What an answer can be that says nothing; the sink took the batch all the same.
UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    RecursionError,
    OSError,
    DecodeError,
    HTTPError,
)
RETRIED = frozenset({429, 502, 503, 504})
REFUSING = frozenset({401, 403})


class End(Enum):
    """What became of a batch."""

    DELIVERED = auto()
    #: The sink is away or busy: the same batch, later.
    RETRY = auto()
    #: The sink does not accept our credentials: the same batch, when they are mended.
    REFUSED = auto()
    #: The sink will never take it.
    DROPPED = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sink said of a batch."""

    end: End
    #: A status or the kind of an error; for people and for the count of drops.
    reason: str = ""
    #: How many records of a delivered batch the sink did not take; never sent again.
    rejected: int = 0
    #: How long the sink asks us to wait.
    wait: timedelta | None = None

    @property
    def keeps(self) -> bool:
        """Whether the batch stays in the queue."""
        return self.end in (End.RETRY, End.REFUSED)


def encode(record: Record) -> LogRecord:
    """The record as the protocol has it; `ValueError` or `TypeError` when the protocol cannot carry it."""
    return message_of(record)


def preview(record: Record, origin: Origin) -> dict[str, Any]:
    """The exact payload of a batch of this one record, in OTLP's JSON form."""
    return as_json(request_of([message_of(record)], origin))


@dataclass
class Sink:
    """Where telemetry goes. A context manager: the connection is kept while batches follow each other."""

    endpoint: str
    headers: dict[str, str]
    protocol: str
    _session: requests.Session = field(default_factory=requests.Session, init=False, repr=False)

    def __post_init__(self) -> None:
        """Take nothing from the environment: neither proxies nor somebody's .netrc."""
        self._session.trust_env = False

    @classmethod
    def from_settings(cls) -> Self | None:
        """The sink that the settings name; None when they name none, or telemetry is disabled."""
        if settings.TELEMETRY_DISABLED or not settings.TELEMETRY_SINK:
            return None
        headers = dict(settings.TELEMETRY_SINK_HEADERS)
        return cls(settings.TELEMETRY_SINK, headers, settings.TELEMETRY_SINK_PROTOCOL)

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._session.close()

    @property
    def digest(self) -> str:
        """By which a change of these settings is noticed; it tells nothing of them."""
        said = json.dumps([self.endpoint, self.headers, self.protocol])
        return salted_hmac("telemetry.delivery.sink", said, algorithm="sha256").hexdigest()[:16]

    def fitting(self, messages: Sequence[LogRecord]) -> int:
        """How many of these records, from the first, one body may hold; one at least."""
        size = ENVELOPE
        for number, message in enumerate(messages[:MOST_RECORDS]):
            size += size_of(message, self.protocol)
            if size > MOST_BYTES and number:
                return number
        return min(len(messages), MOST_RECORDS)

    def send(self, messages: Sequence[LogRecord], origin: Origin, now: datetime) -> Outcome:
        """Send one batch; what became of it. A sink that cannot be reached is an outcome, not an error."""
        body = gzip.compress(encoded(request_of(messages, origin), self.protocol), compresslevel=1)
        about = {"content-type": CONTENT_TYPES[self.protocol], "content-encoding": "gzip"}
        try:
            with self._session.post(
                f"{self.endpoint}{PATH}",
                data=body,
                headers=self.headers | about,
                timeout=PATIENCE,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return _judged(answer, len(messages), now)
        except (requests.RequestException, OSError) as error:
            return Outcome(End.RETRY, type(error).__name__)


def _judged(answer: requests.Response, sent: int, now: datetime) -> Outcome:
    status = answer.status_code
    if 200 <= status < 300:
        return Outcome(End.DELIVERED, rejected=max(0, min(_rejected(answer), sent)))
    if status in RETRIED:
        return Outcome(End.RETRY, f"status_{status}", wait=wished(answer.headers.get("retry-after"), now))
    if status in REFUSING:
        return Outcome(End.REFUSED, f"status_{status}")
    return Outcome(End.DROPPED, f"status_{status}")


def _rejected(answer: requests.Response) -> int:
    """How many records a partial success left out; 0 for an answer that cannot be read."""
    try:
        said = answer.raw.read(MOST_OF_AN_ANSWER, decode_content=True)
        if answer.headers.get("content-type", "").startswith("application/json"):
            return int(json.loads(said)["partialSuccess"]["rejectedLogRecords"])
        success = ExportLogsServiceResponse.FromString(said).partial_success
        return int(success.rejected_log_records)
    except UNREADABLE:
        return 0
