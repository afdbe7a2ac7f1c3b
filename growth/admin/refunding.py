"""What staff say when they give money back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from donations.models import Payment
from donations.money import Money
from donations.refunds import RefundRefused
from telemetry.admin.plain import plain


class RefundForm(forms.Form):
    """How much, in whole units of the currency, and why. By its own name, sent twice, it refunds once."""

    once = forms.CharField(
        max_length=64, required=False, initial=lambda: uuid4().hex, widget=forms.HiddenInput
    )

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        validators=[plain],
        help_text=gettext_lazy("It stands in the audit log."),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, payment: Payment, data: Any = None) -> None:
        """All that is left, unless less is said."""
        super().__init__(data)
        self.payment = payment
        self.fields["amount"] = forms.DecimalField(
            label=gettext("Amount, %(currency)s") % {"currency": payment.currency.upper()},
            initial=payment.net.major,
            min_value=Decimal(1).scaleb(-payment.money.decimals),
            max_value=payment.net.major,
            decimal_places=payment.money.decimals,
            widget=UnfoldAdminDecimalFieldWidget,
        )
        self.order_fields(["amount", "reason"])

    @property
    def money(self) -> Money:
        """What is to go back."""
        minor = self.cleaned_data["amount"].scaleb(self.payment.money.decimals)
        return Money(int(minor), self.payment.currency)

    def refund(self, *, by: Any, at: datetime) -> bool:
        """Have it given back; False when it cannot be, and the form then says why."""
        try:
            said = self.cleaned_data
            self.payment.refund(self.money.amount, by=by, reason=said["reason"], at=at, once=said["once"])
        except RefundRefused as refused:
            self.add_error(None, str(refused))
            return False
        return True
