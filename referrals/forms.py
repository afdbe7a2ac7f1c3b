"""What people say on the page of their referrals."""

from __future__ import annotations

import re
import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from referrals.models.code import LONGEST_NAME

#: Letters, marks, digits and what stands between them in names: no address of a page, and no sign that
#: turns the text around.
NAMES_HAVE = ("L", "M", "Nd")
BETWEEN = " .'\u2019-"
AN_ADDRESS = re.compile(r"\.\S")


class ShownName(forms.Form):
    """How somebody wants to be called in their invitations."""

    name = forms.CharField(
        label=_("Your name in invitations"),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        help_text=_("Friends see it when they open your link. Leave it empty to stay unnamed."),
    )

    def clean_name(self) -> str:
        """The name, its spaces tidied."""
        name = " ".join(unicodedata.normalize("NFC", self.cleaned_data["name"]).split())
        signs = all(sign in BETWEEN or unicodedata.category(sign).startswith(NAMES_HAVE) for sign in name)
        if not signs or AN_ADDRESS.search(name):
            raise ValidationError(_("A name has letters, digits, spaces, dots, dashes and apostrophes."))
        return name
