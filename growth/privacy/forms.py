"""The form that ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy


class Erase(forms.Form):
    """A word typed by hand and, when `is_right` is given, the code from the mail."""

    word = forms.CharField(
        max_length=32,
        label=gettext_lazy("Type the word “erase”"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    code = forms.CharField(
        max_length=64,
        label=gettext_lazy("The code from your mail"),
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "placeholder": "ABCD-EFGH",
                "class": "code",
            }
        ),
    )

    def __init__(self, *args: Any, is_right: Callable[[str], bool] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_right = is_right
        if is_right is None:
            del self.fields["code"]

    def clean_word(self) -> str:
        """Nobody types it by accident."""
        word: str = self.cleaned_data["word"]
        if word.strip().strip("“”\"'").casefold() != _("erase"):
            raise ValidationError(_("Type the word “erase” to go on."))
        return word

    def clean(self) -> dict[str, Any]:
        """Look at the code once the word is there, so that a slip of the fingers costs no guess."""
        cleaned = super().clean() or {}
        if self.is_right and not self.errors and not self.is_right(cleaned["code"]):
            self.add_error("code", _("Incorrect code."))
        return cleaned
