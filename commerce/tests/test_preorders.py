"""Books ordered before their publication: split from what is here, followed, cancelled in one click."""

from __future__ import annotations

import datetime as dt
import re
import time
from decimal import Decimal

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from catalog import prices, stock
from catalog.models import Edition, Price, PriceChange
from catalog.price_sums import Operation, Sum
from catalog.tests.factories import book
from commerce.exceptions import CannotSend, IllegalTransition
from commerce.models import CreditNote, Order, PriceFall, Voucher, VoucherCode
from commerce.models.order import LineStatus, OrderStatus
from commerce.services import orders, payments, preorders, vouchers
from commerce.tests.factories import an_order, filled_basket, place
from commerce.tests.test_races import at_once
from core.money import Money

pytestmark = pytest.mark.django_db


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def in_days(count: int) -> dt.date:
    return dt.date.today() + dt.timedelta(days=count)


@pytest.fixture
def coming(books_page):
    """A book that is published in a hundred days; none is here."""
    return book("Sanditon", availability="forthcoming", publication_date=in_days(100), in_stock=0).editions.get()


@pytest.fixture
def mixed(persuasion, coming):
    """An order of a book that is here and one that is not published."""
    return an_order({persuasion: 1, coming: 2})


def move_to(edition, date: dt.date | None) -> None:
    edition.publication_date = date
    edition.save()


def statuses(order) -> dict[str, str]:
    return {line.title: line.status for line in order.lines.all()}


def test_nothing_leaves_before_the_day_of_an_embargo(ada, coming):
    coming.embargo_date = in_days(100)
    coming.save()
    order = an_order({coming: 1})

    with pytest.raises(CannotSend):
        orders.mark_lines_sent(order.pk, [line.pk for line in order.lines.all()], ada)


class TestDates:
    def test_a_moved_date_is_told_once_with_a_link_to_cancel(
        self, client, mixed, coming, django_capture_on_commit_callbacks
    ):
        mail.outbox.clear()
        was = mixed.lines.get(title="Persuasion").leaves_on
        move_to(coming, in_days(200))

        with django_capture_on_commit_callbacks(execute=True):
            call_command("follow_pre_orders")
            assert preorders.follow_dates() == 0

        [message] = mail.outbox
        assert message.subject == f"Your pre-order {mixed.number} has another date"
        assert "Sanditon: Leaves us on" in message.body
        assert "Persuasion" not in message.body
        assert mixed.lines.get(title="Persuasion").leaves_on == was
        assert {line.leaves_on >= in_days(200) for line in mixed.lines.filter(title="Sanditon")} == {True}
        path = re.search(r"https?://[^/]+(/orders/cancel/\S+)", message.body)[1]
        assert "Sanditon" in client.get(path).content.decode()

    def test_a_date_that_is_not_known_any_more_is_told_too(self, mixed, coming, django_capture_on_commit_callbacks):
        move_to(coming, None)

        with django_capture_on_commit_callbacks(execute=True):
            assert preorders.follow_dates() == 1

        assert "Sanditon: As soon as we have it; we write to you." in mail.outbox[-1].body

    def test_a_book_that_is_out_and_orders_that_are_cancelled_are_left_alone(self, mixed, coming):
        move_to(coming, in_days(-1))
        assert preorders.follow_dates() == 0
        move_to(coming, in_days(200))
        orders.cancel(mixed.pk, None)
        assert preorders.follow_dates() == 0


class TestCancelling:
    def test_one_click_on_the_page_of_the_secret_link(self, client, mixed, persuasion):
        page = client.get(mixed.get_absolute_url()).content.decode()
        path = re.search(r'action="(/orders/cancel/[^"]+)"', page)[1]

        answer = client.post(path, follow=True).content.decode()

        mixed.refresh_from_db()
        assert "Your pre-order is cancelled." in answer
        assert statuses(mixed) == {"Persuasion": LineStatus.NEW, "Sanditon": LineStatus.CANCELLED}
        assert mixed.status == OrderStatus.PROCESSING
        persuasion.stock.refresh_from_db()
        assert persuasion.stock.allocated == 1
        assert "Cancel the pre-order" not in client.get(mixed.get_absolute_url()).content.decode()
        assert client.post(path).status_code == 302
        assert mixed.events.filter(kind="cancelled").count() == 1

    def test_one_click_in_the_account(self, ada_client, ada, coming):
        order = an_order({coming: 1}, user=ada)
        page = ada_client.get("/account/orders/").content.decode()

        ada_client.post(re.search(r'action="(/orders/cancel/[^"]+)"', page)[1])

        order.refresh_from_db()
        assert order.status == OrderStatus.CANCELLED
        assert order.events.get(kind="cancelled").actor == ada

    def test_looking_changes_nothing(self, client, mixed):
        client.get(f"/orders/cancel/{mixed.cancel_key}/")
        assert set(statuses(mixed).values()) == {LineStatus.NEW}

    def test_not_after_dispatch(self, mixed):
        mixed.lines.update(status=LineStatus.SENT)
        with pytest.raises(IllegalTransition):
            orders.cancel_pre_orders(mixed.pk, None)

    @pytest.mark.parametrize("key", ["1", "made-up", "MQ:1abcde:forged"])
    def test_a_made_up_link_opens_nothing(self, mixed, key):
        assert Client().post(f"/orders/cancel/{key}/").status_code == 404
        assert set(statuses(mixed).values()) == {LineStatus.NEW}

    def test_a_link_ends_after_thirty_days(self, client, mixed, monkeypatch):
        key = mixed.cancel_key
        now = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 31 * 86400)
        assert client.get(f"/orders/cancel/{key}/").status_code == 404

    def test_an_order_without_pre_orders_shows_no_button(self, client, persuasion):
        order = an_order({persuasion: 1})
        assert "Cancel the pre-order" not in client.get(order.get_absolute_url()).content.decode()


class TestLowestPrice:
    """The customer pays the lowest price between the order and the end of the day of publication."""

    @pytest.fixture
    def order(self, coming):
        """Two copies at £7.99, ordered ten days ago."""
        order = an_order({coming: 2})
        Order.objects.update(placed_at=timezone.now() - dt.timedelta(days=10))
        Edition.objects.update(created_at=timezone.now() - dt.timedelta(days=20))
        order.refresh_from_db()
        coming.refresh_from_db()
        return order

    def ask(self, edition, amount: str, **when) -> None:
        """The shop asks another price, as staff change it."""
        wish = prices.Wish(edition.pk, "GBP", Sum(Operation.SET, Decimal(amount)), **when)
        prices.apply([wish], seen=None, user=None)

    def publish(self, edition) -> None:
        """It came out yesterday."""
        move_to(edition, in_days(-1))
        PriceChange.objects.update(at=timezone.now() - dt.timedelta(days=5))

    def test_a_fall_is_shown_at_once_and_told_once_when_the_book_is_out(
        self, client, order, coming, django_capture_on_commit_callbacks
    ):
        mail.outbox.clear()
        self.ask(coming, "6.99")
        call_command("follow_pre_orders")
        assert (
            "You get £2.00 back: the price fell before publication."
            in client.get(order.get_absolute_url()).content.decode()
        )
        assert (preorders.owed(order), mail.outbox) == (gbp("0"), [])

        self.publish(coming)
        with django_capture_on_commit_callbacks(execute=True):
            call_command("follow_pre_orders")
            call_command("follow_pre_orders")

        order.refresh_from_db()
        assert (preorders.owed(order), order.worth) == (gbp("0"), order.total - gbp("2.00"))
        [message] = mail.outbox
        assert message.subject == f"You get money back for your pre-order {order.number}"
        assert f"£2.00 of your order {order.number} are put to your credit" in message.body
        assert order.events.filter(kind="price-fell").count() == 1

    def test_a_price_that_fell_for_an_hour_between_two_runs_counts(self, order, coming):
        now = timezone.now()
        self.ask(coming, "5.99", ends_at=now + dt.timedelta(hours=1))
        PriceChange.objects.update(at=now - dt.timedelta(days=3))
        Price.objects.exclude(ends_at=None).update(
            starts_at=now - dt.timedelta(days=3), ends_at=now - dt.timedelta(days=3) + dt.timedelta(hours=1)
        )

        preorders.follow_prices()

        assert {fall.lowest_gross for fall in PriceFall.objects.all()} == {Decimal("5.99")}

    @pytest.mark.parametrize("amount", ["7.99", "8.99"])
    def test_a_price_that_did_not_fall_owes_nothing(self, order, coming, amount):
        self.ask(coming, amount)
        self.publish(coming)
        preorders.follow_prices()
        assert not PriceFall.objects.exists()

    def test_what_was_asked_before_the_order_or_after_publication_does_not_count(self, order, coming):
        self.ask(coming, "3.99")
        move_to(coming, in_days(-3))
        Order.objects.update(placed_at=timezone.now() - dt.timedelta(days=6))

        preorders.follow_prices()

        assert not PriceFall.objects.exists(), "it was published three days ago; the price fell today"

    def test_it_goes_on_falling_and_never_rises_again(self, order, coming):
        for amount in ("6.99", "4.99", "6.50"):
            self.ask(coming, amount)
            preorders.follow_prices()
        assert preorders.money_back(order) == (gbp("6.00"), gbp("0"))

    def test_a_voucher_counts_as_paid_and_only_what_is_below_is_given_back(self, books_page, coming):
        voucher = Voucher.objects.create(name="Ten", kind="percent", value=Decimal(10))
        VoucherCode.objects.create(voucher=voucher, code="TEN")
        basket = filled_basket({coming: 1})
        vouchers.enter(basket.pk, "TEN")
        order = place(basket)
        assert order.lines.get().price == gbp("7.19")

        self.ask(coming, "7.50")
        preorders.follow_prices()
        assert preorders.money_back(order)[0] == gbp("0")
        self.ask(coming, "7.00")
        preorders.follow_prices()
        assert preorders.money_back(order)[0] == gbp("0.19")

    def test_an_order_without_tax_is_compared_without_tax(self, books_page):
        mug = book(
            "Mug", format="gift", availability="forthcoming", publication_date=in_days(9), in_stock=0, price="12.00"
        )
        edition = mug.editions.get()
        order = an_order({edition: 1}, country="US", postcode="10001", town="New York")
        assert order.lines.get().price == gbp("10.00")

        self.ask(edition, "11.40")
        preorders.follow_prices()

        assert preorders.money_back(order)[0] == gbp("0.50")

    def test_copies_that_are_cancelled_are_owed_nothing(self, order, coming):
        self.ask(coming, "6.99")
        self.publish(coming)
        preorders.follow_prices()
        orders.cancel(order.pk, None)
        assert preorders.owed(order) == gbp("0")
        assert preorders.money_back(order) == (gbp("0"), gbp("0"))

    def test_a_copy_that_was_sent_on_the_day_gets_the_price_of_that_day_too(self, order, coming, ada):
        move_to(coming, in_days(0))
        stock.adjust(coming.pk, 2)
        orders.mark_lines_sent(order.pk, [line.pk for line in order.lines.all()], ada)
        self.ask(coming, "6.99")
        preorders.follow_prices()
        assert (preorders.owed(order), preorders.money_back(order)[0]) == (gbp("0"), gbp("2.00"))

    def test_what_is_owed_is_credited_and_given_back_by_itself_once(self, order, coming):
        payments.capture(order.pk, "invoice", order.total)
        before = order.total
        self.ask(coming, "6.99")
        self.publish(coming)

        for _hour in range(2):
            preorders.follow_prices()

        order.refresh_from_db()
        assert preorders.owed(order) == gbp("0")
        assert order.worth == before - gbp("2.00")
        assert payments.received(order) == order.worth
        assert order.events.get(kind="given-back").sentence == "Given back: £2.00"
        assert "You got £2.00 back" in Client().get(order.get_absolute_url()).content.decode()

    def test_an_order_without_an_invoice_gets_it_back_when_it_is_paid(self, coming, settings):
        settings.PAYMENT_SANDBOX = True
        order = an_order({coming: 2}, method="sandbox")
        Order.objects.update(placed_at=timezone.now() - dt.timedelta(days=10))
        Edition.objects.update(created_at=timezone.now() - dt.timedelta(days=20))
        coming.refresh_from_db()
        self.ask(coming, "6.99")
        self.publish(coming)
        preorders.follow_prices()
        assert preorders.owed(order) == gbp("2.00")

        payments.capture(order.pk, "invoice", order.total)

        order.refresh_from_db()
        assert preorders.owed(order) == gbp("0")
        assert payments.received(order) == order.worth == order.total - gbp("2.00")

    def test_the_database_refuses_to_settle_what_is_not_final(self, order, coming):
        self.ask(coming, "6.99")
        preorders.follow_prices()
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceFall.objects.update(settled_at=timezone.now())


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestManyAtOnce:
    @pytest.fixture
    def due(self, books_page):
        """An order to which £1.00 is owed, once somebody works it out."""
        coming = book("Sanditon", availability="forthcoming", publication_date=in_days(9), in_stock=0).editions.get()
        order = an_order({coming: 1})
        Order.objects.update(placed_at=timezone.now() - dt.timedelta(days=10))
        Edition.objects.update(created_at=timezone.now() - dt.timedelta(days=20))
        coming.refresh_from_db()
        TestLowestPrice().ask(coming, "6.99")
        TestLowestPrice().publish(coming)
        mail.outbox.clear()
        return order

    def test_two_clocks_tell_the_customer_once(self, due):
        told = at_once(*[preorders.follow_prices for _clock in range(4)])
        assert sorted(told) == [0, 0, 0, 1]
        assert len(mail.outbox) == 1

    def test_it_is_given_back_once(self, due):
        at_once(*[preorders.follow_prices for _clock in range(6)])
        assert CreditNote.objects.get().total == gbp("1.00")
        assert due.events.filter(kind="given-back").count() == 1
