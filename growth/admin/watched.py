"""What staff watch: cohorts and funnels of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from growth.admin.strict_json import StrictJSONField
from growth.models import Cohort, SavedFunnel
from growth.questions import ACTIVITY
from telemetry.admin.plain import PlainTextAdmin, plain
from telemetry.log.events import declared, field_types

#: Of a name that nobody knows, as much is said back; a pasted file may be one name.
LONGEST_NAME = 64


class CohortForm(forms.ModelForm):  # type: ignore[type-arg]
    """A cohort, and people to put on its list."""

    people = forms.CharField(
        label=gettext_lazy("People to add"),
        required=False,
        help_text=gettext_lazy("For a cohort from a list: the product's own ids or public ids, one a line."),
        widget=UnfoldAdminTextareaWidget,
    )

    class Meta:
        model = Cohort
        fields = ["name", "slug", "meaning", "kind", "rules"]
        field_classes = {"rules": StrictJSONField}

    def clean_people(self) -> str:
        """Names, apart by whatever space; each is one plain word."""
        people: str = self.cleaned_data["people"]
        for name in people.split():
            plain(name)
        return people

    def clean(self) -> dict[str, Any]:
        """Only a list takes names."""
        cleaned = super().clean() or {}
        if cleaned.get("people") and cleaned.get("kind") != Cohort.Kind.LIST:
            self.add_error("people", _("A cohort by rules finds its people itself."))
        return cleaned


@admin.register(Cohort)
class CohortAdmin(PlainTextAdmin):
    """Cohorts of staff; the shipped ones are code."""

    form = CohortForm
    list_display = ["name", "slug", "kind", "created_at"]
    list_filter = ["kind"]
    search_fields = ["name", "slug", "meaning"]
    prepopulated_fields = {"slug": ["name"]}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save it, and put people on its list."""
        super().save_model(request, obj, form, change)
        if names := form.cleaned_data.get("people", "").split():
            listed = obj.add_people(names)
            messages.info(request, _("%(added)s people added.") % {"added": listed.added})
            if listed.unknown:
                unknown = ", ".join(Truncator(name).chars(LONGEST_NAME) for name in listed.unknown[:20])
                messages.warning(request, _("Nobody is called so: %(names)s") % {"names": unknown})


class SavedFunnelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A funnel of staff's own."""

    class Meta:
        model = SavedFunnel
        fields = ["name", "slug", "steps", "window_seconds", "breakdown", "position"]
        field_classes = {"steps": StrictJSONField}
        error_messages = {"steps": {"required": gettext_lazy("A funnel has two steps at least.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what steps can be broken down by; blanks are left for the funnel to judge."""
        super().__init__(*args, **kwargs)
        breakdown = self.fields["breakdown"]
        breakdown.strip = False  # type: ignore[attr-defined]
        breakdown.help_text = _(
            "A property of the first step. Declared are: %(names)s. Others may be sent by other programs; "
            "people whose first step has no such property stand in the group “–”."  # noqa: RUF001
        ) % {"names": ", ".join(declared_properties())}


def declared_properties() -> list[str]:
    """What the declared events carry, by name."""
    own = {name for event in declared() for name in field_types(event)}
    return sorted(own - {"duration_seconds"})


@admin.register(SavedFunnel)
class SavedFunnelAdmin(PlainTextAdmin):
    """Funnels of staff; they stand on the dashboard beside the shipped ones."""

    form = SavedFunnelForm
    checked_elsewhere = ("breakdown",)
    list_display = ["name", "slug", "in_short", "position"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "steps", "window_seconds", "breakdown", "position", "words"]
    readonly_fields = ["words"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Two steps to begin with, so that their form need not be guessed."""
        steps = [{"event": "auth.signed_up", "where": {}}, {"event": ACTIVITY, "where": {}}]
        return {"steps": steps, **super().get_changeform_initial_data(request)}

    @display(description=gettext_lazy("steps"))
    def in_short(self, saved: SavedFunnel) -> str:
        """Its events in a row."""
        return " → ".join(step["event"] for step in saved.steps)

    @display(description=gettext_lazy("events that a step can name"))
    def words(self, saved: SavedFunnel | None) -> SafeString:
        """The vocabulary."""
        from telemetry.log.models import EventType

        names = EventType.objects.values_list("name", flat=True)
        return format_html("<code>{}</code>", ", ".join([ACTIVITY, *names]))
