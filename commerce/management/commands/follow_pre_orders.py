"""`manage.py follow_pre_orders`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from commerce.services import preorders


class Command(BaseCommand):
    """Tells customers of pre-orders where a publication date has moved, and what they get back where a price fell."""

    help = "Give pre-orders the dates that their books have now, work out their lowest price, and tell the customers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        self.stdout.write(f"Orders with new dates: {preorders.follow_dates()}")
        self.stdout.write(f"Orders that get money back: {preorders.follow_prices()}")
