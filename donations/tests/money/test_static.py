"""Who may talk to Stripe, and from where."""

import re

from django.conf import settings

OURS = [
    path
    for app in ("donations", "referrals", "growth")
    for path in (settings.BASE_DIR / app).rglob("*.py")
    if "tests" not in path.parts and "migrations" not in path.parts
]
#: Who may know the SDK: the gateway, the signature's check, and the offline Stripe.
KNOW_STRIPE = {"gateway.py", "signatures.py"}


def test_one_module_talks_to_stripe():
    knowing = {path for path in OURS if re.search(r"^\s*(import stripe|from stripe)", path.read_text(), re.M)}

    assert {path.name for path in knowing if "development" not in path.parts} <= KNOW_STRIPE


def test_nothing_asks_stripe_from_within_the_settlement():
    for path in (settings.BASE_DIR / "donations/settlement").glob("*.py"):
        assert not re.search(r"import gateway|gateway\.\w+\(", path.read_text()), path.name
