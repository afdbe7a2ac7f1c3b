"""What a record looks like on the wire, in both encodings."""

import json
from uuid import UUID, uuid4

import pytest

from telemetry.delivery import otlp
from telemetry.delivery.exporting import opaque_id
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.otlp import MOST_RECORDS, encode, preview
from telemetry.delivery.records import Origin, Record
from telemetry.delivery.status import preview_of, status
from telemetry.instants import to_micros
from telemetry.tests.delivery.collector import json_records
from telemetry.tests.delivery.conftest import NOW, send

PROTOCOLS = pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
ORIGIN = Origin(UUID(int=7), "1.2.3", "production")


@pytest.fixture
def sent(collector, person, queue, settings):
    """Send one record with these attributes; what the collector read."""

    def run(protocol, **attributes):
        settings.TELEMETRY_SINK_PROTOCOL = protocol
        queue(person(), attributes=attributes)
        send()
        [record] = collector.records()
        return record

    return run


@PROTOCOLS
@pytest.mark.django_db
def test_a_detailed_record_as_a_collector_reads_it(sent, collector, installation, protocol):
    record = sent(
        protocol, source="web", late=True, ratio=0.5, big=2**62, tags=["a", 1, None], deep={"on": False}
    )

    row = record["record"]
    assert (row.event_name, row.body.string_value) == ("timer.started", "timer.started")
    assert row.severity_number == 9
    assert row.time_unix_nano == to_micros(NOW) * 1000
    assert record["resource"] == {
        "service.name": "growth",
        "service.version": "0.1.0",
        "deployment.environment": "embedded",
        "service.instance.id": str(installation.install_id),
    }
    assert record["scope"] == "growth.telemetry"
    said = {name: record[name] for name in ("source", "late", "ratio", "big", "tags", "deep", "number")}
    assert said == {
        "source": "web",
        "late": True,
        "ratio": 0.5,
        "big": 2**62,
        "tags": ["a", 1],
        "deep": {"on": False},
        "number": 0,
    }
    assert (type(record["late"]), type(record["number"])) == (bool, int)


@PROTOCOLS
@pytest.mark.django_db
def test_it_says_whose_it_is_and_by_which_consent(sent, installation, protocol):
    record = sent(protocol, install_id="theirs", record_id="theirs", consent_id=0, person="theirs")

    somebody = installation_person()
    assert record["install_id"] == str(installation.install_id)
    assert record["consent_id"] == somebody.consents.get().pk
    assert str(UUID(record["record_id"])) == record["record_id"]
    assert record["person"] == opaque_id(somebody.public_id, installation.install_id)
    assert record["app_version"] == "0.1.0"
    assert record["deployment"] == "embedded"


def installation_person():
    """The one person there is."""
    from telemetry.people.models import Person

    return Person.objects.get()


def test_two_installations_know_one_person_under_two_ids():
    public_id = uuid4()

    ids = {opaque_id(public_id, UUID(int=n)) for n in (1, 2)}

    assert len(ids) == 2
    assert str(public_id) not in ids
    assert opaque_id(public_id, UUID(int=1)) in ids


@PROTOCOLS
@pytest.mark.django_db
def test_trace_and_span_have_fields_of_their_own(sent, protocol):
    record = sent(protocol, trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331")

    assert record["record"].trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert record["record"].span_id.hex() == "b7ad6b7169203331"
    assert "trace_id" not in record


@pytest.mark.django_db
def test_the_json_form_follows_the_rules_of_otlp(sent, collector):
    sent("http/json", trace_id="0af7651916cd43dd8448eb211c80319c", big=2**62)

    path, headers, body = collector.posts[0]
    [record] = json_records(json.loads(body))
    assert (path, headers["content-type"]) == ("/v1/logs", "application/json")
    assert record["traceId"] == "0af7651916cd43dd8448eb211c80319c"
    assert record["severityNumber"] == 9
    assert record["timeUnixNano"] == str(to_micros(NOW) * 1000)
    assert {"key": "big", "value": {"intValue": str(2**62)}} in record["attributes"]


@PROTOCOLS
@pytest.mark.django_db
def test_every_post_is_compressed_and_authorized(sent, collector, protocol):
    sent(protocol)

    _path, headers, _body = collector.posts[0]
    assert headers["content-encoding"] == "gzip"
    assert headers["authorization"] == "Bearer t"


def test_numbers_beyond_64_bits_become_text():
    [attribute] = encode(Record("a.b", NOW, {"n": 2**63})).attributes

    assert attribute.value.string_value == str(2**63)


def test_a_value_that_otlp_has_no_form_for_is_an_error():
    with pytest.raises(TypeError, match="object"):
        encode(Record("a.b", NOW, {"n": object()}))


@pytest.mark.django_db
def test_a_record_that_cannot_be_encoded_stops_no_other(collector, person, queue, monkeypatch):
    rows = queue(person(), 3)
    monkeypatch.setattr(
        "telemetry.delivery.drain.encode",
        lambda record: (
            encode(record) if record.attributes["number"] != 1 else encode(Record("a.b", NOW, {"n": {1}}))
        ),
    )

    send()

    assert len(collector.records()) == len(rows) - 1
    assert dict(status(NOW).of(Layer.DETAILED).dropped) == {"not_encodable": 1}


@PROTOCOLS
@pytest.mark.django_db
def test_a_batch_has_512_records_at_most(collector, person, queue, settings, protocol):
    settings.TELEMETRY_SINK_PROTOCOL = protocol
    queue(person(), MOST_RECORDS + 100)

    send()

    assert [len(list(post.resource_logs[0].scope_logs[0].log_records)) for post in collector.requests] == [
        512,
        100,
    ]


@PROTOCOLS
@pytest.mark.django_db
def test_a_batch_has_a_mebibyte_at_most(collector, person, queue, settings, protocol):
    settings.TELEMETRY_SINK_PROTOCOL = protocol
    someone = person()
    queue(someone, 40, attributes={"text": "ä" * 40_000})
    queue(someone, 1, attributes={"text": "b" * 1_500_000})
    queue(someone, 5, attributes={"many": [{"n": n} for n in range(2_000)]})

    send()

    sizes = [len(body) for _path, _headers, body in collector.posts]
    assert len(collector.records()) == 46
    assert sum(size > otlp.MOST_BYTES for size in sizes) == 1
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_the_layers_never_share_a_batch(collector, person, queue):
    from telemetry.delivery.installation import queue_test_record

    someone = person()
    queue(someone, 2)
    queue_test_record(NOW)
    queue(someone, 2)

    send()

    named = [
        {r.event_name for r in post.resource_logs[0].scope_logs[0].log_records} for post in collector.requests
    ]
    assert all(len(names) == 1 for names in named)
    assert len(collector.records()) == 5


@pytest.mark.django_db
def test_a_preview_is_the_exact_payload(collector, person, queue, settings):
    settings.TELEMETRY_SINK_PROTOCOL = "http/json"
    assert preview_of(Layer.DETAILED, NOW) is None
    queue(person(), attributes={"email": "canary@example.org", "source": "web"})
    shown = preview_of(Layer.DETAILED, NOW)

    send()

    assert json.loads(collector.posts[0][2]) == shown


@pytest.mark.django_db
def test_the_base_layer_is_previewed_without_making_anything(installation):
    shown = preview_of(Layer.BASE, NOW)

    assert shown is not None
    [record] = json_records(shown)
    assert record["eventName"] == "base_telemetry.heartbeat"
    assert not Delivery.objects.exists()
    assert Installation.objects.get().heartbeat_at is None


def test_a_preview_needs_no_database():
    [record] = json_records(preview(Record("a.b", NOW, {"n": 1}), ORIGIN))

    assert record["attributes"] == [{"key": "n", "value": {"intValue": "1"}}]
