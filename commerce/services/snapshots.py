"""What is written into a document when it is issued. The format has a version; `commerce.documents` reads every one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import PostalAddress
from commerce.models import ExchangeRate, Order, OrderLine, SellerSettings
from commerce.models.order import UNSENT, EventKind
from commerce.models.tax import TaxFreeReason
from commerce.services.numbering import Number
from core.money import Money, tax_within

VERSION = 2

TaxKey = tuple[str, Decimal]
"""The tax category of EN 16931 and the rate in percent."""


@dataclass(frozen=True)
class Part:
    """An amount of one copy that a document charges or credits."""

    line: OrderLine
    gross: Money
    tax: Money


@dataclass(frozen=True)
class Share:
    """What of the delivery bears one rate."""

    category: str
    rate: Decimal
    gross: Money
    tax: Money


def category_of(order: Order, rate: Decimal, *, is_digital: bool, small_business: bool) -> str:
    """The category of EN 16931 (UNTDID 5305): standard, zero, exempt, export, intra-community or reverse charge."""
    if rate:
        return "S"
    if small_business:
        return "E"
    if order.tax_free_reason == TaxFreeReason.EXPORT:
        return "G"
    if order.tax_free_reason == TaxFreeReason.REVERSE_CHARGE:
        return "AE" if is_digital else "K"
    return "Z"


def tax_of(line: OrderLine, gross: Money) -> Money:
    """The tax within the first so much of a copy's price; of the whole price, exactly the copy's tax."""
    if gross.amount == line.unit_gross:
        return Money(line.unit_tax, gross.currency)
    return tax_within(gross, line.tax_rate)


def delivery_shares(order: Order, lines: Iterable[OrderLine], *, small_business: bool) -> list[Share]:
    """The delivery at each rate: what the sums of the order hold beyond its copies."""
    gross: dict[Decimal, Decimal] = defaultdict(Decimal)
    tax: dict[Decimal, Decimal] = defaultdict(Decimal)
    for row in order.taxes.all():
        gross[row.rate] += row.gross
        tax[row.rate] += row.tax
    for line in lines:
        if line.is_gift_card:  # in no sum of tax
            continue
        gross[line.tax_rate] -= line.unit_gross
        tax[line.tax_rate] -= line.unit_tax
    return [
        Share(
            category=category_of(order, rate, is_digital=False, small_business=small_business),
            rate=rate,
            gross=Money(gross[rate], order.currency),
            tax=Money(tax[rate], order.currency),
        )
        for rate in sorted(gross)
        if Money(gross[rate], order.currency)
    ]


def head(order: Order, number: Number, kind: str, seller: SellerSettings) -> dict[str, Any]:
    """What every document says of itself, of the seller, of the customer and of the order."""
    lines = list(order.lines.all())
    has_cards = any(line.is_gift_card for line in lines)
    return {
        "version": VERSION,
        "kind": kind,
        "number": str(number),
        "language": order.language,
        "issued_on": timezone.localdate(number.at).isoformat(),
        "issued_at": number.at.isoformat(),
        "currency": order.currency,
        "order": order.number,
        "ordered_on": timezone.localdate(order.placed_at).isoformat(),
        **_supply(order, lines),
        "seller": seller.printed,
        "customer": {
            **_party(order.billed_to),
            "email": order.email,
            "vat_id": order.vat_id,
        },
        # Said apart only where it is another one.
        **({"delivered_to": _party(order)} if order.billed_to is not order and order.needs_delivery else {}),
        "tax_note": " ".join(
            filter(
                None,
                (
                    str(order.get_tax_free_reason_display()),
                    gettext("A gift card bears no VAT: that is due on what it buys.") if has_cards else "",
                ),
            )
        ),
    }


def _party(address: PostalAddress) -> dict[str, Any]:
    """Somebody's address as it is printed and in its parts."""
    parts = {name: getattr(address, name) for name in ("full_name", "line_1", "line_2", "town", "postcode")}
    return {"lines": address.address_lines, "country": address.country.code, **parts}


def amounts(
    order: Order,
    parts: list[Part],
    delivery: list[Share],
    *,
    small_business: bool,
    exchange: ExchangeRate | None = None,
) -> dict[str, Any]:
    """The lines, the delivery, and the sums of both at each rate.

    Args:
        exchange: of an order in another currency than the shop's, so that its tax is said in both.
    """
    lines = _grouped(order, parts, small_business=small_business)
    shares = [
        {"category": share.category, "rate": f"{share.rate:f}", **_money(share.gross, share.tax)} for share in delivery
    ]
    sums: dict[TaxKey, list[dict[str, Any]]] = defaultdict(list)
    for row in (*lines, *shares):
        sums[row["category"], Decimal(row["rate"])].append(row)
    taxes = [
        {
            "category": category,
            "rate": f"{rate:f}",
            **_money(_sum(rows, "gross", order.currency), _sum(rows, "tax", order.currency)),
        }
        for (category, rate), rows in sorted(sums.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
    gross, tax = _sum(taxes, "gross", order.currency), _sum(taxes, "tax", order.currency)
    return {
        "lines": lines,
        "delivery": {
            "label": order.delivery_name,
            "gross": str(_sum(shares, "gross", order.currency).amount),
            "shares": shares,
        },
        "taxes": taxes,
        "net": str((gross - tax).amount),
        "tax": str(tax.amount),
        "total": str(gross.amount),
        **({"tax_at_home": _at_home(tax, exchange)} if exchange and tax else {}),
    }


def _at_home(tax: Money, exchange: ExchangeRate) -> dict[str, str]:
    """The tax in the shop's currency, and the rate that says so."""
    ours = exchange.at_home(tax)
    return {
        "currency": ours.currency,
        "tax": str(ours.amount),
        "rate": f"{exchange.rate.normalize():f}",
        "source": exchange.source,
    }


def _supply(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    """When the goods are supplied: the day the last copy left, else the day on which it is expected."""
    waiting = [line for line in lines if line.status in UNSENT and not (line.is_digital and not line.leaves_on)]
    sent = order.events.filter(kind=EventKind.SENT).last()
    expected = max((on for line in waiting if (on := line.arrives_by or line.leaves_on)), default=None)
    day = expected if waiting else timezone.localdate(sent.at if sent else order.placed_at)
    return {
        "supplied_on": day.isoformat() if day else "",
        "is_supplied": not waiting,
        "has_goods": any(not line.is_digital for line in lines),
        "has_services": any(line.is_digital for line in lines),
    }


def _grouped(order: Order, parts: list[Part], *, small_business: bool) -> list[dict[str, Any]]:
    """Order lines are copies; a document says "3 ×"."""
    groups: dict[tuple[Any, ...], list[Part]] = defaultdict(list)
    for part in parts:
        line = part.line
        key = (
            line.title, line.contributors, line.format_label, line.isbn, line.sku, line.list_gross, line.tax_rate,
            line.is_digital, line.is_gift_card, part.gross.amount, part.tax.amount,
        )  # fmt: skip
        groups[key].append(part)
    rows = []
    for copies in groups.values():
        line, gross, tax = copies[0].line, copies[0].gross, copies[0].tax
        before = Money(line.list_gross, order.currency) if line.list_gross else None
        is_reduced = bool(before and gross.amount == line.unit_gross and gross < before)
        rows.append(
            {
                "title": line.title,
                "contributors": line.contributors,
                "format": line.format_label,
                "isbn": line.isbn,
                "sku": line.sku,
                "is_digital": line.is_digital,
                "quantity": len(copies),
                "before": str(before.amount) if before and is_reduced else "",
                "unit": str(gross.amount),
                "unit_net": str((gross - tax).amount),
                "is_gift_card": line.is_gift_card,
                "category": category_of(
                    order,
                    line.tax_rate,
                    is_digital=line.is_digital,
                    small_business=small_business or line.is_gift_card,
                ),
                "rate": f"{line.tax_rate:f}",
                **_money(gross * len(copies), tax * len(copies)),
            }
        )
    return rows


def _money(gross: Money, tax: Money) -> dict[str, str]:
    return {"net": str((gross - tax).amount), "tax": str(tax.amount), "gross": str(gross.amount)}


def _sum(rows: Iterable[dict[str, Any]], name: str, currency: str) -> Money:
    return sum((Money(Decimal(row[name]), currency) for row in rows), Money.zero(currency))
