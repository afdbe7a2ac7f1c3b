"""A collector of our own: it takes what exporters send, and reads it as OTLP's own messages."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Listens on a port of its own; what was sent is in `taken`, as (path, headers, body)."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes]] = []
        self.calls = 0
        lock, collector = Lock(), self

        class Door(BaseHTTPRequestHandler):
            """One call."""

            def do_POST(self) -> None:
                """Take it."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                with lock:
                    collector.taken.append((self.path, str(self.headers), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            """Counts who comes to the door, whatever they want."""

            def process_request(self, request, client_address):
                collector.calls += 1
                super().process_request(request, client_address)

        self.server = Server(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        self.server.shutdown()
        self.server.server_close()

    def bodies(self, path: str) -> list[bytes]:
        """What came for the path."""
        return [body for there, _, body in list(self.taken) if there == path]

    def everything(self) -> bytes:
        """Every byte that came."""
        return b"\n".join(f"{path}\n{headers}".encode() + body for path, headers, body in list(self.taken))

    def spans(self) -> list[Span]:
        """The spans that came."""
        read = [ExportTraceServiceRequest.FromString(body) for body in self.bodies("/v1/traces")]
        return [
            span
            for message in read
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> Iterator[Metric]:
        """The metrics that came, the latest last."""
        for body in self.bodies("/v1/metrics"):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    yield from scope.metrics

    def metric(self, name: str) -> Metric:
        """The last of that name."""
        return [metric for metric in self.metrics() if metric.name == name][-1]


def as_dict(attributes: list[KeyValue]) -> dict[str, object]:
    """Attributes as Python values."""
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes}
