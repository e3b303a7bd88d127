from django.apps import AppConfig


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for sign-ins; say what is known of customers."""
        from commerce import mails, privacy, signals  # noqa: F401  # receivers need the models
        from core.mail import kinds

        privacy.register()
        kinds.register(*mails.KINDS)
