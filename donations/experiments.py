"""The experiments on the ask, as data."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.utils.translation import gettext_noop as _

from telemetry.experiments.models import Experiment

#: What comes first in the banner, the dialog and the page.
SUPPORT_HERO = "support_hero"
#: Donate first; the key first; the same with another call to action.
CONTROL, KEY_FIRST, CTA_ALT = "control", "key_first", "cta_alt"


def ship_experiments(using: str, apps: Apps = installed, **_kwargs: Any) -> None:
    """After migrations, as far as the tables of that moment allow: the experiments that staff may start."""
    try:
        apps.get_model("telemetry", "Experiment")
    except LookupError:
        return
    Experiment.objects.using(using).ship(
        SUPPORT_HERO, _("What the ask for support begins with"), (CONTROL, KEY_FIRST, CTA_ALT)
    )
