"""What somebody asks of us with a form."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from donations.choices import CUSTOM, amount_said, is_known
from donations.events import Placement, Prompt
from donations.keys import as_system_id, can_issue
from donations.models.checkout import Kind
from donations.money import AmountRefused, Money, parse
from donations.querysets.beginning import Wish


class CheckoutForm(forms.Form):
    """An amount or the key, and what led to it; `wish` once it is valid.

    The prices of the key and, unless an amount is typed, of the membership are ours to say.
    """

    kind = forms.ChoiceField(choices=Kind.choices)
    amount = forms.CharField(label=_("Amount"), required=False, max_length=32)
    token = forms.UUIDField()
    placement = forms.ChoiceField(choices=[("", ""), *Placement.choices], required=False)
    prompt = forms.ChoiceField(choices=[("", ""), *Prompt.choices], required=False)
    choice = forms.CharField(required=False, max_length=32)
    system_id = forms.CharField(required=False)

    def clean_kind(self) -> str:
        """A key is sold where one can be made."""
        kind: str = self.cleaned_data["kind"]
        if kind == Kind.KEY and not can_issue():
            raise forms.ValidationError(_("Keys are not sold here."))
        return kind

    def clean_choice(self) -> str:
        """One of what is offered, or nothing."""
        choice: str = self.cleaned_data["choice"]
        if choice and not is_known(choice):
            raise forms.ValidationError(_("Nothing is offered under this word."))
        return choice

    def clean_system_id(self) -> str:
        """Printable ASCII without spaces, as the keys take it."""
        if not (raw := self.cleaned_data["system_id"]):
            return ""
        try:
            return as_system_id(raw)
        except ValueError as error:
            raise forms.ValidationError(_("This is no System ID.")) from error

    def clean(self) -> dict[str, Any]:
        """The money, of what was typed or of our price."""
        data: dict[str, Any] = self.cleaned_data
        try:
            said = amount_said(data.get("choice", ""), data.get("amount", ""))
            data["money"] = self._money(data.get("kind", ""), said, data.get("choice", ""))
        except AmountRefused as refused:
            self.add_error("amount", str(refused))
        return data

    def _money(self, kind: str, said: str, choice: str) -> Money:
        currency = settings.SUPPORT_CURRENCY
        if kind == Kind.KEY:
            return Money(settings.SUPPORT_KEY_PRICE, currency)
        if kind == Kind.MONTHLY and not said and choice != CUSTOM:
            return Money(settings.SUPPORT_MEMBERSHIP_PRICE, currency)
        return parse(said, currency, least=settings.SUPPORT_MINIMUM, most=settings.SUPPORT_MAXIMUM)

    @property
    def wish(self) -> Wish:
        """What is to be paid for."""
        data = self.cleaned_data
        return Wish(
            kind=data["kind"],
            money=data["money"],
            token=data["token"],
            placement=data["placement"],
            prompt=data["prompt"],
            choice=data["choice"],
            system_id=data["system_id"] if data["kind"] == Kind.KEY else "",
        )

    @property
    def lacks_an_amount_only(self) -> bool:
        """Whether whoever filled it in can put it right: all that they did not type themselves is sound."""
        return set(self.errors) <= {"amount", "system_id"}

    def again(self) -> dict[str, str]:
        """The fields as they were sent, for a form that is to be sent once more, under a new token."""
        sent = {name: str(self.data.get(name, "")) for name in self.fields}
        return sent | {"token": str(uuid4())}
