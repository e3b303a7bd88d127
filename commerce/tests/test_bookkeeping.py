"""The books agree, and where somebody wrote past the services, it is found and named."""

from __future__ import annotations

import logging
import random
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from catalog import stock
from catalog.models import StockMovement, StockRecord
from catalog.tests.factories import book
from commerce import pricing
from commerce.bookkeeping import CHECKS
from commerce.models import InvoiceCounter, Order, OrderLine, OrderTax, Promotion, Voucher, VoucherCode
from commerce.models.promotions import Redemption
from commerce.services import orders, vouchers
from commerce.tests.factories import filled_basket, place
from commerce.tests.test_races import at_once

pytestmark = pytest.mark.django_db


def drifts() -> list[str]:
    return [str(drift) for check in CHECKS for drift in check()]


@pytest.fixture
def busy(books_page, ada) -> Order:
    """A shop in which all has happened once; the order that is left has a mug, two books, a voucher and delivery."""
    emma = book("Emma", in_stock=5, price="9.99").editions.get()
    mug = book("Mug", format="gift", in_stock=0, availability="available", price="12.50").editions.get()
    voucher = Voucher.objects.create(name="Ten", kind="percent", value=Decimal(10), uses_per_customer=None)
    VoucherCode.objects.create(voucher=voucher, code="TEN")

    def order() -> Order:
        basket = filled_basket({emma: 1, mug: 1})
        vouchers.enter(basket.pk, "TEN")
        return place(basket)

    sent, cancelled, left = order(), order(), order()
    stock.adjust(mug.pk, 3, kind="received", user=ada)
    orders.mark_lines_sent(sent.pk, [line.pk for line in sent.lines.all()], ada)
    orders.cancel(cancelled.pk, ada)
    stock.adjust(emma.pk, -1, kind="written-off", user=ada, why="wet")
    return left


def test_a_shop_in_which_all_has_happened_has_nothing_to_say(busy, capsys):
    call_command("check_books")

    assert capsys.readouterr().out == f"The books agree ({len(CHECKS)} checks).\n"
    assert set(StockMovement.objects.values_list("kind", flat=True)) == set(StockMovement.Kind) - {"counted"}


def past_the_services(table: str, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608 - a test's own words


WRONG = {
    "a copy on the shelf": lambda order: StockRecord.objects.filter(edition__product__title="Emma").update(on_hand=9),
    "a movement": lambda order: StockMovement.objects.filter(kind="written-off").update(quantity=2),
    "a record that is gone": lambda order: StockRecord.objects.filter(edition__product__title="Mug").delete(),
    "a promise that no order knows": lambda order: order.lines.update(is_allocated=False),
    "the total and what it is made of": lambda order: Order.objects.filter(pk=order.pk).update(
        total_amount=F("total_amount") + 1, delivery_amount=F("delivery_amount") + 1
    ),
    "what was taken off": lambda order: Order.objects.filter(pk=order.pk).update(discount_amount=9),
    "a line that is gone": lambda order: order.lines.filter(title="Mug").delete(),
    "a rate of tax": lambda order: OrderTax.objects.filter(order=order, rate=20).update(
        gross=F("gross") - 10, net=F("net") - 10
    ),
    "tax": lambda order: Order.objects.filter(pk=order.pk).update(tax_amount=F("tax_amount") + 1),
    "a voucher's count": lambda order: Voucher.objects.update(used=7),
    "a code's count": lambda order: VoucherCode.objects.update(used=0),
    "a redemption that is gone": lambda order: Redemption.objects.filter(order=order).delete(),
    "the counter of invoices": lambda order: InvoiceCounter.objects.update(last=9),
    "no counter": lambda order: InvoiceCounter.objects.all().delete(),
    "a gap": lambda order: past_the_services("commerce_invoice", "sequence = 17 WHERE sequence = 2"),
    "the text of an invoice": lambda order: past_the_services("commerce_invoice", "digest = 'x' WHERE sequence = 3"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_wrong_figure_is_found_and_named(busy, wrong):
    assert drifts() == []

    WRONG[wrong](busy)

    assert drifts() != []


@pytest.mark.parametrize(
    ("wrong", "lines"),
    [
        ("a movement", ["edition {emma}: copies on hand is 3, should be 2"]),
        ("a promise that no order knows", ["edition {emma}: copies allocated is 1, should be 0, as orders say"]),
        ("a voucher's count", ["voucher Ten (1): the uses is 7, should be 2"]),
    ],
)
def test_a_line_says_where_and_what_should_be_there(busy, wrong, lines):
    emma, voucher = busy.lines.get(title="Emma").sku, Voucher.objects.get().pk
    WRONG[wrong](busy)
    assert [line.replace(f"({voucher})", "(1)") for line in drifts()] == [line.format(emma=emma) for line in lines]


def test_the_command_ends_with_status_1_and_tells_the_logs_and_the_clock_goes_on(busy, capsys, caplog, settings):
    Voucher.objects.update(used=7)

    with pytest.raises(CommandError, match="1 figures do not agree") as refusal:
        call_command("check_books")

    assert refusal.value.returncode == 1
    assert "should be 2" in capsys.readouterr().out
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "should be 2" in record.getMessage()
    assert settings.SCHEDULE["check_books"] == 60 * 60 * 24
    settings.SCHEDULE = {"check_books": 1, "clearsessions": 1}
    clock = "core.management.commands.schedule"
    with patch(f"{clock}.close_old_connections"), caplog.at_level(logging.INFO, clock):  # ours is in a transaction
        call_command("schedule", "--once")
    assert "The job 'check_books' failed" in caplog.text
    [said] = [record.getMessage() for record in caplog.records if "says" in record.getMessage()]
    assert said.startswith("The job 'check_books' says: ")
    assert "should be 2" in said


def test_forty_orders_of_all_kinds_charge_and_invoice_what_was_shown(books_page):
    """P12: total shown = charged = invoiced, with promotions, vouchers, rates of tax and ways of delivery mixed."""
    chance = random.Random(12)
    kinds = [
        ("Emma", "paperback"),
        ("Sanditon", "hardback"),
        ("Audio", "audiobook"),
        ("Mug", "gift"),
        ("File", "ebook"),
    ]
    sold = [
        book(title, format=kind, price=f"{chance.randint(99, 4999) / 100:.2f}", availability="available").editions.get()
        for title, kind in kinds
    ]
    Promotion.objects.create(name="3 for 2", group=3, paid=2)
    Promotion.objects.create(name="Free delivery", kind="free-delivery", minimum=Decimal(60))
    for code, fields in {
        "PERCENT": {"kind": "percent", "value": Decimal("12.5"), "is_combinable": True},
        "AMOUNT": {"kind": "amount", "value": Decimal("7.77"), "is_combinable": True},
        "POST": {"kind": "free-delivery", "is_combinable": True},
        "ALL": {"kind": "percent", "value": Decimal(100)},
    }.items():
        VoucherCode.objects.create(
            voucher=Voucher.objects.create(name=code, uses_per_customer=None, **fields), code=code
        )  # fmt: skip
    for number in range(40):
        country, postcode = chance.choice([("GB", "SW1Y 4JH"), ("FR", "75011"), ("DE", "10115"), ("US", "10001")])
        bought = {edition: chance.randint(1, 5) for edition in chance.sample(sold, chance.randint(1, 5))}
        basket = filled_basket(bought, email=f"reader{number}@example.org", country=country, postcode=postcode)
        for code in chance.sample(["PERCENT", "AMOUNT", "POST", "ALL"], chance.randint(0, 3)):
            vouchers.enter(basket.pk, code)
        shown = pricing.price_basket(basket)

        order = place(basket)

        assert order.total == shown.total
        assert order.invoice.snapshot["total"] == str(shown.total.amount)
        assert not order.total.amount.is_signed()
    assert Order.objects.filter(total_amount=0).exists(), "nothing to pay is an order too"
    assert drifts() == []


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_they_agree_at_any_moment_while_many_buy(books_page):
    edition = book("Emma", in_stock=30).editions.get()
    buyers = [filled_basket({edition: 1}) for _buyer in range(15)]

    def look() -> None:
        for _time in range(6):
            call_command("check_books", verbosity=0)  # all checks on one picture; a drift is an error

    answers = at_once(*[lambda basket=basket: place(basket) for basket in buyers], look, look)

    assert answers[-2:] == [None, None]
    assert Order.objects.count() == 15
    assert drifts() == []


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_control_without_the_movements_they_would_not(books_page):
    edition = book("Emma", in_stock=30).editions.get()
    with patch.object(stock, "_movements", return_value=[]):
        place(filled_basket({edition: 1}))
    assert drifts() == [f"edition {edition.sku}: copies allocated is 1, should be 0"]
    assert OrderLine.objects.get().is_allocated
