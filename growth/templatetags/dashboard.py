"""What the dashboard's templates say."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from growth.dashboard.reader import Figure
from growth.dashboard.scope import Scope

register = template.Library()


@register.simple_tag
def reading(scope: Scope, **changes: str) -> str:
    """The address of the same reading with some choices changed; "" takes one back."""
    return f"?{scope.query(**changes)}"


@register.simple_tag
def csv_address(scope: Scope, slug: str) -> str:
    """Where a panel's table is downloaded."""
    return f"{reverse('admin:panel_csv', args=[slug])}?{scope.query()}"


@register.simple_tag
def opens(figure: Figure, of: str = "") -> SafeString:
    """A number, as a link to the people behind it where the reader may follow it."""
    if not figure.href:
        return format_html("<span>{}</span>", figure.text)
    if of:
        return format_html(
            '<a href="{}" aria-label="{}: {}">{}</a>', figure.href, of, figure.text, figure.text
        )
    return format_html('<a href="{}">{}</a>', figure.href, figure.text)
