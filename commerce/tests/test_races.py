"""Many at once. Each race has a control that shows the race is real where the guard is missing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.signing import get_cookie_signer
from django.db import connection, connections
from django.test import Client

from accounts.tests.factories import PASSWORD, member
from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce import basket_cookie, pricing
from commerce.models import Basket, Invoice, Order, SavedLine
from commerce.services import baskets, checkout, saved
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


def last_click(basket: Basket, payment: str = "invoice") -> Callable[[], object]:
    """The POST of a browser that stands at the review page with this basket."""
    from django.core import signing

    client = Client(raise_request_exception=False)
    signer = get_cookie_signer(salt=basket_cookie.NAME + basket_cookie.SALT)
    client.cookies[basket_cookie.NAME] = signer.sign(basket.token)
    seen = pricing.price_basket(basket).fingerprint
    form = {"payment": payment, "shown": signing.dumps({"basket": basket.pk, "seen": seen}, salt=SHOWN_SALT)}
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
