"""What happens to orders: payment, dispatch, cancellation; stock follows."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from catalog import stock
from catalog.tests.factories import book
from commerce import pricing
from commerce.exceptions import CannotSend, IllegalTransition, IncompleteCheckout, OrderChanged, OutOfStock
from commerce.models import Basket, Order, OrderLine
from commerce.models.order import LineStatus, OrderStatus
from commerce.services import checkout, orders, payments
from commerce.services.orders import LINE_MOVES, ORDER_MOVES
from commerce.tests.factories import UserFactory, an_order, filled_basket, place

pytestmark = pytest.mark.django_db


def shelf(edition) -> tuple[int, int]:
    edition.stock.refresh_from_db()
    return edition.stock.on_hand, edition.stock.allocated


def statuses(order: Order) -> list[str]:
    return list(order.lines.values_list("status", flat=True))


def test_the_tables_name_every_status():
    assert set(ORDER_MOVES) == set(OrderStatus.values)
    assert set(LINE_MOVES) == set(LineStatus.values)


@pytest.mark.parametrize("was", OrderStatus)
@pytest.mark.parametrize("to", OrderStatus)
def test_status_moves_only_along_the_table(persuasion, was, to):
    order = an_order({persuasion: 1})
    Order.objects.filter(pk=order.pk).update(status=was)
    before = order.events.count()

    with nullcontext() if to in ORDER_MOVES[was] | {was} else pytest.raises(IllegalTransition):
        orders.transition(order.pk, to)

    assert order.events.count() - before == int(to in ORDER_MOVES[was])


def test_what_is_on_the_shelf_is_promised_and_the_rest_is_ordered_from_the_supplier(books_page):
    edition = book("Emma", in_stock=2, availability="available").editions.get()

    order = an_order({edition: 5})

    assert [line.is_allocated for line in order.lines.all()] == [True, True, False, False, False]
    assert shelf(edition) == (2, 2)


def test_one_copy_is_one_line_at_the_price_of_the_moment(persuasion):
    order = an_order({persuasion: 3})

    assert order.lines.count() == 3
    line = order.lines.first()
    assert (line.title, line.contributors, line.isbn, line.format_label) == (
        "Persuasion", "Jane Austen", persuasion.isbn, "Paperback",
    )  # fmt: skip
    assert order.number.startswith("BT-")
    assert len(order.token) >= 43


def test_one_basket_makes_one_order(persuasion):
    basket = filled_basket({persuasion: 1})
    seen = pricing.price_basket(basket).fingerprint

    first = checkout.place_order(basket.pk, seen=seen)
    second = checkout.place_order(basket.pk, seen=seen)

    assert first == second
    assert shelf(persuasion) == (5, 1)
    basket.refresh_from_db()
    assert basket.status == Basket.Status.SUBMITTED


def test_a_refused_order_leaves_nothing_behind(persuasion):
    emma = book("Emma", in_stock=1).editions.get()
    basket = filled_basket({persuasion: 1, emma: 1})
    seen = pricing.price_basket(basket).fingerprint

    with patch("commerce.services.checkout.check_complete"):  # as if the copy went between the look and the promise
        stock.allocate({emma.pk: 1})
        with pytest.raises(OutOfStock) as refusal:
            checkout.place_order(basket.pk, seen=seen)

    assert refusal.value.public == "Emma has just been sold out."
    assert shelf(persuasion) == (5, 0)
    assert not Order.objects.exists()
    basket.refresh_from_db()
    assert basket.status == Basket.Status.OPEN


def test_only_what_was_seen_is_ordered(persuasion):
    basket = filled_basket({persuasion: 1})
    with pytest.raises(OrderChanged):
        checkout.place_order(basket.pk, seen="something else")


def test_an_empty_basket_and_a_missing_step_are_refused(persuasion):
    with pytest.raises(IncompleteCheckout) as empty:
        place(Basket.objects.create(token="x"))
    basket = filled_basket({persuasion: 1})
    basket.draft.delete()
    with pytest.raises(IncompleteCheckout) as no_address:
        place(basket)
    assert (empty.value.step, no_address.value.step) == ("basket", "checkout")


def test_sent_copies_leave_the_stock_and_finish_the_order(persuasion):
    order = an_order({persuasion: 2})
    one, two = order.lines.values_list("pk", flat=True)
    colleague = UserFactory()

    orders.mark_lines_sent(order.pk, [one], colleague)
    order.refresh_from_db()
    assert (order.status, str(order.dispatch_status), shelf(persuasion)) == ("processing", "partly-sent", (4, 1))

    orders.mark_lines_sent(order.pk, [one, two], colleague)
    order.refresh_from_db()
    assert (order.status, str(order.dispatch_status), shelf(persuasion)) == ("done", "sent", (3, 0))
    assert order.events.filter(kind="sent").count() == 2
    orders.mark_lines_sent(order.pk, [one, two], colleague)
    assert shelf(persuasion) == (3, 0)


def test_a_copy_from_the_supplier_is_sent_when_it_has_arrived(books_page):
    edition = book("Emma", in_stock=0, availability="available").editions.get()
    order = an_order({edition: 1})
    lines = order.lines.values_list("pk", flat=True)

    with pytest.raises(CannotSend, match="No copy of Emma is on the shelf"):
        orders.mark_lines_sent(order.pk, lines, UserFactory())
    stock.adjust(edition.pk, 1)
    orders.mark_lines_sent(order.pk, lines, UserFactory())

    assert shelf(edition) == (0, 0)


def test_nothing_leaves_before_the_embargo_ends(persuasion):
    persuasion.embargo_date = timezone.localdate() + dt.timedelta(days=1)
    persuasion.save()
    order = an_order({persuasion: 1})

    with pytest.raises(CannotSend, match="must not leave the shop before"):
        orders.mark_lines_sent(order.pk, order.lines.values_list("pk", flat=True), UserFactory())

    assert statuses(order) == ["new"]
    assert shelf(persuasion) == (5, 1)


def test_a_cancelled_order_gives_its_copies_back(persuasion):
    order = an_order({persuasion: 2})

    orders.cancel(order.pk, UserFactory(), "Changed their mind")
    orders.cancel(order.pk, UserFactory())

    order.refresh_from_db()
    assert (order.status, statuses(order), shelf(persuasion)) == ("cancelled", ["cancelled"] * 2, (5, 0))
    assert order.events.filter(kind="cancelled").count() == 1
    with pytest.raises(IllegalTransition):
        payments.mark_paid(order.pk, UserFactory())


def test_cancelling_half_an_order_leaves_what_was_sent(persuasion):
    order = an_order({persuasion: 2})
    orders.mark_lines_sent(order.pk, [order.lines.first().pk], UserFactory())

    orders.cancel(order.pk, UserFactory())

    order.refresh_from_db()
    assert (order.status, statuses(order), shelf(persuasion)) == ("done", ["sent", "cancelled"], (4, 0))


def test_a_download_is_sent_without_stock(books_page):
    ebook = book("Persuasion", format="ebook", in_stock=0).editions.get()
    order = an_order({ebook: 1}, line_1="", town="", postcode="")

    orders.mark_lines_sent(order.pk, order.lines.values_list("pk", flat=True), UserFactory())

    order.refresh_from_db()
    assert order.status == "done"


def test_paid_is_said_once_by_somebody(persuasion):
    order = an_order({persuasion: 1})
    colleague = UserFactory()

    payments.mark_paid(order.pk, colleague, "Statement 14")
    payments.mark_paid(order.pk, UserFactory(), "again")

    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert [event.actor for event in order.events.filter(kind="paid")] == [colleague]


def test_numbers_and_links_cannot_be_guessed(persuasion):
    made = [an_order({persuasion: 1}) for _number in range(3)]
    assert len({order.number for order in made} | {order.token for order in made}) == 6


PATHS = ["/checkout/done/{o.token}/", "/orders/{o.token}/invoice/", "/orders/{o.token}/invoice.pdf"]
OWN = ["/account/orders/{o.number}/"]


@pytest.mark.parametrize("path", PATHS)
def test_the_secret_link_opens_for_a_month_and_then_for_its_owner_only(persuasion, ada, path):
    order = an_order({persuasion: 1}, user=ada)
    path = path.format(o=order)
    owner, other, guest = Client(), Client(), Client()
    owner.force_login(ada)
    other.force_login(UserFactory())

    fresh = [browser.get(path).status_code for browser in (owner, other, guest)]
    Order.objects.update(placed_at=timezone.now() - dt.timedelta(days=31))
    stale = [browser.get(path).status_code for browser in (owner, other, guest)]

    assert (fresh, stale) == ([200, 200, 200], [200, 404, 404])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["x", "-", "0", "A" * 43, "é", "A" * 5000])
def test_a_made_up_link_opens_nothing(client, persuasion, path, token):
    an_order({persuasion: 1})
    assert client.get(path.replace("{o.token}", token)).status_code == 404


def test_an_account_shows_its_own_orders_only(persuasion, ada):
    order = an_order({persuasion: 1}, user=ada)
    owner, other = Client(), Client()
    owner.force_login(ada)
    other.force_login(UserFactory())

    assert owner.get(f"/account/orders/{order.number}/").status_code == 200
    assert other.get(f"/account/orders/{order.number}/").status_code == 404
    assert order.number not in other.get("/account/orders/").content.decode()
    assert Client().get(f"/account/orders/{order.number}/").headers["Location"].startswith("/account/login/")


def test_the_list_of_orders_costs_the_same_for_one_and_twenty(
    ada_client, ada, persuasion, django_assert_max_num_queries
):
    emma = book("Emma", availability="available").editions.get()
    for _number in range(12):
        an_order({emma: 1}, user=ada)
    ada_client.get("/account/orders/")
    with django_assert_max_num_queries(12):
        ada_client.get("/account/orders/")


def test_lines_outlive_the_account(persuasion, ada):
    order = an_order({persuasion: 1}, user=ada)

    ada.delete()

    order.refresh_from_db()
    assert order.user is None
    assert OrderLine.objects.filter(order=order).count() == 1
