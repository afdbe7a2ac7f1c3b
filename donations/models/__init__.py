"""All models of the app, one noun a file."""

from donations.models.checkout import Checkout
from donations.models.customer import StripeCustomer
from donations.models.development import DevelopmentObject
from donations.models.errand import StripeErrand
from donations.models.event import StripeEvent
from donations.models.interaction import DonationInteraction
from donations.models.key import SupporterKey
from donations.models.mail import SupportMail
from donations.models.payment import Payment
from donations.models.subscription import Subscription
from donations.models.supporter import Supporter

__all__ = [
    "Checkout",
    "DevelopmentObject",
    "DonationInteraction",
    "Payment",
    "StripeCustomer",
    "StripeErrand",
    "StripeEvent",
    "Subscription",
    "SupportMail",
    "Supporter",
    "SupporterKey",
]
