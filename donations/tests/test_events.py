"""What others may say of the support funnel."""

from hypothesis import given, strategies as st

from donations.events import DonationClicked, Placement, Prompt
from telemetry.log.events import WrittenBy, check_properties, declared

clicks = st.builds(
    DonationClicked,
    placement=st.sampled_from(Placement),
    choice=st.text(max_size=20),
    variant=st.none() | st.text(max_size=20),
    prompt=st.none() | st.sampled_from(Prompt),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(clicks)
def test_what_a_class_writes_it_accepts(click):
    assert check_properties(DonationClicked, click.payload()) is None


@given(st.dictionaries(st.sampled_from(["placement", "choice", "variant", "prompt", "other"]), json_values))
def test_any_json_is_judged_by_the_declared_types_alone(properties):
    def fits(name, *accepted):
        value = properties.get(name)
        return value is None or (isinstance(value, str) and (not accepted or value in accepted))

    sound = (
        fits("placement", *Placement.values)
        and fits("choice")
        and fits("variant")
        and fits("prompt", *Prompt.values)
    )

    assert (check_properties(DonationClicked, properties) is None) is sound


def test_only_the_server_speaks_of_checkouts_and_money():
    by_server = {event.name for event in declared() if event.written_by is WrittenBy.SERVER}

    assert {name for name in by_server if name.startswith(("support.", "payment."))} == {
        "support.checkout_started",
        "support.payment_succeeded",
        "support.payment_refunded",
        "payment.renewed",
    }


def test_a_placement_that_ends_in_key_sells_the_key():
    assert {place for place in Placement if place.sells_the_key} == {
        Placement.BANNER_KEY,
        Placement.DONATE_PAGE_KEY,
    }
