"""The telemetry app."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps as installed
from django.apps.registry import Apps
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class TelemetryConfig(AppConfig):
    """Where Django learns of the app."""

    name = "telemetry"
    verbose_name = _("Telemetry")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what declares itself: checks, receivers, and the event classes of all apps."""
        from telemetry import receivers  # noqa: F401
        from telemetry.delivery import receivers as receivers_of_delivery  # noqa: F401
        from telemetry.delivery.outlet import queue_detailed
        from telemetry.experiments import events  # noqa: F401
        from telemetry.log import checks, outlets, product_events  # noqa: F401
        from telemetry.segments import events as events_of_segments  # noqa: F401

        outlets.register(queue_detailed)
        autodiscover_modules("events")
        pre_migrate.connect(take_the_view_away, sender=self)
        post_migrate.connect(give_every_event_class_its_row, sender=self)
        post_migrate.connect(put_the_view_back, sender=self)


def give_every_event_class_its_row(using: str, apps: Apps = installed, **_kwargs: Any) -> None:
    """After a migration, as far as the tables of that moment allow."""
    from telemetry.log.vocabulary import sync_vocabulary

    try:
        rows = apps.get_model("telemetry", "EventType")
        watermarks = apps.get_model("telemetry", "SegmentWatermark")
    except LookupError:
        return
    if sync_vocabulary(rows, using):
        watermarks._default_manager.using(using).update(needs_full=True)


def take_the_view_away(using: str, plan: Sequence[Any] = (), **_kwargs: Any) -> None:
    """Before tables change: no database lets them while a view reads them."""
    from telemetry.log.readable import drop_view

    if plan:
        drop_view(connections[using])


def put_the_view_back(using: str, plan: Sequence[Any] = (), apps: Apps = installed, **_kwargs: Any) -> None:
    """After tables changed, if the log is among them."""
    from telemetry.log.readable import create_view

    if plan and "event" in apps.all_models["telemetry"]:
        create_view(connections[using])
