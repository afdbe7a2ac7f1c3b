"""What the document on support says to set up at Stripe."""

import re

from django.conf import settings

from donations.gateway import API_VERSION
from donations.handlers import HANDLERS

TEXT = (settings.BASE_DIR / "docs/support.md").read_text()


def test_it_names_every_event_that_is_worked_on_and_no_other():
    named = re.findall(r"`((?:checkout|invoice|customer|charge|refund|radar)\.[a-z_.]+)`", TEXT)

    assert sorted(named) == sorted(HANDLERS)


def test_it_names_the_api_version_that_is_spoken():
    assert f"`{API_VERSION}`" in TEXT
