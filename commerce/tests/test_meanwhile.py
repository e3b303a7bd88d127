"""What happens between a page and the click on it: two tabs, two devices, midnight. Each guard has a control twin."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from unittest.mock import PropertyMock, patch
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, connections, transaction

from catalog.tests.factories import book
from commerce import pricing
from commerce.exceptions import IllegalTransition, OrderChanged
from commerce.models import Basket, BasketLine, Order, Redemption, Voucher, VoucherCode
from commerce.models.basket import MAX_QUANTITY, new_token
from commerce.priced import PricedBasket
from commerce.services import baskets, checkout, orders, payments, vouchers
from commerce.services.baskets import Owner
from commerce.tests.factories import ADDRESS, UserFactory, filled_basket, place
from commerce.tests.test_races import at_once
from commerce.tests.test_vouchers import a_voucher, ready, with_code

pytestmark = pytest.mark.django_db
at_the_same_time = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def all_of(calls, workers: int) -> list[object]:
    """Many calls by so many workers; what each returned or raised."""

    def run(call):
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            return error

    def done(_worker):
        connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        answers = list(pool.map(run, calls))
        list(pool.map(done, range(workers * 4)))
    return answers


# --- C-08, C-09: the basket or its prices change between the page and the click -------------------


def something_added(basket: Basket, edition) -> None:
    baskets.add(Owner(token=basket.token), edition.pk, 1)


def something_dearer(basket: Basket, edition) -> None:
    basket.lines.get().edition.prices.update(amount=Decimal("9.99"))


CHANGES = [something_added, something_dearer]


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_confirmed_anew_and_nothing_is_written(persuasion, change):
    emma = book("Emma").editions.get()
    basket = filled_basket({persuasion: 1})
    seen = pricing.price_basket(basket).fingerprint
    change(basket, emma)

    with pytest.raises(OrderChanged):
        checkout.place_order(basket.pk, seen=seen)

    assert not Order.objects.exists()
    assert persuasion.movements.exclude(kind="received").count() == 0


@pytest.mark.parametrize("change", CHANGES)
def test_control_without_the_fingerprint_another_sum_is_charged_than_was_shown(persuasion, change):
    emma = book("Emma").editions.get()
    with patch.object(PricedBasket, "fingerprint", new_callable=PropertyMock, return_value="the same"):
        basket = filled_basket({persuasion: 1})
        shown = pricing.price_basket(basket).total
        change(basket, emma)
        order = checkout.place_order(basket.pk, seen="the same")

    assert order.total != shown


class TestOrderAndAddAtOnce:
    pytestmark = at_the_same_time

    def test_what_is_charged_was_shown_and_the_other_book_is_in_a_basket_or_the_order_waits(self, books_page):
        one, other = (book(title, availability="available").editions.get() for title in ("Emma", "Sanditon"))
        for _round in range(15):
            basket = filled_basket({one: 1})
            owner, shown = Owner(token=basket.token), pricing.price_basket(basket)

            placed, added = at_once(
                lambda basket=basket, seen=shown.fingerprint: checkout.place_order(basket.pk, seen=seen),
                lambda owner=owner: baskets.add(owner, other.pk, 1),
            )

            assert not isinstance(added, Exception)
            still = BasketLine.objects.filter(basket__status="open", basket__token=owner.token)
            if isinstance(placed, OrderChanged):
                assert set(still.values_list("edition", flat=True)) == {one.pk, other.pk}
            else:
                assert placed.total == shown.total
                assert [line.edition_id for line in placed.lines.all()] == [one.pk]
                assert set(still.values_list("edition", flat=True)) == {other.pk}


# --- C-10, C-11: vouchers ------------------------------------------------------------------------


class TestVouchers:
    pytestmark = at_the_same_time

    def test_a_voucher_for_a_hundred_orders_reduces_a_hundred_of_a_hundred_and_fifty(self, books_page):
        edition = book("Emma", availability="available").editions.get()
        voucher = a_voucher(uses_in_all=100)
        filled = [ready(edition, number) for number in range(150)]

        answers = all_of([lambda basket=basket: place(basket) for basket in filled], workers=8)

        voucher.refresh_from_db()
        reduced = Order.objects.filter(discount_amount__gt=0).count()
        assert reduced == voucher.used == Redemption.objects.filter(is_withdrawn=False).count() == 100
        assert [answer for answer in answers if not isinstance(answer, Order | OrderChanged)] == []

    @pytest.fixture
    def two_first_orders(self, books_page):
        """`two_first_orders(mailbox)`: two baskets of one customer, each with a book and a voucher of its own."""
        editions = [book(title, availability="available").editions.get() for title in ("Emma", "Persuasion")]
        codes = ("FIRST", "WELCOME")
        for code in codes:
            a_voucher(code, first_order_only=True)
        return lambda mailbox: [
            with_code(filled_basket({edition: 1}, email=mailbox), code)
            for edition, code in zip(editions, codes, strict=True)
        ]

    def test_of_two_first_orders_by_one_mailbox_with_two_vouchers_one_is_first(self, two_first_orders):
        for number in range(5):
            mailbox = f"ada{number}@example.org"
            filled = two_first_orders(mailbox)

            answers = at_once(*[lambda basket=basket: place(basket) for basket in filled])

            assert sorted(type(answer).__name__ for answer in answers) == ["Order", "OrderChanged"]
            assert Redemption.objects.filter(customer=mailbox).count() == 1

    @pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one write at a time")
    def test_control_without_the_lock_both_are_first(self, two_first_orders):
        both_have_looked = Barrier(2, timeout=30)

        with (
            patch.object(vouchers, "_lock_first_orders"),
            patch.object(checkout.invoicing, "issue_at_placing", side_effect=lambda _order: both_have_looked.wait()),
        ):
            answers = at_once(*[lambda basket=basket: place(basket) for basket in two_first_orders("ada@example.org")])

        assert [type(answer).__name__ for answer in answers] == ["Order", "Order"]

    def test_a_cancelled_order_gives_its_use_back_once_however_often_it_is_cancelled(self, books_page):
        edition = book("Emma", in_stock=3).editions.get()
        voucher = a_voucher(uses_in_all=5)
        kept, order = (place(ready(edition, number)) for number in range(2))

        at_once(*[lambda: orders.cancel(order.pk, None) for _click in range(8)])

        voucher.refresh_from_db()
        assert (voucher.used, VoucherCode.objects.get().used) == (1, 1)
        assert [use.order for use in Redemption.objects.filter(is_withdrawn=False)] == [kept]
        assert list(edition.movements.filter(kind="released").values_list("quantity", flat=True)) == [1]

    def test_control_without_the_moves_of_an_order_it_would_be_given_back_again(self, books_page):
        edition = book("Emma", in_stock=3).editions.get()
        voucher = a_voucher(uses_in_all=5)
        _kept, order = (place(ready(edition, number)) for number in range(2))
        orders.cancel(order.pk, None)
        Redemption.objects.update(is_withdrawn=False)  # what remembers that it was given back

        with transaction.atomic():
            vouchers.give_back(order)

        voucher.refresh_from_db()
        assert voucher.used == 0, "one use too few: an order still has it"


@pytest.mark.parametrize(("second", "is_valid"), [(-1, True), (0, False)])
def test_a_voucher_ends_at_midnight_of_the_shop_between_the_page_and_the_click(persuasion, second, is_valid):
    midnight = dt.datetime(2027, 7, 1, tzinfo=ZoneInfo("Europe/London"))
    voucher = a_voucher()
    Voucher.objects.filter(pk=voucher.pk).update(ends_at=midnight)
    before = midnight - dt.timedelta(seconds=2)
    basket = with_code(filled_basket({persuasion: 1}))
    seen = pricing.price_basket(basket, before)
    assert seen.reductions

    with patch.object(checkout.timezone, "now", return_value=midnight + dt.timedelta(seconds=second)):
        if is_valid:
            assert checkout.place_order(basket.pk, seen=seen.fingerprint).total == seen.total
        else:
            with pytest.raises(OrderChanged):
                checkout.place_order(basket.pk, seen=seen.fingerprint)
            assert not Redemption.objects.exists()


def test_an_order_that_was_cancelled_stays_so_and_its_voucher_may_be_used_once_more(persuasion):
    a_voucher(uses_in_all=1)
    order = place(with_code(filled_basket({persuasion: 1})))
    orders.cancel(order.pk, None)
    again = place(with_code(filled_basket({persuasion: 1})))

    with pytest.raises(IllegalTransition):
        payments.mark_paid(order.pk, UserFactory())
    orders.cancel(order.pk, None)

    assert again.reductions
    assert Voucher.objects.get().used == 1


# --- C-12: a basket joins another one while a tab adds to it --------------------------------------


class TestSigningIn:
    pytestmark = at_the_same_time

    def test_fifty_times_a_tab_adds_while_another_one_signs_in(self, books_page):
        """No line is lost or doubled, none holds more than it may, and there is one open basket."""
        one, other = (book(title, availability="available").editions.get() for title in ("Emma", "Sanditon"))
        for number in range(50):
            user, token = UserFactory(), new_token()
            mine, guest = Owner(user_id=user.pk), Owner(token=token)
            baskets.add(mine, one.pk, 30)
            baskets.add(guest, one.pk, 15 + number % 10)

            _merged, added = at_once(
                lambda token=token, user=user: baskets.merge(token, user),
                lambda guest=guest: baskets.add(guest, other.pk, 2),
            )
            baskets.merge(token, user)  # as the next page does where the browser still has its basket

            assert not isinstance(added, Exception)
            basket = Basket.objects.open().get(user=user)
            expected = min(45 + number % 10, MAX_QUANTITY)
            assert dict(basket.lines.values_list("edition", "quantity")) == {one.pk: expected, other.pk: 2}
            assert not Basket.objects.open().filter(token=token).exists()

    def test_control_without_the_lock_of_the_guests_basket_the_line_is_lost_or_the_tab_fails(self, books_page):
        one, other = (book(title, availability="available").editions.get() for title in ("Emma", "Sanditon"))
        user, token = UserFactory(), new_token()
        basket, _notices = baskets.add(Owner(token=token), one.pk, 1)
        locked = baskets._locked

        def late(owner: Owner) -> Basket:
            """The basket is looked up without a lock, and joins the customer's before anything is put into it."""
            if owner.user_id:
                return locked(owner)
            baskets.merge(token, user)
            return basket

        with patch.object(baskets, "_locked", late), pytest.raises(DatabaseError):
            baskets.add(Owner(token=token), other.pk, 2)

        assert not BasketLine.objects.filter(edition=other).exists()


def test_what_a_tab_added_while_another_one_signed_in_is_there_on_the_next_page(client, persuasion, ada):
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.force_login(ada)
    assert Basket.objects.open().get().user is None

    assert client.get("/basket/summary/").json()["count"] == 1
    assert Basket.objects.open().get().user == ada


def test_forms_of_a_basket_that_has_joined_another_one_do_no_harm(client, persuasion, ada):
    basket = filled_basket({persuasion: 1})
    line, seen = basket.lines.get(), pricing.price_basket(basket).fingerprint
    baskets.merge(basket.token, ada)

    assert baskets.set_quantities(basket.pk, {line.pk: 0}) == []
    assert baskets.remove(basket.pk, line.pk) == ""
    with pytest.raises(checkout.IncompleteCheckout):
        checkout.place_order(basket.pk, seen=seen)
    with pytest.raises(checkout.IncompleteCheckout):
        checkout.save_address(basket.pk, "ada@example.org", ADDRESS)
    with pytest.raises(vouchers.UnknownCode):
        vouchers.enter(basket.pk, "TEN")
    assert Basket.objects.open().get(user=ada).lines.get().quantity == 1
