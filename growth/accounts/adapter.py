"""What this product wants otherwise than allauth's default."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest
from django.urls import reverse

from growth.accounts.redirects import is_own_path
from telemetry.admin.plain import plain
from telemetry.operations.client_address import client_address


class AccountAdapter(DefaultAccountAdapter):
    """Codes only, own paths only, the client's address as configured."""

    def is_safe_url(self, url: str) -> bool:
        """Only absolute paths of our own."""
        return is_own_path(url)

    def clean_email(self, email: str) -> str:
        """The address of a form; Django lets control characters stand between quotes."""
        plain(email)
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address; forwarded ones count only behind a trusted proxy."""
        return client_address(request)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of an address that somebody tried to sign up with it."""
        login_url = context.request.build_absolute_uri(reverse("account_login"))
        self.send_mail("account/email/account_already_exists", email, {"login_url": login_url})
