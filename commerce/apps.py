from django.apps import AppConfig


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for sign-ins; say what is known of customers, and how books are delivered."""
        from commerce import delivery_terms, privacy, signals  # noqa: F401  # receivers need the models

        privacy.register()
        delivery_terms.connect()
