"""`manage.py measure_sales`: what buying costs, in the database at hand. `bench` runs it in one of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from accounts.management.commands.measure_guessing import in_turns
from catalog.choices import Format
from catalog.models import Edition, StockRecord
from catalog.offers import offer_for
from commerce import basket_cookie, pricing
from commerce.models import DeliveryMethod, Order
from commerce.models.basket import Basket
from commerce.priced import PricedBasket
from commerce.services import baskets, checkout
from commerce.services.baskets import Owner

BUYERS = 20
MANY = 50
ADDRESS = {
    "full_name": "Ada Lovelace",
    "line_1": "12 St James's Square",
    "line_2": "",
    "town": "London",
    "postcode": "SW1Y 4JH",
    "country": "GB",
}


class Command(BaseCommand):
    """Buys books, many times, and says what that cost. It writes orders: for a database that is thrown away."""

    help = "Measure each step of buying; prints JSON. Only for a database that is thrown away afterwards."

    def add_arguments(self, parser: Any) -> None:
        """How patient to be."""
        parser.add_argument("--times", type=int, default=10, help="repetitions of each step")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure in a shop that has sold nothing yet."""
        if Order.objects.exists():
            raise CommandError("This shop has orders. Measuring places hundreds more; use a database of its own.")
        printed = Edition.objects.with_offer().filter(format=Format.PAPERBACK).order_by("pk")[: MANY * 20]
        found = [edition.pk for edition in printed if offer_for(edition, timezone.now()).can_buy][:MANY]
        if len(found) < MANY:
            raise CommandError(f"Measuring needs {MANY} editions that can be bought.")
        for edition_id in found:
            StockRecord.objects.update_or_create(edition_id=edition_id, defaults={"on_hand": 100_000, "allocated": 0})
        figures = {**_baskets(found, options["times"]), **_steps(found[0], options["times"])}
        figures[f"orders, {BUYERS} buyers at once"] = _rate(found, options["times"])
        figures["guessing at /checkout/"] = _guessed(found[0], options["times"] * 2)
        figures["notification of a provider"] = _notified(options["times"] * 10)
        self.stdout.write(json.dumps(figures))


def _baskets(editions: list[int], times: int) -> dict[str, str]:
    """The page and the prices of a basket with one line and with many."""
    figures = {}
    for count in (1, MANY):
        client = _browser()
        token = _filled(editions[:count])
        client.cookies["basket"] = _cookie(token)
        answer = client.get("/basket/")  # what a process asks once it knows then
        if answer.status_code != 200:
            raise CommandError(f"The basket answered {answer.status_code}.")
        with CaptureQueriesContext(connection) as queries:
            client.get("/basket/")
            asked = len(queries)  # the next request empties the list
        cost = _median(lambda client=client: client.get("/basket/"), times)
        figures[f"basket, {count} lines" if count > 1 else "basket, 1 line"] = f"{asked} queries {cost:6.1f} ms"
    basket = Basket.objects.get(token=token)
    now = timezone.now()
    known = pricing.circumstances_of(basket, now)
    figures[f"reading {MANY} lines"] = f"{_median(lambda: pricing.circumstances_of(basket, now), times):6.1f} ms"
    figures[f"pricing {MANY} lines"] = f"{_median(lambda: _all_figures(pricing.reckon(known)), times):6.1f} ms"
    return figures


def _all_figures(priced: PricedBasket) -> list[object]:
    """What the review shows, each figure of which is reckoned when it is asked for."""
    return [priced.total, priced.to_pay, priced.taxes, priced.tax, priced.weight_g, priced.fingerprint]


def _steps(edition_id: int, times: int) -> dict[str, str]:
    """Processor time of each screen from the product page to the confirmation."""
    book = Edition.objects.select_related("product").get(pk=edition_id).get_absolute_url()
    details = {"email": "ada@example.org", **ADDRESS}
    method = DeliveryMethod.objects.active(settings.SHOP_CURRENCY).to("GB", ADDRESS["postcode"])[0]
    spent: dict[str, list[float]] = {}
    for _time in range(times + 2):
        buyer = _Buyer(spent)
        buyer.ask("product page", "get", book)
        buyer.ask("add to basket", "post", "/basket/add/", edition=edition_id, quantity=1)
        buyer.ask("basket", "get", "/basket/")
        buyer.ask("address", "post", "/checkout/", **details)
        buyer.ask("delivery", "post", "/checkout/delivery/", method=method.pk)
        review = buyer.ask("review", "get", "/checkout/review/")
        shown = re.search(r'name="shown" value="([^"]+)"', review.content.decode())
        if shown is None:
            raise CommandError("The review shows no form.")
        placed = buyer.ask("place order", "post", "/checkout/review/", shown=shown[1], payment="invoice")
        buyer.ask("confirmation", "get", placed.headers["Location"])
    return {f"step: {name}": f"{statistics.median(costs[2:]):6.1f} ms" for name, costs in spent.items()}


class _Buyer:
    """A browser that notes what each screen costs."""

    def __init__(self, spent: dict[str, list[float]]) -> None:
        self._client, self._spent = _browser(), spent

    def ask(self, name: str, method: str, path: str, /, **data: Any) -> Any:
        """One request, timed; it must come to something."""
        began = time.process_time()
        answer = getattr(self._client, method)(path, data)
        self._spent.setdefault(name, []).append(1000 * (time.process_time() - began))
        if answer.status_code not in (200, 302):
            raise CommandError(f"Buying stops at “{name}”: {answer.status_code}.")
        return answer


def _rate(editions: list[int], times: int) -> str:
    """Orders a second while so many buyers place theirs at once, each of two books."""
    waiting = [[_ready(editions, number * times + turn) for turn in range(times)] for number in range(BUYERS)]
    failed: list[BaseException] = []
    start = threading.Barrier(BUYERS + 1)

    def buy(basket_ids: list[tuple[int, str]]) -> None:
        start.wait()
        try:
            for basket_id, seen in basket_ids:
                checkout.place_order(basket_id, seen=seen)
        except Exception as error:  # told below, in the thread that measures
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=buy, args=(mine,)) for mine in waiting]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failed:
        raise CommandError(f"{len(failed)} buyers could not buy: {failed[0]!r}")
    return f"{BUYERS * times / seconds:,.1f}/s"


def _guessed(edition_id: int, times: int) -> str:
    """A guest's checkout with an address that has an account and with one that has none."""
    return in_turns("/checkout/", {"email": "", **ADDRESS}, times, {"basket": _cookie(_filled([edition_id]))})


def _notified(times: int) -> str:
    """How long a provider waits for our answer to a signed notification, by the clock: 95 of 100 no longer."""
    secret, browser, waited = "whsec_bench", _browser(), []
    with override_settings(STRIPE_SECRET_KEY="sk_bench", STRIPE_WEBHOOK_SECRET=secret):  # noqa: S106 - nobody's
        for number in range(times):
            told = {"object": {"id": f"cs_{number}", "object": "checkout.session"}}
            body = json.dumps({"id": f"evt_{number}", "type": "checkout.session.completed", "data": told})
            at = int(time.time())
            signature = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
            began = time.perf_counter()
            answer = browser.post(
                "/webhooks/stripe/",
                body,
                content_type="application/json",
                headers={"Stripe-Signature": f"t={at},v1={signature}"},
            )
            waited.append(1000 * (time.perf_counter() - began))
            if answer.status_code != 200:
                raise CommandError(f"A notification was answered {answer.status_code}.")
    return f"{statistics.quantiles(waited, n=20)[-1]:6.1f} ms"


def _ready(editions: list[int], number: int) -> tuple[int, str]:
    """A basket that is ready to be ordered, and what its buyer saw."""
    token = _filled([editions[number % MANY], editions[(number + 7) % MANY]])
    basket = Basket.objects.get(token=token)
    checkout.save_address(basket.pk, f"reader{number}@example.org", ADDRESS)
    checkout.choose_delivery(basket.pk, checkout.delivery_choices(pricing.price_basket(basket))[0])
    return basket.pk, pricing.price_basket(basket).fingerprint


def _filled(editions: list[int]) -> str:
    """The token of a basket with these books."""
    basket, _notices = baskets.add(Owner(token=""), editions[0], 1)
    for edition_id in editions[1:]:
        baskets.add(Owner(token=basket.token), edition_id, 1)
    return str(basket.token)


def _cookie(token: str) -> str:
    """The cookie of a browser with that basket."""
    response = HttpResponse()
    basket_cookie.write(response, token)
    return response.cookies["basket"].value


def _browser() -> Client:
    """A browser whose household has bought nothing yet."""
    cache.clear()
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=True)


def _median(act: Callable[[], object], times: int) -> float:
    """Processor time in milliseconds, after a warm-up."""
    costs = []
    for _time in range(times + 2):
        began = time.process_time()
        act()
        costs.append(1000 * (time.process_time() - began))
    return statistics.median(costs[2:])
