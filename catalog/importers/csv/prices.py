"""Prices of a list: amount and currency, from what stands in the cell, in other columns and before the import."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from catalog.choices import DIGITAL_FORMATS
from catalog.importers import codes
from catalog.importers.csv.row import Row
from catalog.importers.records import PriceRecord
from core.money import CURRENCIES

MAX_AMOUNT = Decimal(9_999_999)
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,4})?\Z", re.ASCII)
_PRICES_KEPT = 100_000
_SYMBOLS = {
    "£": "GBP",
    "€": "EUR",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "R$": "BRL",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "zł": "PLN",
    "₦": "NGN",
}
_DOLLAR = "$"
_DOLLARS = frozenset({"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "BSD", "BBD", "BMD", "BZD", "FJD", "JMD", "TTD"})
"""Currencies that a bare “$” may stand for."""


def read_price(row: Row, book_format: str) -> PriceRecord | None:
    """The price of the row, or None, with a warning where there is one that is of no use."""
    value = row.get("price")
    if not value:
        return None
    sign, number = _sign(value)
    amount = _decimal(number)
    if amount is None:
        row.warn(f"Price “{value[:30]}” is not an amount; left out.")
        return None
    currency = _currency(row, sign, value)
    if not currency:
        return None
    exact = amount
    amount = amount.quantize(Decimal(1).scaleb(-codes.minor_units(currency)), ROUND_HALF_UP)
    if amount != exact:
        row.warn(f"Price {exact} {currency} is finer than the currency; rounded to {amount}.")
    if amount > MAX_AMOUNT:
        row.warn(f"Price {value[:30]} is more than any book costs; left out.")
        return None
    if not amount and book_format not in DIGITAL_FORMATS:
        row.warn("Price 0 means “unknown” for a printed book; left out.")
        return None
    return PriceRecord(amount, currency)


def objection(row: Row, price: PriceRecord | None) -> str:
    """Why the row cannot be sold at the price that was read, or ""."""
    if price is None:
        return "No price that a consumer may be charged" if row.get("price") else "No price"
    shop_currency = row.table.shop_currency
    return "" if price.currency == shop_currency else f"No price in {shop_currency}"


def compare(row: Row, isbn: str, price: PriceRecord) -> None:
    """Report one ISBN with two prices; within some 100,000 rows, so that memory stays flat."""
    if not isbn:
        return
    prices, shown = row.table.prices, f"{price.amount} {price.currency}"
    before = prices.setdefault(isbn, shown)
    if before != shown:
        row.warn(f"{isbn} has two prices in this file, {before} and {shown}; the later row holds.")
        prices[isbn] = shown
    if len(prices) > _PRICES_KEPT:
        prices.clear()


def _currency(row: Row, sign: str, value: str) -> str:
    """The price's own sign first, then the column, then what the caller says; two that differ: none."""
    column = row.get("currency")
    own, stated = _meaning(row, sign), _meaning(row, column)
    if own and column == _DOLLAR and not stated:
        stated = own if own == "USD" else "another dollar"  # a bare "$" agrees with US$ at most
    if own and stated and own != stated:
        row.warn(f"Price “{value[:30]}” is in {own}, but the column says “{column[:10]}”; left out.")
        return ""
    currency = own or stated
    if not currency and not sign and not column:
        currency = row.table.currency or ("" if row.table.has_isbn else row.table.shop_currency)
    if not currency:
        named = sign or column
        if named == _DOLLAR:
            why = "“$” may be the dollar of many countries"
        elif named:
            why = f"“{named[:10]}” is no currency in use (ISO 4217)"
        else:
            why = "the file names no currency"
        message = f"Price “{value[:30]}”: {why}; left out. If you know it, import again with --currency."
        row.warn_once("currency", message)
        return ""
    if currency not in CURRENCIES:
        row.warn(f"Price “{value[:30]}”: “{currency[:10]}” is no currency in use (ISO 4217); left out.")
        return ""
    return currency


def _meaning(row: Row, sign: str) -> str:
    """The currency that a sign or a code names. A bare "$" names one only with the caller's help."""
    if sign == _DOLLAR:
        return row.table.currency if row.table.currency in _DOLLARS else ""
    return _SYMBOLS.get(sign.upper()) or _SYMBOLS.get(sign) or (sign.upper() if len(sign) == 3 else "")


def _sign(value: str) -> tuple[str, str]:
    """Currency sign or code, and the number, of "£7.99", "HK$116.63", "7,99 €", "EUR 9.90"."""
    found = re.fullmatch(r"\s*([^\d\s.,+-]{0,5})\s*([\d.,  ’']+?)\s*([^\d\s.,+-]{0,5})\s*", value)
    if not found:
        return "", value
    return found[1] or found[3], found[2]


def _decimal(number: str) -> Decimal | None:
    """An amount with a decimal point, or a comma where that is plain ("12,50", "1.234,50"); else None."""
    number = re.sub(r"[\s’']", "", number)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d{1,2}", number):
        number = number.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,9},\d{1,2}", number):
        number = number.replace(".", "").replace(",", ".")
    return Decimal(number) if _AMOUNT.match(number) else None
