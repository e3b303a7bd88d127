"""`manage.py bench_basket`: what baskets cost, in the database that is there. `manage.py bench` runs it in its own."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.signing import get_cookie_signer
from django.test import Client

from catalog.models import Edition
from commerce import basket_cookie, pricing
from commerce.exceptions import NotForSale
from commerce.models import Basket
from commerce.models.basket import new_token
from commerce.services import baskets
from commerce.services.baskets import Owner
from core.measuring import figure

LINES = 50


class Command(BaseCommand):
    """Makes a basket of one and of fifty books, measures them and deletes them."""

    help = "Measure the basket's page with 1 and 50 lines, and pricing 50 lines; prints JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """How often each is measured."""
        parser.add_argument("--times", type=int, default=25)

    def handle(self, *args: Any, times: int, **options: Any) -> None:
        """Print the figures by name."""
        figures = {}
        for lines in (1, LINES):
            basket = _filled(lines)
            client = Client(headers={"host": "127.0.0.1"})
            signer = get_cookie_signer(salt=basket_cookie.NAME + basket_cookie.SALT)
            client.cookies[basket_cookie.NAME] = signer.sign(basket.token)
            name = "basket, 1 line" if lines == 1 else f"basket, {lines} lines"
            figures[name] = figure(lambda client=client: client.get("/basket/"), times)  # type: ignore[misc]
            if lines == LINES:
                figures[f"pricing {lines} lines"] = figure(lambda basket=basket: _priced(basket), times)  # type: ignore[misc]
            basket.delete()
        self.stdout.write(json.dumps(figures))


def _filled(lines: int) -> Basket:
    owner = Owner(token=new_token())
    basket: Basket | None = None
    count = 0
    for edition_id in Edition.objects.for_sale().order_by("pk").values_list("pk", flat=True).iterator():
        try:
            basket, _notices = baskets.add(owner, edition_id, 1)
            count += 1
        except NotForSale:
            continue
        if count == lines:
            return basket
    raise CommandError(f"There are no {lines} books that can be bought: try `demo --books 200`.")


def _priced(basket: Basket) -> None:
    """Every figure that an order needs."""
    priced = pricing.price_basket(basket)
    _figures = priced.total, priced.taxes, priced.problems, priced.fingerprint
