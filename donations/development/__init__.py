"""Stripe, offline: the development checkout and the tests talk to it through the real SDK."""

from donations.development.client import OfflineStripe
from donations.development.telling import Told

__all__ = ["OfflineStripe", "Told"]
