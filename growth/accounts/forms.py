"""Forms that count a guess before they compare it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ConfirmEmailVerificationCodeForm, ConfirmLoginCodeForm, SignupForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from growth.accounts import limits
from growth.models import User
from referrals.linking import link_the_sign_up


class NewAccount(SignupForm):
    """The address of a new account. For an address that has one already, nothing is saved."""

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        """Make the account, and say who brought it: both or neither.

        allauth's `user_signed_up` comes too late for that, after the account is committed.
        """
        account: User = super().save(request)
        link_the_sign_up(request, account, at=account.date_joined)
        return account


class CountedCode:
    """A form with an e-mailed code; `guess` counts, and raises LimitReached before anything is compared."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, guess: Callable[[], None], **kwargs: Any) -> None:
        self.guess = guess
        super().__init__(*args, **kwargs)
        self.fields["code"].max_length = 64
        self.fields["code"].widget.attrs |= {
            "maxlength": 64,
            "autocapitalize": "characters",
            "autocorrect": "off",
            "spellcheck": "false",
            "autofocus": True,
            "placeholder": "ABCD-EFGH",
            "class": "code",
        }

    def clean_code(self) -> str:
        """The code, counted first."""
        self.guess()
        return super().clean_code()  # type: ignore[misc]


class LoginCode(CountedCode, ConfirmLoginCodeForm):
    """The code that signs somebody in."""


class EmailCode(CountedCode, ConfirmEmailVerificationCodeForm):
    """The code that shows an address to be somebody's own."""


class CountedSecondFactor:
    """A form with a code of an authenticator app, or a recovery code, of `user`."""

    fields: dict[str, Any]
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {
            "maxlength": 64,
            "autofocus": True,
            "spellcheck": "false",
            "placeholder": "123456",
            "class": "code",
        }

    def clean_code(self) -> str:
        """The code, counted first."""
        limits.SECOND_FACTORS_OF_AN_ACCOUNT.take(str(self.user.pk), now=timezone.now())
        return super().clean_code()  # type: ignore[misc]


class SecondFactor(CountedSecondFactor, AuthenticateForm):
    """The second step of signing in."""


class SecondFactorAgain(CountedSecondFactor, ReauthenticateForm):
    """Shown once more before something that matters."""


class NewSecondFactor(CountedSecondFactor, ActivateTOTPForm):
    """The first code of a new authenticator app."""
