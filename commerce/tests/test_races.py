"""Many at once. Each race has a control that shows the race is real where the guard is missing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.signing import get_cookie_signer
from django.db import connection, connections, transaction
from django.test import Client

from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce import basket_cookie, pricing
from commerce.models import Basket, Invoice, Order
from commerce.services import baskets, checkout, invoicing
from commerce.services.baskets import Owner
from commerce.tests.factories import UserFactory, filled_basket, place
from commerce.views.checkout import SHOWN_SALT

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

BUYERS = 30


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run every call in a thread of its own, all starting together; what each returned or raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=30)
            return call()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def last_click(basket: Basket) -> Callable[[], object]:
    """The POST of a browser that stands at the review page with this basket."""
    from django.core import signing

    client = Client(raise_request_exception=False)
    signer = get_cookie_signer(salt=basket_cookie.NAME + basket_cookie.SALT)
    client.cookies[basket_cookie.NAME] = signer.sign(basket.token)
    seen = pricing.price_basket(basket).fingerprint
    form = {"payment": "invoice", "shown": signing.dumps({"basket": basket.pk, "seen": seen}, salt=SHOWN_SALT)}
    return lambda: client.post("/checkout/review/", form)


@pytest.mark.parametrize("copies", [1, 5])
def test_the_last_copies_are_sold_once(books_page, copies):
    edition = book("Emma", in_stock=copies).editions.get()
    clicks = [last_click(filled_basket({edition: 1})) for _buyer in range(BUYERS)]

    answers = at_once(*clicks)

    where = Counter(answer.headers["Location"].split("/")[1] for answer in answers)
    assert where == {"checkout": copies, "basket": BUYERS - copies}
    assert Order.objects.count() == Invoice.objects.count() == copies
    record = StockRecord.objects.get(edition=edition)
    assert (record.on_hand, record.allocated) == (copies, copies)
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, copies + 1))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_the_guard_the_last_copy_is_sold_twice(books_page):
    edition = book("Emma", in_stock=1).editions.get()
    orders = [filled_basket({edition: 1}) for _buyer in range(8)]

    def read_check_write(_basket, priced, _number):
        for line in priced.lines:
            record = StockRecord.objects.get(edition=line.edition)
            assert record.available >= line.quantity
            time.sleep(0.05)
            record.allocated += line.quantity
            record.save()
        return Counter({line.edition.pk: line.quantity for line in priced.lines})

    with patch.object(checkout, "_allocate", read_check_write):
        at_once(*[lambda basket=basket: place(basket) for basket in orders])

    assert Order.objects.count() > 1


def test_the_same_form_sent_twenty_times_makes_one_order(books_page):
    edition = book("Emma").editions.get()
    basket = filled_basket({edition: 1})

    answers = at_once(*[last_click(basket) for _click in range(20)])

    order = Order.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {order.get_absolute_url()}
    assert Invoice.objects.count() == 1
    assert len(mail.outbox) == 1
    assert StockRecord.objects.get(edition=edition).allocated == 1


def test_two_books_in_opposite_order_do_not_block_each_other(books_page):
    one, two = book("Emma", in_stock=20).editions.get(), book("Sanditon", in_stock=20).editions.get()
    filled = [
        filled_basket({one: 1, two: 1} if number % 2 else {two: 1, one: 1}) for number in range(20)
    ]  # fmt: skip

    answers = at_once(*[lambda basket=basket: place(basket) for basket in filled])

    assert all(isinstance(answer, Order) for answer in answers)
    assert set(StockRecord.objects.values_list("allocated", flat=True)) == {20}


def test_invoice_numbers_have_no_gaps_when_many_are_issued_and_some_fail(books_page):
    edition = book("Emma", availability="available").editions.get()
    with patch.object(invoicing, "issue"), patch.object(checkout, "enqueue"):
        orders = [place(filled_basket({edition: 1})) for _number in range(30)]

    def issue(order: Order, is_failing: bool) -> None:
        with transaction.atomic():
            invoicing.issue(order)
            if is_failing:
                raise RuntimeError

    at_once(*[lambda order=order, n=n: issue(order, n % 3 == 0) for n, order in enumerate(orders)])

    numbers = sorted(Invoice.objects.values_list("sequence", flat=True))
    assert numbers == list(range(1, 21))
    by_time = list(Invoice.objects.order_by("issued_at").values_list("sequence", flat=True))
    assert by_time == numbers


def test_adding_from_two_tabs_loses_nothing(books_page):
    edition = book("Emma", availability="available").editions.get()
    user = UserFactory()

    at_once(*[lambda: baskets.add(Owner(user_id=user.pk), edition.pk, 1) for _tab in range(10)])

    assert Basket.objects.get().lines.get().quantity == 10


def test_signing_in_twice_at_once_doubles_nothing(books_page):
    edition = book("Emma", availability="available").editions.get()
    user = UserFactory()
    baskets.add(Owner(user_id=user.pk), edition.pk, 1)
    basket, _notices = baskets.add(Owner(token="t" * 43), edition.pk, 2)

    at_once(*[lambda: baskets.merge(basket.token, user) for _tab in range(8)])

    assert Basket.objects.get().lines.get().quantity == 3
