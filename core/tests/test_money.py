from decimal import Decimal

import pytest

from core.money import Money, tax_within


@pytest.mark.parametrize(
    ("amount", "currency", "kept"),
    [("7.995", "GBP", "8.00"), ("7.994", "GBP", "7.99"), ("100.5", "JPY", "101"), ("0.0005", "KWD", "0.001")],
)
def test_an_amount_is_held_to_the_minor_unit_of_its_currency_rounded_half_up(amount, currency, kept):
    assert Money(Decimal(amount), currency).amount == Decimal(kept)


def test_currencies_are_never_mixed():
    with pytest.raises(ValueError, match="GBP and EUR"):
        Money(Decimal(1), "GBP") + Money(Decimal(1), "EUR")


def test_a_float_is_not_money():
    with pytest.raises(TypeError, match="float"):
        Money(7.99, "GBP")


@pytest.mark.parametrize(
    ("gross", "rate", "tax"), [("12.00", "20", "2.00"), ("7.99", "0", "0.00"), ("9.99", "5.5", "0.52")]
)
def test_the_tax_within_a_gross_amount_is_rounded_to_the_penny(gross, rate, tax):
    assert tax_within(Money(Decimal(gross), "GBP"), Decimal(rate)).amount == Decimal(tax)


def test_money_is_written_for_the_reader_of_the_page():
    assert str(Money(Decimal("1234.5"), "GBP")) == "£1,234.50"
