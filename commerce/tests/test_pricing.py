"""Sums, taxes and rounding, on paper and by ten thousand baskets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.tests.factories import book
from commerce import pricing
from commerce.models import DeliveryMethod
from commerce.models.tax import tax_class_of
from commerce.priced import PricedBasket
from commerce.priced_lines import PricedLine
from commerce.tests.factories import filled_basket
from core.money import Money, share


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def line(price: str, quantity: int = 1, rate: str = "0", *, is_digital: bool = False) -> PricedLine:
    edition = SimpleNamespace(pk=1, is_digital=is_digital, format="paperback", weight_g=300)
    return PricedLine(1, edition, SimpleNamespace(can_buy=True), quantity, gbp(price), None, Decimal(rate), 50)


def priced(*lines: PricedLine, delivery: str | None = None) -> PricedBasket:
    method = DeliveryMethod(name="Post", price=Decimal(delivery), currency="GBP") if delivery else None
    return PricedBasket(lines=lines, currency="GBP", method=method)


def test_a_basket_of_zero_rated_books_has_no_tax():
    basket = priced(line("7.99", 2), delivery="2.95")

    assert (basket.goods, basket.delivery, basket.total, basket.tax) == (
        gbp("15.98"), gbp("2.95"), gbp("18.93"), gbp("0"),
    )  # fmt: skip


def test_tax_is_rounded_for_each_copy():
    basket = priced(line("4.99", 3, "20"))

    [row] = basket.taxes
    assert (row.gross, row.tax, row.net) == (gbp("14.97"), gbp("2.49"), gbp("12.48"))


def test_delivery_takes_the_rates_of_what_it_carries_by_value():
    basket = priced(line("30.00", rate="0"), line("10.00", rate="20"), delivery="4.00")

    assert basket.delivery_shares == {Decimal(0): gbp("3.00"), Decimal(20): gbp("1.00")}
    assert basket.delivery_tax == gbp("0.17")
    assert [(row.rate, row.gross, row.tax) for row in basket.taxes] == [
        (Decimal(0), gbp("33.00"), gbp("0.00")),
        (Decimal(20), gbp("11.00"), gbp("1.84")),
    ]


def test_downloads_cost_no_delivery_and_give_it_no_rate():
    download = line("10.00", rate="20", is_digital=True)

    assert priced(download, delivery="4.00").delivery is None
    assert priced(download, line("5.00"), delivery="4.00").delivery_shares == {Decimal(0): gbp("4.00")}


def test_delivery_is_free_from_an_amount_on():
    method = DeliveryMethod(price=Decimal("2.95"), currency="GBP", free_from=Decimal(30))

    assert method.price_for(gbp("29.99")) == gbp("2.95")
    assert method.price_for(gbp("30.00")) == gbp("0")


def test_a_free_book_is_posted_at_one_rate():
    assert priced(line("0.00", rate="20"), delivery="2.95").delivery_shares == {Decimal(20): gbp("2.95")}


prices = st.decimals(min_value=0, max_value=999, places=2).map(str)
lines = st.builds(
    line, prices, st.integers(1, 50), st.sampled_from(["0", "5", "5.5", "20"]), is_digital=st.booleans()
)  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(st.lists(lines, min_size=1, max_size=6), st.none() | prices)
def test_taxes_and_parts_add_up_to_the_penny(basket_lines, delivery):
    basket = priced(*basket_lines, delivery=delivery)
    zero = gbp("0")

    assert sum((row.gross for row in basket.taxes), zero) == basket.total
    assert sum((row.net + row.tax for row in basket.taxes), zero) == basket.total
    assert sum((row.total for row in basket_lines), basket.delivery or zero) == basket.total
    assert zero <= basket.tax
    assert basket.tax <= basket.total


@given(
    st.decimals(min_value=0, max_value=10_000, places=2),
    st.lists(st.decimals(min_value=0, max_value=1_000, places=2), min_size=1, max_size=8),
)
def test_shares_add_up_and_none_is_more_than_a_penny_off(amount, weights):
    parts = share(Money(amount, "GBP"), weights)

    assert sum((part.amount for part in parts), Decimal(0)) == amount
    if total := sum(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part.amount - amount * weight / total) < Decimal("0.01")


def test_a_currency_without_pennies_is_shared_whole():
    assert [part.amount for part in share(Money(Decimal(1000), "XAF"), [Decimal(1)] * 3)] == [334, 333, 333]


@pytest.mark.parametrize(
    ("book_format", "tax_class"),
    [("paperback", "books"), ("set", "books"), ("ebook", "ebooks"), ("audiobook", "audio"), ("gift", "other")],
)
def test_formats_have_tax_classes(book_format, tax_class):
    assert tax_class_of(book_format) == tax_class


@pytest.mark.django_db
class TestPricesOfTheMoment:
    def test_prices_without_tax_are_shown_with_it(self, books_page):
        edition = book("Reading", format="audiobook", price="10.00").editions.get()
        edition.prices.update(tax_included=False)
        basket = filled_basket({edition: 1})
        [priced_line] = pricing.price_basket(basket).lines
        assert (priced_line.unit, priced_line.tax) == (gbp("12.00"), gbp("2.00"))
        assert priced_line.price_notice == ""

    def test_a_price_for_a_time_ends_by_itself(self, persuasion):
        now = timezone.now()
        persuasion.prices.create(amount="5.00", currency="GBP", ends_at=now + dt.timedelta(hours=1))
        basket = filled_basket({persuasion: 1})
        assert pricing.price_basket(basket, now).goods == gbp("5.00")
        assert pricing.price_basket(basket, now + dt.timedelta(hours=1)).goods == gbp("7.99")
