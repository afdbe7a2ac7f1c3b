"""The donations app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DonationsConfig(AppConfig):
    """Where Django learns of the app."""

    name = "donations"
    verbose_name = _("Donations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear what telemetry tells; ship the experiments once their tables stand."""
        from donations import receivers  # noqa: F401
        from donations.experiments import ship_experiments

        post_migrate.connect(ship_experiments, sender=self, dispatch_uid="ship_experiments")
