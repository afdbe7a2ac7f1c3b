"""allauth's views where a code is asked for or guessed, with our limits before them."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.manage_email import sync_email_address
from allauth.account.internal.stagekit import clear_login
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from growth.accounts import limits
from growth.accounts.forms import EmailCode, LoginCode
from growth.accounts.pace import at_an_even_pace
from telemetry.operations.client_address import client_address


def ask_for_code(request: HttpRequest, email: str) -> None:
    """Count a request for a code; LimitReached when none is left."""
    limits.ask_for_code(email=email, address=client_address(request), now=timezone.now())


class Login(allauth.LoginView):
    """The address to which a sign-in code goes."""

    @at_an_even_pace
    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send one mail, whether the address is known or not."""
        return super().post(*args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """Count, then send."""
        ask_for_code(self.request, form.cleaned_data["login"])
        return super().form_valid(form)


class SignUp(allauth.SignupView):
    """The address of a new account."""

    @at_an_even_pace
    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send one mail, whether the address is known or not."""
        return super().post(*args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """Count, then send."""
        ask_for_code(self.request, form.cleaned_data["email"])
        return super().form_valid(form)


class EmailChange(allauth.EmailView):
    """The address of the account, and a new one for it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count what sends a mail, then do it."""
        again = "action_send" in request.POST and "action_add" not in request.POST
        if again and request.POST.get("email") and (known := self._get_email_address(request)):
            ask_for_code(request, known.email)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """Count, then send."""
        ask_for_code(self.request, form.cleaned_data["email"])
        return super().form_valid(form)


class CountedGuesses:
    """A page that takes an e-mailed code, or sends another."""

    request: HttpRequest
    _process: Any
    _action: str

    @at_an_even_pace
    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Compare the code, or send another, in the same time for known and unknown addresses."""
        if self._action == "resend":
            ask_for_code(self.request, self._process.state["email"])
        return super().post(*args, **kwargs)  # type: ignore[misc]

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form counts by itself, once its input is worth comparing."""
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        return kwargs if self._action == "resend" else kwargs | {"guess": self.guess}

    def guess(self) -> None:
        """Count a guess for the code, its account and the client; LimitReached when none is left."""
        state = self._process.state
        limits.guess(
            code=f"{state['email']} {state.get('code', '')} {state['at']}",
            account=str(state.get("user_id") or state["email"]),
            address=client_address(self.request),
            now=timezone.now(),
        )


class ConfirmLoginCode(CountedGuesses, allauth.ConfirmLoginCodeView):
    """The code that signs somebody in."""

    form_class = LoginCode

    def form_valid(self, form: Form) -> HttpResponse:
        """Sign in; a right code shows that the address is theirs, even if it was never verified."""
        if self._action == "verify" and self._process.user:
            sync_email_address(self._process.user, self._process.state["email"])
        return super().form_valid(form)


class ConfirmEmailCode(CountedGuesses, allauth.ConfirmEmailVerificationCodeView):
    """The code that shows an address to be somebody's own."""

    form_class = EmailCode


@require_POST
def start_again(request: HttpRequest) -> HttpResponseRedirect:
    """Forget a sign-in that was begun, for another address; what else the session holds stays."""
    if not request.user.is_authenticated:
        request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
        clear_login(request)
    return redirect("account_login")


def no_passwords(request: HttpRequest) -> HttpResponse:
    """404: here an e-mailed code signs in, and nothing else."""
    raise Http404
