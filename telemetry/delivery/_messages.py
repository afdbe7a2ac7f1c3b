"""Our records in the messages of OpenTelemetry's protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord

from telemetry.delivery.records import Origin, Record
from telemetry.instants import to_micros

SERVICE = "growth"
SCOPE = "growth.telemetry"
#: Attributes that the protocol has fields of its own for, and their length in hexadecimal digits.
OWN_FIELDS = {"trace_id": 32, "span_id": 16}
#: Bytes: the record's tag and length in protobuf; in JSON a comma, and what hexadecimal ids add to base64.
FRAME = 32
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


def message_of(record: Record) -> LogRecord:
    """One record; `ValueError` or `TypeError` for what OTLP cannot carry."""
    message = LogRecord(
        time_unix_nano=to_micros(record.occurred_at) * 1_000,
        severity_number=SEVERITY_NUMBER_INFO,
        event_name=record.name,
        body=AnyValue(string_value=record.name),
    )
    attributes = dict(record.attributes)
    for name, digits in OWN_FIELDS.items():
        if _is_hexadecimal(attributes.get(name), digits):
            setattr(message, name, bytes.fromhex(attributes.pop(name)))
    message.attributes.extend(_pairs(attributes))
    return message


def request_of(messages: Sequence[LogRecord], origin: Origin) -> ExportLogsServiceRequest:
    """The body of one batch."""
    request = ExportLogsServiceRequest()
    batch = request.resource_logs.add()
    batch.resource.attributes.extend(
        _pairs(
            {
                "service.name": SERVICE,
                "service.version": origin.app_version,
                "deployment.environment": origin.deployment,
                "service.instance.id": str(origin.install_id),
            }
        )
    )
    scoped = batch.scope_logs.add()
    scoped.scope.name = SCOPE
    scoped.scope.version = origin.app_version
    scoped.log_records.extend(messages)
    return request


def as_json(request: ExportLogsServiceRequest) -> dict[str, Any]:
    """The body by the rules of OTLP's JSON form: enums as numbers, ids in hexadecimal, int64 as text."""
    found: dict[str, Any] = MessageToDict(request, use_integers_for_enums=True)
    for message, form in zip(_log_records(request), _json_records(found), strict=True):
        if message.trace_id:
            form["traceId"] = message.trace_id.hex()
        if message.span_id:
            form["spanId"] = message.span_id.hex()
    return found


def encoded(request: ExportLogsServiceRequest, protocol: str) -> bytes:
    """The body in the bytes of `http/protobuf` or `http/json`, not yet compressed."""
    if protocol == "http/json":
        return json.dumps(as_json(request), ensure_ascii=False, separators=(",", ":")).encode()
    body: bytes = request.SerializeToString()
    return body


def size_of(message: LogRecord, protocol: str) -> int:
    """How many bytes the record adds to a body, and a few for what stands around it."""
    if protocol == "http/json":
        form = MessageToDict(message, use_integers_for_enums=True)
        return len(json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()) + FRAME
    size: int = message.ByteSize()
    return size + FRAME


def _log_records(request: ExportLogsServiceRequest) -> Sequence[LogRecord]:
    [batch] = request.resource_logs
    [scoped] = batch.scope_logs
    records: Sequence[LogRecord] = scoped.log_records
    return records


def _json_records(form: dict[str, Any]) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = form["resourceLogs"][0]["scopeLogs"][0].get("logRecords", [])
    return records


def _pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [
        KeyValue(key=str(key), value=_value(value)) for key, value in attributes.items() if value is not None
    ]


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):  # before int, which a bool is, too
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        fits = MIN_INTEGER <= value <= MAX_INTEGER
        return AnyValue(int_value=value) if fits else AnyValue(string_value=str(value))
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=_pairs(value)))
    if isinstance(value, list | tuple):
        values = [_value(item) for item in value if item is not None]
        return AnyValue(array_value=ArrayValue(values=values))
    raise TypeError(f"OTLP has no form for {type(value).__name__}.")


def _is_hexadecimal(value: Any, digits: int) -> bool:
    return isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{digits}}}", value) is not None
