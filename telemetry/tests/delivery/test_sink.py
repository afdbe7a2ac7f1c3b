"""What a sink may answer, and what then becomes of a batch."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from telemetry.delivery._retry_after import backoff, wished
from telemetry.delivery.installation import REFUSED, resume
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.status import status
from telemetry.operations.models import Alert
from telemetry.tests.delivery.collector import Answer
from telemetry.tests.delivery.conftest import NOW, dropped, send

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

TAKEN = (200, 201, 202, 204)
RETRIED = (429, 502, 503, 504)
REFUSING = (401, 403)
GIVEN_UP = (301, 307, 400, 404, 405, 408, 413, 415, 500, 501)

#: What stands in `Retry-After`, and how long the sink is then left alone; None: as without it.
WISHES = {
    "none": (None, None),
    "seconds": ("120", timedelta(seconds=120)),
    "date": (format_datetime(NOW + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
    "garbage": ("soon", None),
    "negative": ("-5", None),
    "huge": ("1000000000", HOUR),
}


def test_the_table_has_twenty_statuses():
    assert len({*TAKEN, *RETRIED, *REFUSING, *GIVEN_UP}) == 20


@pytest.fixture
def answered(collector, person, queue):
    """Send two records to a sink that answers with that status and that `Retry-After`."""

    def run(status, wish):
        header, _pause = WISHES[wish]
        collector.answer = Answer(status, {} if header is None else {"Retry-After": header})
        queue(person(), 2)
        send()
        return Installation.objects.get()

    return run


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("code", TAKEN)
def test_a_success_is_a_success_whatever_else_it_says(answered, collector, code, wish):
    installation = answered(code, wish)

    assert status(NOW).of(Layer.DETAILED).delivered == 2
    assert not Delivery.objects.exists()
    assert (installation.resume_at, installation.failures) == (None, 0)
    assert installation.last_delivery_at >= NOW
    assert len(collector.records()) == 2


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("code", RETRIED)
def test_a_busy_sink_is_left_alone_and_gets_the_same_records_later(answered, collector, code, wish):
    installation = answered(code, wish)
    pause = installation.resume_at - NOW

    asked = WISHES[wish][1]
    if asked is None:
        assert timedelta(0) <= pause <= timedelta(seconds=5) + SECOND
    else:
        assert asked - SECOND <= pause <= asked + SECOND
    assert (Delivery.objects.count(), len(collector.posts)) == (2, 1)
    assert installation.last_error == f"status_{code}"

    collector.answer = Answer()
    if pause > SECOND:
        send(installation.resume_at - SECOND / 2)
        assert len(collector.posts) == 1
    send(installation.resume_at + SECOND)
    assert status(NOW).of(Layer.DETAILED).delivered == 2
    assert collector.posts[0][2] == collector.posts[1][2]


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("code", GIVEN_UP)
def test_any_other_refusal_drops_the_batch_and_counts_it(answered, collector, code, wish):
    installation = answered(code, wish)

    assert dropped() == {f"status_{code}": 2}
    assert not Delivery.objects.exists()
    assert installation.resume_at is None
    assert installation.last_error == f"status_{code}"
    assert len(collector.posts) == 1


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("code", REFUSING)
def test_refused_credentials_pause_delivery_and_tell_staff(answered, collector, code, wish):
    installation = answered(code, wish)

    assert installation.paused_at is not None
    assert HOUR <= installation.resume_at - NOW <= HOUR + SECOND
    assert (Delivery.objects.count(), len(collector.posts)) == (2, 1)
    assert Alert.objects.open().filter(key=REFUSED).count() == 1
    send(NOW + HOUR / 2)
    assert len(collector.posts) == 1


def test_the_probe_of_the_next_hour_ends_a_pause(answered, collector):
    answered(401, "none")
    collector.answer, collector.answers = Answer(), [Answer(403)]
    send(NOW + HOUR + SECOND * 2)
    assert Installation.objects.get().paused_at is not None
    assert Alert.objects.open().get(key=REFUSED).count == 2

    send(NOW + HOUR * 2 + SECOND * 5)

    assert Installation.objects.get().paused_at is None
    assert not Alert.objects.open().exists()
    assert status(NOW).of(Layer.DETAILED).delivered == 2


def test_staff_end_a_pause(answered, collector, rings, django_capture_on_commit_callbacks):
    answered(401, "none")
    collector.answer = Answer()
    rings.clear()

    with django_capture_on_commit_callbacks(execute=True):
        assert resume(by=None, at=NOW + SECOND)
    assert not resume(by=None, at=NOW + SECOND)

    assert [task for task, _after in rings] == ["telemetry.tasks.deliver"]
    assert not Alert.objects.open().exists()
    send(NOW + SECOND)
    assert not Delivery.objects.exists()


def test_other_settings_end_a_pause(answered, collector, settings):
    answered(401, "none")
    collector.answer = Answer()
    settings.TELEMETRY_SINK_HEADERS = {"authorization": "Bearer mended"}

    send(NOW + SECOND)

    assert not Delivery.objects.exists()
    assert Installation.objects.get().paused_at is None
    assert collector.posts[-1][1]["authorization"] == "Bearer mended"


def test_a_sink_that_is_not_there_is_tried_again(collector, person, queue):
    collector.close()
    queue(person())

    send()

    assert Delivery.objects.count() == 1
    assert Installation.objects.get().last_error == "ConnectionError"
    assert Installation.objects.get().resume_at > NOW


def test_a_sink_that_hangs_up_gets_the_same_record_again(collector, person, queue):
    collector.answers = [Answer(hang_up=True)]
    [row] = queue(person())

    send()
    send(NOW + timedelta(minutes=1))

    assert [record["record_id"] for record in collector.records()] == [str(row.record_id)] * 2
    assert status(NOW).of(Layer.DETAILED).delivered == 1


@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
def test_a_partial_success_is_never_sent_again(collector, person, queue, settings, protocol):
    settings.TELEMETRY_SINK_PROTOCOL = protocol
    collector.answer = Answer(rejected=2)
    queue(person(), 5)

    send()
    send(NOW + HOUR)

    assert len(collector.posts) == 1
    assert dropped() == {"rejected": 2}
    assert status(NOW).of(Layer.DETAILED).delivered == 3


@pytest.mark.parametrize(
    "said",
    [b"", b"ok", b"\xff" * 100, b'{"partialSuccess": {"rejectedLogRecords": Infinity}}', b"[" * 60_000],
)
@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
def test_an_answer_that_cannot_be_read_is_a_success(collector, person, queue, settings, protocol, said):
    settings.TELEMETRY_SINK_PROTOCOL = protocol
    collector.answer = Answer(body=said)
    queue(person())

    send()

    assert status(NOW).of(Layer.DETAILED).delivered == 1


def test_more_rejected_than_sent_is_all_of_them(collector, person, queue):
    collector.answer = Answer(rejected=99)
    queue(person(), 2)

    send()

    assert dropped() == {"rejected": 2}


def test_a_redirect_is_not_followed(collector, person, queue):
    collector.answer = Answer(307, {"Location": f"{collector.url}/elsewhere"})
    queue(person())

    send()

    assert [path for path, _headers, _body in collector.posts] == ["/v1/logs"]


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("0", SECOND),
        (" 7 ", SECOND * 7),
        ("9" * 6000, HOUR),
        ("1.5", None),
        ("٣", None),
        ("", None),
        (format_datetime(NOW - HOUR, usegmt=True), None),
        (format_datetime(NOW + HOUR * 9, usegmt=True), HOUR),
        ("Wed, 04 Mar 2026 12:00:30 -0000", SECOND * 30),
        ("Wed, 99 Mar 2026 12:00:30 GMT", None),
    ],
)
def test_what_retry_after_means(header, pause):
    assert wished(header, NOW) == pause


def test_pauses_grow_and_are_random():
    for failures, longest in ((1, 5), (2, 10), (5, 80), (50, 900), (10**6, 900)):
        pauses = {backoff(failures) for _ in range(50)}
        assert len(pauses) > 1
        assert all(timedelta(0) <= pause <= SECOND * longest for pause in pauses)


def test_a_sink_that_stays_away_is_asked_ever_less(collector, person, queue):
    collector.answer = Answer(503)
    queue(person(), 2)
    at = NOW
    for _ in range(12):
        send(at)
        at = Installation.objects.get().resume_at + SECOND

    assert len(collector.posts) == 12
    assert Installation.objects.get().failures == 12
    assert Delivery.objects.count() == 2
