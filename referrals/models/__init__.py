"""All models of the app, one noun a file."""

from referrals.models.code import ReferralClick, ReferralCode
from referrals.models.credit import CreditGrant
from referrals.models.proposal import CreditProposal
from referrals.models.referral import Referral

__all__ = ["CreditGrant", "CreditProposal", "Referral", "ReferralClick", "ReferralCode"]
