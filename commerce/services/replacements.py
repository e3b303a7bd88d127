"""Copies that are sent once more at no cost: lost on the way, damaged, or the wrong book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.addresses import FIELDS
from accounts.models import User
from catalog import stock
from catalog.models import StockRecord
from commerce.exceptions import IllegalTransition
from commerce.models import Order, OrderLine
from commerce.models.order import EventKind, LineStatus, PaymentStatus, new_number
from commerce.services import orders

_COPIED = (
    *FIELDS, "language", "user", "email", "currency", "delivery_name", "pickup_place", "payment_method", "vat_id",
)  # fmt: skip
_COPIED_OF_LINES = (
    "edition", "title", "contributors", "isbn", "sku", "format_label", "is_digital", "list_gross", "tax_rate",
)  # fmt: skip


def replace(order_id: int, line_ids: Iterable[int], actor: User, reason: str) -> Order:
    """A new order of these copies at no cost, to the same address. It has no invoice: nothing is sold.

    Raises:
        IllegalTransition: a copy has not been sent.
    """
    zero = Decimal(0)
    with transaction.atomic():
        order = orders.lock(order_id)
        lines = list(order.lines.filter(pk__in=set(line_ids), status__in=(LineStatus.SENT, LineStatus.RETURNED)))
        if not lines or len(lines) < len(set(line_ids)):
            raise IllegalTransition(_("Only copies that were sent can be replaced."))
        now = timezone.now()
        number = new_number()
        free = _promise(lines, number, actor)
        new = Order.objects.create(
            number=number,
            replaces=order,
            **{name: getattr(order, name) for name in _COPIED},
            goods_amount=zero,
            tax_amount=zero,
            total_amount=zero,
            payment_status=PaymentStatus.PAID,
            placed_at=now,
        )
        copies = []
        for line in lines:
            is_here = free[line.edition_id] > 0
            free[line.edition_id] -= is_here
            facts = {name: getattr(line, name) for name in _COPIED_OF_LINES}
            copies.append(
                OrderLine(order=new, **facts, unit_gross=zero, unit_net=zero, unit_tax=zero, is_allocated=is_here)
            )
        OrderLine.objects.bulk_create(copies)
        titles = orders.titles_of(lines)
        orders.record(new, EventKind.PLACED, actor, reason=_("Replaces copies of %s") % order.number)
        orders.record(order, EventKind.REPLACED, actor, titles=titles, reason=f"{new.number} {reason}".strip())
    return new


def _promise(lines: list[OrderLine], number: str, actor: User) -> Counter[int | None]:
    """Promise what is on the shelf; the rest is ordered from the supplier. Returns how many were promised."""
    wanted = Counter(line.edition_id for line in lines if line.edition_id and not line.is_digital)
    records = StockRecord.objects.select_for_update().filter(edition__in=wanted).order_by("edition_id")
    promised = {row.edition_id: min(row.available, wanted[row.edition_id]) for row in records if row.available > 0}
    stock.allocate(promised, order=number, user=actor)
    return Counter(promised)
