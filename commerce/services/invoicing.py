"""Issuing invoices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from commerce.models import ExchangeRate, Invoice, Order, OrderLine, SellerSettings
from commerce.models.invoice import PaperKind
from commerce.models.order import ONLINE
from commerce.services import numbering, papers, snapshots
from commerce.services.numbering import Number
from commerce.services.snapshots import Part
from core.money import Money

SERIES = "INV"


def issue_at_placing(order: Order) -> Invoice | None:
    """The invoice of an order that was just placed; none yet where the money must come first.

    An order that is paid at a provider's may expire unpaid, and then uses no number: `commerce.services.payments`
    issues its invoice in the transaction in which it becomes paid.
    """
    if order.payment_method in ONLINE and order.total:
        return None
    return issue(order)


def issue(order: Order) -> Invoice:
    """Issue the order's invoice, in the caller's transaction: the number is given back if that fails.

    An order has one invoice; asked again, or by two at once, the same is returned.
    """
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        if existing := Invoice.objects.filter(order=order).first():
            return existing
        number = numbering.take(SERIES)
        with override(order.language):
            snapshot = _snapshot(order, number)
        invoice = Invoice.objects.create(
            order=order,
            number=str(number),
            series=number.series,
            year=number.year,
            sequence=number.sequence,
            issued_at=number.at,
            snapshot=snapshot,
        )
        if settings.PAPERS_AHEAD:
            papers.ask(PaperKind.INVOICE, str(invoice.pk))
    return invoice


def _snapshot(order: Order, number: Number) -> dict[str, Any]:
    seller = SellerSettings.load()
    small = bool(seller.small_business_note)
    lines: list[OrderLine] = list(order.lines.all())
    said = snapshots.head(order, number, "invoice", seller) | snapshots.amounts(
        order,
        [Part(line, Money(line.unit_gross, order.currency), Money(line.unit_tax, order.currency)) for line in lines],
        snapshots.delivery_shares(order, lines, small_business=small),
        small_business=small,
        exchange=ExchangeRate.on(order.currency, timezone.localdate(number.at)),
    )
    paid = _paid(order)
    due = order.total - sum((Money(Decimal(row["amount"]), order.currency) for row in paid), Money.zero(order.currency))
    issued_on = dt.date.fromisoformat(said["issued_on"])
    return said | {
        "discounts": [
            {"label": row["label"], "amount": str((row["amount"] or Money.zero(order.currency)).amount)}
            for row in order.reductions
        ],
        "payment_method": order.payment_method,
        "payment_label": str(order.get_payment_method_display()),
        "paid": paid,
        "due": str(max(due.amount, Decimal(0))),
        "due_on": (issued_on + dt.timedelta(days=seller.payment_days)).isoformat(),
    }


def _paid(order: Order) -> list[dict[str, str]]:
    """What came before the invoice, by gift card or otherwise. Gift cards pay an order; they do not make it cheaper."""
    came = [
        (payment, kept)
        for payment in order.payments.filter(currency=order.currency, captured_amount__gt=0)
        if (kept := payment.refundable)
    ]
    cards = {entry.reference: str(entry.card) for entry in order.gift_card_entries.select_related("card")}
    return [
        {
            "method": payment.method,
            "label": cards.get(payment.reference) or str(payment.get_method_display()),
            "amount": str(kept.amount),
        }
        for payment, kept in came
    ]
