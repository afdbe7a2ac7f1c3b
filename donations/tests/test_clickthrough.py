"""Who saw an ask and who followed it: people, not clicks."""

from datetime import UTC, datetime, timedelta

import pytest

from donations.clickthrough import SURFACES, click_through, people_who
from donations.models import DonationInteraction
from telemetry.people.models import Person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
START, END = NOON, NOON + timedelta(days=1)
BANNER, PAGE, AFTER_REPORT = SURFACES[:3]


@pytest.fixture
def touches(db):
    """`touches("banner_impression", placement="banner")`: somebody new, unless it is said who."""

    def make(what, *, person=None, at=NOON, **led):
        person = person or Person.objects.create()
        DonationInteraction.objects.create(person=person, interaction_type=what, created_at=at, **led)
        return person

    return make


def of(surface):
    """Seen, dismissed, followed, both."""
    found = {each.surface.key: each for each in click_through(START, END, None)}[surface.key]
    return (found.seen, found.dismissed, found.followed, found.both)


def test_who_sees_and_clicks_three_times_is_one_person(touches):
    ada = touches("banner_impression", placement="banner")
    for _again in range(3):
        touches("banner_impression", person=ada, placement="banner")
        touches("link_clicked", person=ada, placement="banner_key")

    assert of(BANNER) == (1, 0, 1, 1)


def test_a_rate_is_of_those_who_saw_it(touches):
    touches("banner_impression", placement="banner")
    touches("support_modal_opened", placement="banner")  # whose impression lies before these days
    touches("banner_dismissed", placement="banner")

    assert of(BANNER) == (1, 1, 1, 0)


def test_the_support_page_is_followed_from_any_of_its_buttons(touches):
    for placement in ("donate_page_hero", "donate_page_button", "donate_page_key"):
        ada = touches("page_viewed", placement="donate_page")
        touches("support_donation_clicked", person=ada, placement=placement)

    assert of(PAGE) == (3, None, 3, 3)


def test_a_prompt_is_told_from_the_place_it_came_up_at(touches):
    ada = touches("support_prompt_shown", prompt="after_report")
    touches("support_modal_opened", person=ada, placement="header", prompt="after_report")
    header = next(each for each in SURFACES if each.key == "header")

    assert of(AFTER_REPORT) == (1, 0, 1, 1)
    assert of(header) == (None, None, 0, None)


def test_the_days_are_half_open(touches):
    touches("banner_impression", placement="banner", at=START)
    touches("banner_impression", placement="banner", at=END)

    assert of(BANNER)[0] == 1


def test_the_people_behind_are_as_many_as_the_number_says(touches):
    for what in ("banner_impression", "banner_dismissed", "link_clicked"):
        touches(what, placement="banner")
    both = touches("banner_impression", placement="banner")
    touches("support_license_clicked", person=both, placement="banner_key")

    seen, dismissed, followed, twice = of(BANNER)
    counted = {"seen": seen, "dismissed": dismissed, "followed": followed, "both": twice}
    for what, count in counted.items():
        assert people_who(what, BANNER, START, END, None).count() == count
    assert list(people_who("both", BANNER, START, END, None)) == [both]


def test_what_nobody_can_know_is_no_question(db):
    with pytest.raises(KeyError):
        people_who("dismissed", PAGE, START, END, None)


def test_only_some_people_are_asked_about(touches):
    ada = touches("banner_impression", placement="banner")
    touches("banner_impression", placement="banner")

    (banner, *_others) = click_through(START, END, Person.objects.filter(pk=ada.pk))

    assert banner.seen == 1
