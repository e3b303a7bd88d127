"""Taking in bank statements: whose order a line is, and each line once."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from commerce.bank_files import Line, read
from commerce.exceptions import CommerceError
from commerce.models import BankLine, Invoice, Order
from commerce.models.order import OrderStatus
from commerce.services import orders, payments


class Found(StrEnum):
    """What a line is."""

    PAYS = "pays"
    TOO_LITTLE = "too-little"
    TOO_MUCH = "too-much"
    OVER = "over"
    TAKEN = "taken"
    OTHER_CURRENCY = "other-currency"
    UNKNOWN = "unknown"
    OUTGOING = "outgoing"
    UNREADABLE = "unreadable"


TO_TAKE = (Found.PAYS, Found.TOO_LITTLE, Found.TOO_MUCH, Found.OVER)
"""Money of an order. What is too much is flagged; what came for a cancelled order is paid back by hand."""


@dataclass(frozen=True)
class Match:
    """A line with the order that it names, and what taking it in would mean."""

    line: Line
    found: Found
    order: Order | None = None

    @property
    def is_to_take(self) -> bool:
        """True where the line would become a payment."""
        return self.found in TO_TAKE

    @property
    def sentence(self) -> str:
        """What it is, in words."""
        return (
            self.line.problem
            or {
                Found.PAYS: _("Pays the order"),
                Found.TOO_LITTLE: _("Less than is due: the order will be partly paid"),
                Found.TOO_MUCH: _("More than is due: the order will be overpaid"),
                Found.OVER: _("The order was cancelled: the money is to be paid back by hand"),
                Found.TAKEN: _("Was taken in before"),
                Found.OTHER_CURRENCY: _("Not in the order's currency: not taken in"),
                Found.UNKNOWN: _("Names no order of ours, or several"),
                Found.OUTGOING: _("No money that came in"),
                Found.UNREADABLE: "",
            }[self.found]
        )


def preview(text: str) -> list[Match]:
    """What each line of a statement is. Writes nothing.

    Raises:
        NoStatement: the file is none.
    """
    lines = read(text, settings.SHOP_CURRENCY)
    taken = set(
        BankLine.objects.filter(fingerprint__in=[line.fingerprint for line in lines]).values_list(
            "fingerprint", flat=True
        )
    )
    pattern = _numbers_of_invoices()
    return [_match(line, taken, pattern) for line in lines]


def take_in(text: str, chosen: Collection[str], actor: User) -> list[Match]:
    """Take in the chosen lines (fingerprints) of a statement, each by itself: one that fails stops no other.

    Returns the lines that became payments. The same file again books nothing twice.
    """
    taken = []
    for match in preview(text):
        if not match.is_to_take or match.order is None or match.line.fingerprint not in chosen:
            continue
        try:
            if _take(match.line, match.order.pk, actor):
                taken.append(match)
        except CommerceError as refusal:
            taken.append(replace(match, found=Found.UNREADABLE, line=replace(match.line, problem=refusal.public)))
    return taken


def _take(line: Line, order_id: int, actor: User) -> bool:
    if line.amount is None or line.booked_on is None:
        return False
    with transaction.atomic():
        orders.lock(order_id)  # of two colleagues with the same file, the second sees the line of the first
        if BankLine.objects.filter(fingerprint=line.fingerprint).exists():
            return False
        reason = _("Bank statement of %(date)s") % {"date": line.booked_on.isoformat()}
        payment = payments.take_transfer(order_id, line.amount, f"bank-{line.fingerprint}", actor, reason)
        BankLine.objects.create(
            fingerprint=line.fingerprint,
            booked_on=line.booked_on,
            amount=line.amount.amount,
            currency=line.amount.currency,
            payer=line.payer,
            text=line.text,
            payment=payment,
            actor=actor,
        )
    return True


def _match(line: Line, taken: Collection[str], pattern: str) -> Match:
    if line.problem:
        return Match(line, Found.UNREADABLE)
    if line.amount is None or line.amount.amount <= 0:
        return Match(line, Found.OUTGOING)
    order = _order_of(line.text, pattern)
    if line.fingerprint in taken:
        return Match(line, Found.TAKEN, order)
    if order is None:
        return Match(line, Found.UNKNOWN)
    if line.amount.currency != order.currency:
        return Match(line, Found.OTHER_CURRENCY, order)
    if order.status == OrderStatus.CANCELLED:
        return Match(line, Found.OVER, order)
    due = payments.due(order)
    if line.amount == due:
        return Match(line, Found.PAYS, order)
    return Match(line, Found.TOO_LITTLE if line.amount < due else Found.TOO_MUCH, order)


def _order_of(text: str, pattern: str) -> Order | None:
    """The one order that a text names, by its number or its invoice's, however people and banks write them."""
    squeezed = re.sub(r"[^A-Z0-9]", "", text.upper())
    numbers = {f"BT-{found[:4]}-{found[4:]}" for found in re.findall(r"BT([2-9A-HJKMNP-Z]{8})", squeezed)}
    named = set(Order.objects.filter(number__in=numbers).values_list("pk", flat=True))
    for series, year, sequence in re.findall(pattern, squeezed):
        invoice = Invoice.objects.filter(series=series, year=int(year), sequence=int(sequence)).first()
        if invoice:
            named.add(invoice.order_id)
    return Order.objects.get(pk=named.pop()) if len(named) == 1 else None


def _numbers_of_invoices() -> str:
    """A pattern of invoice numbers without their hyphens: the series that there are, a year, six figures."""
    series = Invoice.objects.order_by().values_list("series", flat=True).distinct()
    return rf"({'|'.join(re.escape(one) for one in series) or 'INV'})(\d{{4}})(\d{{6}})"
