"""What staff say when they decide about introductions and days."""

from __future__ import annotations

from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from referrals.codes import normalised
from telemetry.admin.plain import plain
from telemetry.people.models import Person

LONGEST_REASON = 300
#: More than anybody lives with: what is typed beyond it is a slip.
MOST_DAYS = 3650


class Reason(forms.Form):
    """Why; it stands in the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        validators=[plain],
        help_text=_("It is kept in the audit log. Name nobody in it."),
    )


class OtherCode(Reason):
    """Which code takes the place of one, and why."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=32,
        help_text=_(
            "Eight characters of ABCDEFGHJKMNPQRSTUVWXYZ23456789, if it shall read well; else one is drawn."
        ),
    )
    field_order = ["code", "reason"]

    def clean_code(self) -> str:
        """The code; empty where one shall be drawn."""
        typed: str = self.cleaned_data["code"]
        if not typed:
            return ""
        code = normalised(typed)
        if code is None:
            raise ValidationError(_("That is no code: eight characters of the alphabet, none of 0 O 1 I L."))
        return code


class Days(Reason):
    """Whom days are given, how many, and why."""

    person = forms.CharField(
        label=_("Person"),
        max_length=254,
        help_text=_("A public id, the product's own id, or the address of an account: whole."),
    )
    days = forms.IntegerField(
        label=_("Days"),
        min_value=-MOST_DAYS,
        max_value=MOST_DAYS,
        help_text=_("Below zero, days are taken. More than 365 either way need a second one of you."),
    )
    #: The form carries its own name: sent twice, it gives once.
    once = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=lambda: uuid4().hex)
    field_order = ["person", "days", "reason"]

    def clean_person(self) -> Person:
        """The one person of that name."""
        named: str = self.cleaned_data["person"].strip()
        found = Person.objects.filter(account__email__iexact=named).first() or (
            Person.objects.called(named).first()
        )
        if found is None:
            raise ValidationError(_("Nobody is called that."))
        return found

    def clean_days(self) -> int:
        """As many as were typed, and not none."""
        days: int = self.cleaned_data["days"]
        if not days:
            raise ValidationError(_("An entry is of days."))
        return days
