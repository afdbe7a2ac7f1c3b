"""The admin, with the dashboard as its index."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class GrowthAdminConfig(AdminConfig):
    """Django's admin on our site, with the libraries' rows shown our way."""

    default_site = "growth.dashboard.site.GrowthAdminSite"

    def ready(self) -> None:
        """Let every app register, then take over what the libraries registered."""
        super().ready()
        from growth.admin.theirs import take_over

        take_over(admin.site)
