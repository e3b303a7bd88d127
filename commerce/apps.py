from django.apps import AppConfig
from django.core.checks import register


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for sign-ins; say what is known of customers, what is mailed, and what gift cards do with money."""
        from commerce import checks, mails, privacy, signals  # noqa: F401  # receivers need the models
        from commerce.services import gift_card_sales
        from core.mail import kinds

        register(checks.sandbox_in_public)
        privacy.register()
        kinds.register(*mails.KINDS)
        gift_card_sales.join_payments()
