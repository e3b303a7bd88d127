from django.apps import AppConfig


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for sign-ins."""
        from commerce import signals  # noqa: F401  # receivers need the models
