from django.apps import AppConfig
from django.core.checks import register


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for sign-ins; say what is known of customers."""
        from commerce import checks, privacy, signals  # noqa: F401  # receivers need the models

        register(checks.sandbox_in_public)
        privacy.register()
