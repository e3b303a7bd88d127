"""Many at once. Each race has a control that shows the race is real where the guard is missing."""

from __future__ import annotations

import fcntl
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from http.cookies import SimpleCookie
from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.core.signing import get_cookie_signer
from django.db import OperationalError, connection, connections
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client

from accounts.tests.factories import PASSWORD, member
from catalog import stock
from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce import basket_cookie, pricing
from commerce.bookkeeping import CHECKS
from commerce.models import Basket, Invoice, Order, OrderLine, SavedLine
from commerce.services import baskets, checkout, holds, saved
from commerce.services.baskets import Owner
from commerce.tests.factories import UserFactory, filled_basket, place
from commerce.views.checkout import SHOWN_SALT

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

BUYERS = 50
FEW = 10
"""Connections that are never too many."""
SOLD = "Emma has just been sold out. Please remove it."
"""What they read who came so late that the prices were read after the copy was sold."""


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

    with room_for(len(calls)), ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def room_for(crowd: int) -> Iterator[None]:
    """PostgreSQL takes a hundred connections: one crowd at a time, whichever process of the suite it is in, and not
    before those of the last one have ended, which the server does in its own time.
    """
    if crowd < FEW or connection.vendor != "postgresql":
        yield
        return
    with Path(tempfile.gettempdir(), "booktime-crowd.lock").open("w") as turn, connection.cursor() as cursor:
        fcntl.flock(turn, fcntl.LOCK_EX)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            cursor.execute("SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity")
            if cursor.fetchone()[0] > crowd + FEW:
                break
            time.sleep(0.05)
        yield


def last_click(basket: Basket, payment: str = "invoice") -> Callable[[], object]:
    """The POST of a browser that stands at the review page with this basket."""
    from django.core import signing

    client = Client(raise_request_exception=False)
    signer = get_cookie_signer(salt=basket_cookie.NAME + basket_cookie.SALT)
    client.cookies[basket_cookie.NAME] = signer.sign(basket.token)
    seen = pricing.price_basket(basket).fingerprint
    form = {"payment": payment, "shown": signing.dumps({"basket": basket.pk, "seen": seen}, salt=SHOWN_SALT)}
    return lambda: client.post("/checkout/review/", form)


def refusals(answer: HttpResponse) -> list[str]:
    """What the answer has to tell the shopper on the next page."""
    return [message.message for message in get_messages(answer.wsgi_request)]


def test_fifty_buyers_of_the_last_copy_ten_times(books_page):
    """C-01: one order each time, and everybody else is told."""
    edition = book("Emma", in_stock=0).editions.get()
    waiting: list[Callable[[], object]] = []
    for number in range(1, 11):
        stock.adjust(edition.pk, 1, kind=stock.Kind.RECEIVED)
        waiting += [last_click(filled_basket({edition: 1})) for _buyer in range(BUYERS - len(waiting))]

        answers = at_once(*waiting)

        where = Counter(answer.headers["Location"].split("/")[1] for answer in answers if answer.status_code == 302)
        assert where == {"checkout": 1, "basket": BUYERS - 1}
        refused = {refusals(answer)[-1] for answer in answers if answer.headers["Location"] == "/basket/"}
        assert refused <= {"Emma has just been sold out.", SOLD}
        record = StockRecord.objects.get(edition=edition)
        assert (record.on_hand, record.allocated, record.available) == (number, number, 0)
        assert Order.objects.count() == Invoice.objects.count() == number
        waiting = [
            click for click, answer in zip(waiting, answers, strict=True) if answer.headers["Location"] == "/basket/"
        ]
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, 11))
    assert [found for check in CHECKS for found in check()] == []


def test_fifty_buyers_who_want_one_to_three_of_the_last_five(books_page):
    """C-02: who cannot have all of it has nothing, and is told."""
    edition = book("Emma", in_stock=5).editions.get()
    chance = random.Random(2)  # noqa: S311  # the same every time
    wanted = {filled_basket({edition: copies}): copies for copies in chance.choices([1, 2, 3], k=BUYERS)}

    answers = at_once(*[last_click(basket) for basket in wanted])

    for (basket, copies), answer in zip(wanted.items(), answers, strict=True):
        lines = OrderLine.objects.filter(order__basket=basket)
        if answer.headers["Location"].startswith("/checkout/"):
            assert [line.is_allocated for line in lines] == [True] * copies
        else:
            assert refusals(answer)
            assert (lines.count(), basket.lines.get().quantity) == (0, copies)
    record = StockRecord.objects.get(edition=edition)
    assert (record.on_hand, record.allocated) == (5, 5)
    assert OrderLine.objects.count() == 5
    assert [found for check in CHECKS for found in check()] == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_the_guard_the_last_copy_is_sold_twice(books_page):
    edition = book("Emma", in_stock=1).editions.get()
    clicks = [last_click(filled_basket({edition: 1})) for _buyer in range(BUYERS)]

    def read_check_write(_basket, priced, _number):
        for line in priced.lines:
            record = StockRecord.objects.get(edition=line.edition)
            assert record.available >= line.quantity
            time.sleep(0.05)
            record.allocated += line.quantity
            record.save()
        return Counter({line.edition.pk: line.quantity for line in priced.lines})

    with patch.object(checkout, "_allocate", read_check_write):
        at_once(*clicks)

    assert Order.objects.count() > 1


def test_the_same_form_sent_twenty_times_makes_one_order_ten_times(books_page):
    """C-07: one order, one mail, one number, and every click leads there."""
    edition = book("Emma", in_stock=10).editions.get()
    for number in range(1, 11):
        click = last_click(filled_basket({edition: 1}, email=f"reader{number}@example.org"))
        mail.outbox.clear()

        answers = at_once(*[click] * 20)

        order = Order.objects.latest("pk")
        assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
            (302, order.get_absolute_url())
        }
        assert [message.to for message in mail.outbox] == [[order.email]]
        assert Order.objects.count() == number
        assert StockRecord.objects.get(edition=edition).allocated == number
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, 11))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_the_lock_of_the_basket_the_database_alone_stops_a_second_order(books_page):
    click = last_click(filled_basket({book("Emma", in_stock=30).editions.get(): 1}))
    real = QuerySet.select_for_update

    def unlocked(rows, **how):
        return rows.all() if rows.model is Basket else real(rows, **how)

    with patch.object(QuerySet, "select_for_update", unlocked):
        answers = at_once(*[click] * 20)

    assert {answer.status_code for answer in answers} == {302, 500}, "the constraint had to step in"


def slowly(basket: Basket) -> Order:
    """Place an order, and wait as soon as the first row of the stock is written."""
    waited = []

    def wait(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        if not waited and sql.startswith('UPDATE "catalog_stockrecord"'):
            waited.append(sql)
            time.sleep(0.3)
        return done

    with connection.execute_wrapper(wait):
        order = place(basket)
    assert waited
    return order


def opposite_orders(count: int) -> list[Basket]:
    """Baskets with the same two books: every other one the other way round."""
    one, two = book("Emma", in_stock=count).editions.get(), book("Sanditon", in_stock=count).editions.get()
    return [filled_basket({one: 1, two: 1} if number % 2 else {two: 1, one: 1}) for number in range(count)]


def without_the_lock(_basket, edition_ids, _at):
    """As if the records were not locked before they are written."""
    records = StockRecord.objects.filter(edition_id__in=edition_ids)
    return {record.edition_id: holds.Free(record.available) for record in records}


@pytest.mark.parametrize("is_locked_before", [True, False])
def test_two_books_in_opposite_order_do_not_block_each_other(books_page, is_locked_before):
    """C-03: the records are locked in one order, and would be written in one order if they were not locked."""
    filled = opposite_orders(20)
    started = time.monotonic()

    with nullcontext() if is_locked_before else patch.object(holds, "lock_free", without_the_lock):
        answers = at_once(
            *[lambda n=n, b=basket: slowly(b) if n < 4 else place(b) for n, basket in enumerate(filled)]
        )  # fmt: skip

    assert all(isinstance(answer, Order) for answer in answers), answers
    assert set(StockRecord.objects.values_list("allocated", flat=True)) == {20}
    assert time.monotonic() - started < 15


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_one_order_they_block_each_other(books_page):
    filled = opposite_orders(4)

    with patch.object(holds, "lock_free", without_the_lock), patch.object(stock, "sorted", list, create=True):
        answers = at_once(*[lambda basket=basket: slowly(basket) for basket in filled])

    refused = [answer for answer in answers if isinstance(answer, OperationalError)]
    assert refused
    assert "deadlock detected" in str(refused[0])


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


ROUNDS = 20


def test_signing_in_while_another_tab_adds_loses_and_doubles_nothing(books_page):
    """C-12: one basket, every line, whoever came first."""
    one, two, three = (book(t, availability="available").editions.get() for t in ("Emma", "Sanditon", "Persuasion"))
    for number in range(ROUNDS):
        user = member(f"reader{number}@example.org")
        baskets.add(Owner(user_id=user.pk), one.pk, 1)
        tab = Client(raise_request_exception=False)
        for edition, quantity in ((one, 2), (three, 3)):
            tab.post("/basket/add/", {"edition": edition.pk, "quantity": quantity})
        basket = Basket.objects.open().get(user=None)
        saved.save_for_later(basket.pk, basket.lines.get(edition=three).pk)
        other = Client(raise_request_exception=False)
        other.cookies = SimpleCookie(tab.cookies.output(header="", sep=";"))
        answers = at_once(
            lambda tab=tab, user=user: tab.post("/account/login/", {"login": user.email, "password": PASSWORD}),
            lambda other=other: other.post("/basket/add/", {"edition": two.pk, "quantity": 2}),
        )
        assert [answer.status_code for answer in answers] == [302, 302]
        tab.get("/basket/")

        mine = Basket.objects.open().get(user=user)
        assert dict(mine.lines.values_list("edition", "quantity")) == {one.pk: 3, two.pk: 2}
        assert dict(mine.saved_lines.values_list("edition", "quantity")) == {three.pk: 3}
        assert not Basket.objects.open().filter(user=None).exists()


def test_control_a_merge_without_its_lock_doubles(books_page):
    edition = book("Emma", availability="available").editions.get()
    user = UserFactory()
    basket, _notices = baskets.add(Owner(token="t" * 43), edition.pk, 2)

    def unlocked_merge() -> None:
        found = list(basket.lines.all())
        time.sleep(0.2)
        for line in found:
            baskets.add(Owner(user_id=user.pk), line.edition_id, line.quantity)
        Basket.objects.filter(pk=basket.pk).delete()

    at_once(*[unlocked_merge for _tab in range(4)])

    assert Basket.objects.get().lines.get().quantity > 2


def test_saving_for_later_and_moving_back_many_times_at_once_loses_and_doubles_nothing(books_page):
    edition = book("Emma", availability="available").editions.get()
    owner = Owner(user_id=UserFactory().pk)
    basket, _notices = baskets.add(owner, edition.pk, 3)
    line = basket.lines.get()

    at_once(*[lambda: saved.save_for_later(basket.pk, line.pk) for _click in range(8)])
    kept = SavedLine.objects.get()
    assert (kept.quantity, basket.lines.count()) == (3, 0)
    at_once(*[lambda: saved.move_back(owner, kept.pk) for _click in range(8)])
    assert (basket.lines.get().quantity, SavedLine.objects.count()) == (3, 0)


def test_while_an_order_is_placed_two_tabs_fill_the_next_basket(books_page):
    """Who waited for the basket's lock finds the next one, be it made by the order or by another tab."""
    emma, sanditon = (book(title, availability="available").editions.get() for title in ("Emma", "Sanditon"))
    user = UserFactory()
    basket = filled_basket({emma: 1, sanditon: 1}, user=user)
    saved.save_for_later(basket.pk, basket.lines.get(edition=sanditon).pk)

    answers = at_once(lambda: place(basket, user=user), *[lambda: baskets.add(Owner(user_id=user.pk), emma.pk, 1)] * 4)

    assert [answer for answer in answers[1:] if isinstance(answer, Exception)] == []
    [following] = Basket.objects.open()
    assert dict(following.saved_lines.values_list("edition", "quantity")) == {sanditon.pk: 1} or not isinstance(
        answers[0], Order
    )
