"""What the document on support says to set up at Stripe."""

import re

from django.conf import settings

from donations.gateway import API_VERSION
from donations.handlers import HANDLERS

TEXT = (settings.BASE_DIR / "docs/support.md").read_text()
NAMES = re.compile(r"`((?:checkout|invoice|customer|charge|refund|radar)\.[a-z_.]+)`")


def test_its_table_names_every_event_that_is_worked_on_and_no_other():
    rows = "".join(line for line in TEXT.splitlines() if line.startswith("   | "))

    assert sorted(NAMES.findall(rows)) == sorted(HANDLERS)


def test_it_says_of_one_more_that_nothing_follows_from_it():
    assert set(NAMES.findall(TEXT)) - set(HANDLERS) == {"customer.updated"}


def test_it_names_the_api_version_that_is_spoken():
    assert f"`{API_VERSION}`" in TEXT
