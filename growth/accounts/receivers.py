"""What happens when somebody sets up a second factor."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from growth.models import User


@receiver(authenticator_added, dispatch_uid="setting_up_is_showing")
def take_the_set_up_as_shown(request: HttpRequest, user: User, authenticator: Any, **kwargs: object) -> None:
    """Who has just typed the first code of an app need not type another to see the recovery codes."""
    if authenticator.type == Authenticator.Type.TOTP:
        proof = {"id": authenticator.pk, "type": authenticator.type, "reauthenticated": True}
        record_authentication(request, user, "mfa", **proof)
