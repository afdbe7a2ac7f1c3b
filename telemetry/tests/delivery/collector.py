"""A collector of our own: it speaks HTTP, and unpacks both encodings by the protocol's own messages."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)


@dataclass
class Answer:
    """What the collector answers: a status, headers, and how many records it says it rejected."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    rejected: int = 0
    body: bytes | None = None
    #: Take the batch, and hang up instead of answering.
    hang_up: bool = False


class Collector:
    """Listens on a port of loopback from its making on."""

    def __init__(self) -> None:
        self.answer = Answer()
        #: What is answered first, one after the other, before `answer`.
        self.answers: list[Answer] = []
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.requests: list[ExportLogsServiceRequest] = []
        #: Batches that were answered with a success.
        self.taken: list[ExportLogsServiceRequest] = []
        self.connections = 0
        self.answering = Event()
        self.answering.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.answering.set()
        self.server.shutdown()
        self.server.server_close()

    def records(self) -> list[dict[str, Any]]:
        """Every record that was taken: its attributes, its name, its resource."""
        return [found for request in self.taken for found in read(request)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                collector.connections += 1

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                body = gzip.decompress(raw)
                collector.posts.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                request = decoded(body, self.headers["content-type"])
                collector.requests.append(request)
                collector.answering.wait(30)
                answer = collector.answers.pop(0) if collector.answers else collector.answer
                if 200 <= answer.status < 300:
                    collector.taken.append(request)
                if answer.hang_up:
                    self.close_connection = True
                    return
                self._say(answer)

            def _say(self, answer: Answer) -> None:
                said, kind = body_of(answer, self.headers["content-type"])
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                if answer.status not in (204, 304):
                    with suppress(ConnectionError):  # whoever asked was killed
                        self.wfile.write(said)

            def log_message(self, *_args: Any) -> None:
                """Silence."""

        return Handler


def decoded(body: bytes, content_type: str) -> ExportLogsServiceRequest:
    """The batch; an error for what a collector would not accept."""
    if content_type == "application/json":
        text = json.loads(body)
        for record in json_records(text):
            # By OTLP's rules ids are hexadecimal; by protobuf's own they would be base64.
            for name in ("traceId", "spanId"):
                if name in record:
                    record[name] = to_base64(bytes.fromhex(record[name]))
        read_json: ExportLogsServiceRequest = Parse(json.dumps(text), ExportLogsServiceRequest())
        return read_json
    assert content_type == "application/x-protobuf"
    read_protobuf: ExportLogsServiceRequest = ExportLogsServiceRequest.FromString(body)
    return read_protobuf


def to_base64(raw: bytes) -> str:
    """As protobuf's JSON has bytes."""
    from base64 import b64encode

    return b64encode(raw).decode()


def json_records(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The log records of a body in JSON."""
    for batch in body["resourceLogs"]:
        for scoped in batch["scopeLogs"]:
            yield from scoped["logRecords"]


def body_of(answer: Answer, content_type: str) -> tuple[bytes, str]:
    """The answer's body, and its type: that of the request."""
    if answer.body is not None:
        return answer.body, content_type
    if content_type == "application/json":
        partial = {"partialSuccess": {"rejectedLogRecords": str(answer.rejected)}} if answer.rejected else {}
        return json.dumps(partial).encode(), content_type
    response = ExportLogsServiceResponse()
    if answer.rejected:
        response.partial_success.rejected_log_records = answer.rejected
    return response.SerializeToString(), content_type


def read(request: ExportLogsServiceRequest) -> Iterator[dict[str, Any]]:
    """The records of a batch."""
    for batch in request.resource_logs:
        resource = plain_pairs(batch.resource.attributes)
        for scoped in batch.scope_logs:
            for record in scoped.log_records:
                yield plain_pairs(record.attributes) | {
                    "eventName": record.event_name,
                    "resource": resource,
                    "scope": scoped.scope.name,
                    "record": record,
                }


def plain_pairs(pairs: Any) -> dict[str, Any]:
    """Attributes in Python's types."""
    return {pair.key: plain(pair.value) for pair in pairs}


def plain(value: Any) -> Any:
    """A value in Python's types."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return plain_pairs(value.kvlist_value.values)
    return getattr(value, kind)
