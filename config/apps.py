from django.contrib.admin.apps import AdminConfig


class DauysAdminConfig(AdminConfig):
    """Django's admin with our own door in front of it."""

    default_site = "config.admin_site.DauysAdminSite"

    def ready(self) -> None:
        super().ready()
        # Imported for its registrations: the checks that refuse an unsafe production.
        from config import checks  # noqa: F401
