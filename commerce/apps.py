from django.apps import AppConfig
from django.core.checks import register


class CommerceConfig(AppConfig):
    """What we sell: baskets, checkout, orders, invoices."""

    name = "commerce"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rooms below what is known of customers, mailed and delivered; let gift cards join payments."""
        from catalog import prices
        from commerce import checks, delivery_terms, mails, price_law, privacy, signals  # noqa: F401  # receivers need the models
        from commerce.services import gift_card_sales, ledger, preorders
        from core.mail import kinds

        register(checks.sandbox_in_public)
        privacy.register()
        kinds.register(*mails.KINDS)
        gift_card_sales.join_payments()
        ledger.WHEN_PAID.append(preorders.settle_when_invoiced)
        delivery_terms.connect()
        prices.LAWS.append(price_law.refusal_of_offers)
