"""How often codes may be asked for and guessed."""

from __future__ import annotations

from datetime import datetime, timedelta

from telemetry.operations.limits import Limit

# A code lives ten minutes, so an hour outlives it: three guesses for each, whatever the sessions say.
GUESSES_OF_A_CODE = Limit("code", 3, timedelta(hours=1))
GUESSES_OF_AN_ACCOUNT = Limit("code-account", 30, timedelta(hours=1))
GUESSES_OF_AN_ADDRESS = Limit("code-ip", 300, timedelta(hours=1))

# Six digits, changing every thirty seconds.
SECOND_FACTORS_OF_AN_ACCOUNT = Limit("mfa-account", 10, timedelta(minutes=15))

# The first keeps a stranger from locking somebody out of asking; the second keeps a mailbox from flooding.
CODES_FOR_ONE_FROM_ONE = Limit("ask-pair", 5, timedelta(minutes=15))
CODES_FOR_ONE = Limit("ask-email", 20, timedelta(hours=1))
CODES_FROM_ONE = Limit("ask-ip", 200, timedelta(hours=1))


def guess(*, code: str, account: str, address: str, now: datetime) -> None:
    """Count a guess of an e-mailed code before it is compared; LimitReached when none is left."""
    GUESSES_OF_A_CODE.take(code, now=now)
    GUESSES_OF_AN_ACCOUNT.take(account, now=now)
    GUESSES_OF_AN_ADDRESS.take(address, now=now)


def ask_for_code(*, email: str, address: str, now: datetime) -> None:
    """Count a request for a code, known address or not; LimitReached when none is left."""
    mailbox = email.strip().lower()
    CODES_FOR_ONE_FROM_ONE.take(f"{mailbox} {address}", now=now)
    CODES_FOR_ONE.take(mailbox, now=now)
    CODES_FROM_ONE.take(address, now=now)
