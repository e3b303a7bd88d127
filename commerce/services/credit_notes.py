"""Issuing credit notes: what of an invoice the customer does not owe any more.

What was credited is kept on the copies and on the order (`credited_amount`), moved under the order's lock, with
constraints behind it: no copy and no delivery is credited beyond what was invoiced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from accounts.models import User
from commerce.exceptions import NothingToCredit, NotInvoiced, TooMuchCredited
from commerce.models import CreditNote, ExchangeRate, Invoice, Order, OrderLine, Refund, SellerSettings
from commerce.models.invoice import PaperKind
from commerce.services import numbering, papers, snapshots
from commerce.services.snapshots import Part, Share
from core.money import Money, share, tax_within

SERIES = "CN"


@dataclass
class _Credit:
    """What one note credits."""

    copies: list[OrderLine] = field(default_factory=list)
    """Taken back whole, or what was left of them."""
    parts: list[Part] = field(default_factory=list)
    delivery: list[Share] = field(default_factory=list)


def issue(
    order_id: int,
    line_ids: Iterable[int],
    *,
    delivery: Money | None = None,
    reason: str,
    actor: User | None,
    refund: Refund | None = None,
) -> CreditNote:
    """Credit copies, and so much of the delivery. What of them was credited before is left out.

    For a refund that has its note already, that note is returned.

    Raises:
        NotInvoiced: the order has no invoice.
        NothingToCredit: all of it was credited before.
        TooMuchCredited: more delivery than was invoiced.
    """
    chosen = set(line_ids)
    with transaction.atomic():
        order, invoice = _locked(order_id)
        if refund and (known := CreditNote.objects.filter(refund=refund).first()):
            return known
        if delivery and order.delivery < delivery:
            raise TooMuchCredited
        lines = list(order.lines.select_related("order"))
        back = {pk for note in invoice.credit_notes.all() for pk in note.snapshot["copies"]}
        copies = [line for line in lines if line.pk in chosen and line.pk not in back]
        credit = _Credit(copies, [_part(line, line.left) for line in copies])
        amount = min(delivery or Money.zero(order.currency), order.delivery_left, key=lambda money: money.amount)
        if amount:
            credit.delivery = _of_delivery(order, invoice, lines, amount)
        if not copies and not credit.delivery:
            raise NothingToCredit
        return _write(order, invoice, credit, reason, actor, refund)


def issue_amount(
    order_id: int,
    amount: Money,
    *,
    reason: str,
    actor: User | None,
    refund: Refund | None = None,
    line_ids: Iterable[int] | None = None,
) -> CreditNote:
    """Credit an amount, as for a damaged jacket or a price that fell before publication; every copy stays sold.

    It is shared over what is left of the copies (of all, or of those named), each at its own rate of tax, and where
    no copies are named and that is not enough, over the delivery.

    Raises:
        NotInvoiced: the order has no invoice.
        TooMuchCredited: more than is left of the invoice; or not an amount at all.
    """
    with transaction.atomic():
        order, invoice = _locked(order_id)
        if refund and (known := CreditNote.objects.filter(refund=refund).first()):
            return known
        lines = list(order.lines.select_related("order"))
        named = None if line_ids is None else set(line_ids)
        open_lines = [line for line in lines if line.left and (named is None or line.pk in named)]
        left = sum((line.left for line in open_lines), Money.zero(order.currency))
        beyond = amount - left
        if amount.amount <= 0 or (beyond.amount > 0 and (named is not None or order.delivery_left < beyond)):
            raise TooMuchCredited
        on_lines = left if beyond.amount > 0 else amount
        shares = share(on_lines, [line.left.amount for line in open_lines]) if open_lines else []
        credit = _Credit(parts=[_part(line, each) for line, each in zip(open_lines, shares, strict=True) if each])
        if beyond.amount > 0:
            credit.delivery = _of_delivery(order, invoice, lines, beyond)
        return _write(order, invoice, credit, reason, actor, refund)


def _locked(order_id: int) -> tuple[Order, Invoice]:
    order = Order.objects.select_for_update().get(pk=order_id)
    invoice = Invoice.objects.filter(order=order).first()
    if invoice is None:
        raise NotInvoiced
    return order, invoice


def _part(line: OrderLine, gross: Money) -> Part:
    """An amount of a copy, and the tax in it: all parts of a copy together hold the tax of the copy."""
    before = Money(line.credited_amount, gross.currency)
    tax = snapshots.tax_of(line, before + gross) - snapshots.tax_of(line, before)
    return Part(line, gross, tax)


def _of_delivery(order: Order, invoice: Invoice, lines: list[OrderLine], amount: Money) -> list[Share]:
    """An amount of the delivery over its rates, by what is left of each; the last part takes the tax that is left."""
    small = bool(invoice.snapshot["seller"].get("small_business_note"))
    left = {(each.category, each.rate): each for each in snapshots.delivery_shares(order, lines, small_business=small)}
    for note in invoice.credit_notes.all():
        for row in note.snapshot["delivery"]["shares"]:
            key = row["category"], Decimal(row["rate"])
            was = left[key]
            left[key] = Share(
                *key,
                was.gross - Money(Decimal(row["gross"]), order.currency),
                was.tax - Money(Decimal(row["tax"]), order.currency),
            )
    open_shares = [each for each in left.values() if each.gross]
    parts = share(amount, [each.gross.amount for each in open_shares])
    return [
        Share(each.category, each.rate, part, each.tax if part == each.gross else _tax_of(part, each))
        for each, part in zip(open_shares, parts, strict=True)
        if part
    ]


def _tax_of(part: Money, left: Share) -> Money:
    """The tax in a part of the delivery; rounding never takes more than is left."""
    return min(tax_within(part, left.rate), left.tax, key=lambda money: money.amount)


def _write(
    order: Order, invoice: Invoice, credit: _Credit, reason: str, actor: User | None, refund: Refund | None
) -> CreditNote:
    for part in credit.parts:
        part.line.credited_amount += part.gross.amount
    OrderLine.objects.bulk_update([part.line for part in credit.parts], ["credited_amount"])
    number = numbering.take(SERIES)
    with override(order.language):
        snapshot = _snapshot(order, invoice, number, credit, reason)
    order.delivery_credited_amount += Decimal(snapshot["delivery"]["gross"])
    order.credited_amount += Decimal(snapshot["total"])
    order.save(update_fields=["credited_amount", "delivery_credited_amount"])
    note = CreditNote.objects.create(
        invoice=invoice,
        refund=refund,
        reason=reason,
        actor=actor,
        number=str(number),
        series=number.series,
        year=number.year,
        sequence=number.sequence,
        issued_at=number.at,
        snapshot=snapshot,
    )
    if settings.PAPERS_AHEAD:
        papers.ask(PaperKind.CREDIT_NOTE, str(note.pk))
    return note


def _snapshot(order: Order, invoice: Invoice, number: numbering.Number, credit: _Credit, reason: str) -> dict[str, Any]:
    seller = SellerSettings.load()
    small = bool(invoice.snapshot["seller"].get("small_business_note"))
    return (
        snapshots.head(order, number, "credit-note", seller)
        | snapshots.amounts(order, credit.parts, credit.delivery, small_business=small, exchange=_exchange(invoice))
        | {
            "invoice": invoice.number,
            "invoice_issued_on": invoice.snapshot["issued_on"],
            "reason": reason,
            "copies": [line.pk for line in credit.copies],
            "parts": [
                {"line": part.line.pk, "gross": str(part.gross.amount), "tax": str(part.tax.amount)}
                for part in credit.parts
            ],
        }
    )


def _exchange(invoice: Invoice) -> ExchangeRate | None:
    """The rate that the invoice was issued at: what is taken back of its tax is worth the same."""
    said = invoice.snapshot.get("tax_at_home")
    if said is None:
        return None
    return ExchangeRate(currency=invoice.snapshot["currency"], rate=Decimal(said["rate"]), source=said["source"])
