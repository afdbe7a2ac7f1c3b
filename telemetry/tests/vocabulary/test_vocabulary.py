"""The vocabulary as rows: of classes, and of staff."""

from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from telemetry.log.events import TrackedEvent, WrittenBy, declared
from telemetry.log.models import EventType
from telemetry.log.vocabulary import (
    UnknownEvent,
    activity_type_ids,
    lookup,
    lookup_many,
    sync_vocabulary,
    type_ids,
)
from telemetry.segments.models import SegmentWatermark

pytestmark = pytest.mark.django_db


def declare(*arguments):
    """What the command says."""
    out = StringIO()
    call_command("declare_event", *arguments, stdout=out)
    return out.getvalue().strip()


def word(name):
    """The word of a name that must be there."""
    return lookup_many([name])[name]


@pytest.fixture
def bell(scratch):
    """A class that has no row yet."""

    @dataclass(frozen=True)
    class BellRung(TrackedEvent, name="scratch.bell_rung", written_by="server", counts_as_use=True):
        """Somebody rang the bell.

        Loudly.
        """

    return BellRung


def test_every_class_has_its_row_after_a_migration():
    rows = EventType.objects.filter(declared_by=EventType.DeclaredBy.CODE)

    assert {row.name for row in rows} == {event.name for event in declared()}


def test_a_row_tells_the_first_paragraph_of_the_docstring(bell):
    sync_vocabulary()

    row = EventType.objects.get(name="scratch.bell_rung")
    assert (row.meaning, row.counts_as_use, row.declared_by) == ("Somebody rang the bell.", True, "code")


def test_syncing_again_writes_nothing(bell, django_assert_num_queries):
    sync_vocabulary()

    with django_assert_num_queries(1):
        assert sync_vocabulary() is False


def test_what_staff_declared_stays_as_it_is():
    declare("shop.visited", "Somebody came in.", "--activity")

    sync_vocabulary()

    row = EventType.objects.get(name="shop.visited")
    assert (row.meaning, row.counts_as_use, row.declared_by) == ("Somebody came in.", True, "staff")


def test_a_class_takes_over_a_name_that_staff_declared(bell):
    before = EventType.objects.create(name="scratch.bell_rung", meaning="It rang.")

    assert sync_vocabulary() is True

    row = EventType.objects.get(name="scratch.bell_rung")
    assert row.pk == before.pk
    assert (row.meaning, row.counts_as_use, row.declared_by) == ("Somebody rang the bell.", True, "code")


def test_a_word_knows_its_class_and_who_may_write_it(bell):
    sync_vocabulary()

    rung = word("scratch.bell_rung")
    assert rung.event is bell
    assert rung.written_by is WrittenBy.SERVER
    assert rung.counts_as_use


def test_anyone_may_write_what_staff_declared():
    declare("shop.visited", "Somebody came in.")

    visited = word("shop.visited")
    assert visited.event is None
    assert visited.written_by is WrittenBy.ANYONE


def test_an_event_whose_class_is_gone_is_written_by_nobody_from_outside():
    EventType.objects.create(name="gone.away", meaning="It was.", declared_by=EventType.DeclaredBy.CODE)

    assert word("gone.away").written_by is WrittenBy.SERVER


def test_a_known_word_costs_no_query(django_assert_num_queries):
    lookup("auth.login")

    with django_assert_num_queries(0):
        assert word("auth.login").name == "auth.login"
        assert len(type_ids("auth.login", "support.modal_opened")) == 2


def test_five_hundred_unknown_words_cost_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert lookup_many(f"nobody.said_{n}" for n in range(500)) == {}


def test_a_word_that_another_process_declared_is_seen():
    lookup("auth.login")
    # No signal of ours fires: this is another process, as far as this one can tell.
    EventType.objects.bulk_create([EventType(name="shop.visited", meaning="Somebody came in.")])

    assert word("shop.visited").name == "shop.visited"


def test_a_word_that_staff_change_is_seen():
    declare("shop.visited", "Somebody came in.")
    assert not word("shop.visited").counts_as_use

    declare("shop.visited", "Somebody came in.", "--activity")

    assert word("shop.visited").counts_as_use


def test_keys_come_in_the_order_of_the_names():
    names = ("support.modal_opened", "auth.login", "activity.logged")

    assert type_ids(*names) == tuple(EventType.objects.get(name=name).pk for name in names)


def test_an_unknown_event_is_named():
    with pytest.raises(UnknownEvent, match=r"shop\.visited") as caught:
        type_ids("auth.login", "shop.visited")

    assert caught.value.name == "shop.visited"


def test_what_counts_as_use_is_what_the_classes_and_staff_say():
    declare("shop.visited", "Somebody came in.", "--activity")
    declare("shop.left", "Somebody went.")

    names = EventType.objects.filter(pk__in=activity_type_ids()).values_list("name", flat=True)

    assert set(names) == {"activity.logged", "shop.visited"}


def test_staff_call_an_event_what_their_program_calls_it():
    for name in ("A", "SignUp", "checkout:done", "page-view"):
        assert declare(name, "It happened.").startswith(f"{name} is now declared")


def test_declaring_says_what_it_did():
    assert declare("shop.visited", "In.") == "shop.visited is now declared; it does not count as use."
    assert declare("shop.visited", "In.") == "shop.visited was declared before; it does not count as use."
    assert declare("shop.visited", "In.", "--activity") == "shop.visited is now declared; it counts as use."
    assert EventType.objects.filter(name="shop.visited").count() == 1


@pytest.mark.parametrize(
    ("name", "meaning", "why"),
    [
        ("base_telemetry.x", "It beats.", "reserved"),
        ("auth.login", "Somebody came in.", "The product's code declares this event."),
        ("activity", "Somebody did something.", "reserved"),
        ("__proto__", "Somebody came in.", "begins with a letter"),
        ("shop visited", "Somebody came in.", "letters, digits"),
        ("shöp", "Somebody came in.", "letters, digits"),
        ("shop." + "x" * 60, "Somebody came in.", "64"),
        ("", "Somebody came in.", "begins with a letter"),
        ("shop.visited", "", "blank"),
        ("shop.visited", "x" * 301, "300"),
    ],
)
def test_what_cannot_be_declared_is_refused_with_the_reason(name, meaning, why):
    with pytest.raises(CommandError, match=why):
        declare(name, meaning)

    assert not EventType.objects.filter(declared_by=EventType.DeclaredBy.STAFF).exists()


def test_the_database_refuses_a_name_twice():
    EventType.objects.create(name="shop.visited", meaning="Somebody came in.")

    with pytest.raises(IntegrityError), transaction.atomic():
        EventType.objects.create(name="shop.visited", meaning="Somebody came in.")


def test_everybody_is_counted_anew_when_what_counts_as_use_changes():
    SegmentWatermark.objects.create(needs_full=False)
    declare("shop.visited", "Somebody came in.")
    assert not SegmentWatermark.objects.get().needs_full

    declare("shop.visited", "Somebody came in.", "--activity")

    assert SegmentWatermark.objects.get().needs_full


def test_everybody_is_counted_anew_when_a_class_takes_over_and_counts_otherwise(bell):
    EventType.objects.create(name="scratch.bell_rung", meaning="It rang.")
    SegmentWatermark.objects.update_or_create(pk=1, defaults={"needs_full": False})

    call_command("migrate", verbosity=0)

    assert SegmentWatermark.objects.get().needs_full


def test_syncing_uses_up_no_key(bell):
    """Keys are small integers, and a refused insert would use one up at every migration."""
    for _ in range(3):
        sync_vocabulary()
    declare("shop.visited", "Somebody came in.")

    first, last = (EventType.objects.get(name=name).pk for name in ("scratch.bell_rung", "shop.visited"))
    assert last == first + 1
    assert word("shop.visited").id == last
