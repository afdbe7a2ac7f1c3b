"""People: what is known of them, what they are called, and how they are erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display

from growth.cohorts import description as in_words
from growth.dashboard.wording import UNKNOWN
from telemetry.admin.base import VerbsAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.operations.models import AuditEntry
from telemetry.people.erasure import erase
from telemetry.people.models import Person, PersonAlias
from telemetry.segments.properties import PROPERTIES, properties_of


class AliasInline(TabularInline):
    """What a person is called."""

    model = PersonAlias
    fields = ["kind", "value"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Names come with events and sign-ups."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A name is never re-pointed by hand."""
        return False


@admin.register(Person)
class PersonAdmin(PeopleAdmin, VerbsAdmin):
    """A person; only whether reports leave them out is staff's to say."""

    list_display = ["public_id", "signed_up_at", "account", "kept_out"]
    list_filter = ["kept_out", "sign_up_stated"]
    list_select_related = ["account"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=public_id", "=aliases__value", "=account__email"]
    search_help_text = gettext_lazy("A public id, the product's own id, or an address: whole.")
    ordering = ["-pk"]
    fields = [
        "public_id",
        "description",
        "account",
        "signed_up_at",
        "sign_up_stated",
        "time_zone",
        "kept_out",
        "properties",
    ]
    readonly_fields = [name for name in fields if name != "kept_out"]
    inlines = [AliasInline]
    actions = None
    actions_detail = ["erase_person"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come with what they do."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Erasing is the way: it leaves what refuses a replay."""
        return False

    def has_erase_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may delete people may erase them."""
        return bool(request.user.has_perm("telemetry.delete_person"))

    @display(description=gettext_lazy("description"))
    def description(self, person: Person) -> str:
        """The person in a sentence."""
        return in_words(person) or self.get_empty_value_display()

    @display(description=gettext_lazy("segment"))
    def properties(self, person: Person) -> SafeString:
        """Every property of the last refresh."""
        read = properties_of(person)
        said = ((PROPERTIES[name].label, spoken(name, value)) for name, value in read.items())
        return format_html("<dl>{}</dl>", format_html_join("", "<div><dt>{}: {}</dt></div>", said))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep who flagged whom."""
        super().save_model(request, obj, form, change)
        before, after = ({"kept_out": word} for word in (form.initial.get("kept_out"), obj.kept_out))
        AuditEntry.objects.record(request.user, "person.flagged", obj, before, after, at=timezone.now())

    @action(description=gettext_lazy("Erase"), url_path="erase", permissions=["erase"])
    def erase_person(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Erase the person, once asked again."""
        person = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                person,
                title=_("Erase %(person)s?") % {"person": person},
                warning=_(
                    "Everything this person did goes, for good, and their account with it unless it is one of"
                    " staff. What other programs send of what they did is refused."
                ),
                verb=_("Erase for good"),
            )
        at = timezone.now()
        AuditEntry.objects.record(request.user, "person.erased", person, at=at)
        erase(person, at=at)
        return self.done(request, _("The person is erased."), self.list_address())


def spoken(name: str, value: Any) -> str:
    """A property's value as people read it; an en dash when it is not known."""
    words = PROPERTIES[name].words
    if value is None:
        return UNKNOWN
    if words:
        return str(words(value).label)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)
