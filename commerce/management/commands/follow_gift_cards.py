"""`manage.py follow_gift_cards`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from commerce.services import gift_card_sales, gift_cards


class Command(BaseCommand):
    """Makes the gift cards of paid orders, mails those whose day it is, ends those whose time is over."""

    help = "Issue the gift cards of orders that are paid, mail those that are due, and end those that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        made, mailed = gift_card_sales.follow()
        over = gift_cards.expire(timezone.localdate())
        self.stdout.write(f"Gift cards issued: {made}, mails queued: {mailed}, over: {over}")
