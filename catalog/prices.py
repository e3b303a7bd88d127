"""Setting the shop's own price. Reading a price is `Edition.price`."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import transaction

from catalog.models import Edition, Price


def set_shop_price(edition: Edition, amount: Decimal | None) -> None:
    """Set what one copy costs in the shop's currency, tax included, until further notice.

    `amount` is in major units. None takes the shop's own price back, so that the feed's counts again.
    """
    with transaction.atomic():
        own = edition.prices.select_for_update().filter(
            source=Price.Source.SHOP, currency=settings.SHOP_CURRENCY, starts_at=None, ends_at=None
        )
        if amount is None:
            for price in own:
                price.delete()
        elif price := own.first():
            price.amount = amount
            price.save(update_fields=["amount"])
        else:
            edition.prices.create(source=Price.Source.SHOP, currency=settings.SHOP_CURRENCY, amount=amount)
