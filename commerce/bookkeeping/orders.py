"""The sums of orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from commerce.bookkeeping.drift import Drift, sum_of
from commerce.models import Order, OrderLine, OrderTax
from core.money import Money


def totals_are_their_parts() -> Iterator[Drift]:
    """The books are their lines, the total is books and delivery, the tax is that of both, and so are the rates'."""
    lines, rates = OrderLine.objects.all(), OrderTax.objects.all()
    cards = lines.filter(is_gift_card=True)
    listed = lines.exclude(list_gross=None)
    rows = Order.objects.annotate(
        of_lines=sum_of(lines, "unit_gross", order="pk"),
        tax_of_lines=sum_of(lines, "unit_tax", order="pk"),
        listed=sum_of(listed, "list_gross", order="pk"),
        of_listed=sum_of(listed, "unit_gross", order="pk"),
        of_cards=sum_of(cards, "unit_gross", order="pk"),
        of_rates=sum_of(rates, "gross", order="pk"),
        tax_of_rates=sum_of(rates, "tax", order="pk"),
    )
    for order in rows.order_by("pk").iterator():
        currency = order.currency
        for what, says, should_be in (
            ("what the books cost", order.goods, _money(order.of_lines, currency)),
            ("what was taken off", _money(order.discount_amount, currency),
             _money(order.listed, currency) - _money(order.of_listed, currency)),
            ("the total", order.total, order.goods + order.delivery),
            ("the tax", order.tax,
             _money(order.tax_of_lines, currency) + _money(order.delivery_tax_amount, currency)),
            ("the total of the rates of tax", _money(order.of_rates, currency),
             order.total - _money(order.of_cards, currency)),
            ("the tax of the rates", _money(order.tax_of_rates, currency), order.tax),
        ):  # fmt: skip
            if says != should_be:
                yield Drift(what, f"order {order.number}", says, should_be)


def taxes_are_those_of_lines() -> Iterator[Drift]:
    """At each rate there is what the lines hold at it, or more: a share of the delivery. Net and tax are the gross."""
    lines = OrderLine.objects.filter(is_gift_card=False)
    rows = OrderTax.objects.select_related("order").annotate(
        of_lines=sum_of(lines, "unit_gross", order="order_id", tax_rate="rate"),
        tax_of_lines=sum_of(lines, "unit_tax", order="order_id", tax_rate="rate"),
    )
    for row in rows.order_by("pk").iterator():
        currency, where = row.order.currency, f"order {row.order.number} at {row.rate} %"
        gross, net, tax = (_money(amount, currency) for amount in (row.gross, row.net, row.tax))
        if gross != net + tax:
            yield Drift("the gross", where, gross, net + tax)
        for what, says, least in (
            ("the gross", gross, _money(row.of_lines, currency)),
            ("the tax", tax, _money(row.tax_of_lines, currency)),
        ):
            if says < least:
                yield Drift(what, where, says, f"{least} at least")


def _money(amount: Decimal | None, currency: str) -> Money:
    return Money(amount or Decimal(0), currency)
