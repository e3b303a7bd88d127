from django.apps import AppConfig


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for sign-ins; say what is known of customers, what is mailed, and what gift cards do with money."""
        from commerce import mails, privacy, signals  # noqa: F401  # receivers need the models
        from commerce.services import gift_card_sales
        from core.mail import kinds

        privacy.register()
        kinds.register(*mails.KINDS)
        gift_card_sales.join_payments()
