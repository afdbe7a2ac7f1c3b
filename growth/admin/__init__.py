"""What staff see and do of the top floor's rows, and of people."""

from growth.admin import accounts, credits, money, people, referrals, telemetry, watched

__all__ = ["accounts", "credits", "money", "people", "referrals", "telemetry", "watched"]
