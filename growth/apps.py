"""The growth app."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class GrowthConfig(AppConfig):
    """Where Django learns of the app."""

    name = "growth"
    verbose_name = _("Growth")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what happens at sign-in and after migrations."""
        from growth import receivers  # noqa: F401
        from growth.accounts import receivers as account_receivers  # noqa: F401
        from growth.accounts.groups import ship_groups
        from growth.schedule import carry_the_schedule

        post_migrate.connect(carry_the_schedule, sender=self, dispatch_uid="carry_the_schedule")
        # auth comes after our apps, so by then all their permissions stand.
        post_migrate.connect(ship_groups, sender=apps.get_app_config("auth"), dispatch_uid="ship_groups")
