"""What happens to an order once it is placed. The only writers of its statuses.

Each axis has a table of allowed moves; each move locks the order's row, is checked again under the lock,
and leaves an event that says who and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from catalog import stock
from commerce.exceptions import CannotSend, IllegalTransition
from commerce.models import Order, OrderEvent, OrderLine
from commerce.models.order import UNSENT, EventKind, LineStatus, OrderStatus, PaymentStatus
from commerce.services import vouchers

ORDER_MOVES: dict[str, frozenset[str]] = {
    OrderStatus.PLACED: frozenset({OrderStatus.PROCESSING, OrderStatus.DONE, OrderStatus.CANCELLED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.DONE, OrderStatus.CANCELLED}),
    OrderStatus.DONE: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}

PAYMENT_MOVES: dict[str, frozenset[str]] = {
    PaymentStatus.PENDING: frozenset({PaymentStatus.PAID}),
    PaymentStatus.PAID: frozenset({PaymentStatus.REFUNDED}),
    PaymentStatus.REFUNDED: frozenset(),
}

LINE_MOVES: dict[str, frozenset[str]] = {
    LineStatus.NEW: frozenset({LineStatus.PROCESSING, LineStatus.SENT, LineStatus.CANCELLED}),
    LineStatus.PROCESSING: frozenset({LineStatus.SENT, LineStatus.CANCELLED}),
    LineStatus.SENT: frozenset({LineStatus.RETURNED}),
    LineStatus.CANCELLED: frozenset(),
    LineStatus.RETURNED: frozenset(),
}


def mark_paid(order_id: int, actor: User, reason: str = "") -> Order:
    """The money has come, says a named member of staff. Asked again, nothing happens.

    Raises:
        IllegalTransition: the order was refunded or cancelled.
    """
    with transaction.atomic():
        order = _lock(order_id)
        if order.payment_status == PaymentStatus.PAID:
            return order
        if order.status == OrderStatus.CANCELLED:
            raise IllegalTransition(_("The order was cancelled."))
        _check(PAYMENT_MOVES, order.payment_status, PaymentStatus.PAID)
        order.payment_status = PaymentStatus.PAID
        order.save(update_fields=["payment_status"])
        record(order, EventKind.PAID, actor, reason=reason)
    return order


def mark_lines_sent(order_id: int, line_ids: Iterable[int], actor: User) -> Order:
    """These copies have left the shop; promised copies leave the stock. Lines that were sent before are passed over.

    Raises:
        IllegalTransition: a line was cancelled or returned.
        CannotSend: a copy is under embargo, or none is on the shelf. Then nothing is marked.
    """
    with transaction.atomic():
        order = _lock(order_id)
        chosen = set(line_ids)
        lines = [
            line
            for line in order.lines.select_related("edition__product")
            if line.pk in chosen and line.status != LineStatus.SENT
        ]
        for line in lines:
            _check(LINE_MOVES, line.status, LineStatus.SENT)
            _check_embargo(line)
        _take_from_shelf(order, [line for line in lines if not line.is_digital and line.edition_id], actor)
        if lines:
            OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(status=LineStatus.SENT)
            record(order, EventKind.SENT, actor, titles=_titles(lines))
            _follow_lines(order, actor)
    return order


def cancel(order_id: int, actor: User | None, reason: str = "") -> Order:
    """Nothing more of this order will be sent: its unsent copies are cancelled, promised ones go back on the shelf.

    Raises:
        IllegalTransition: every copy was sent already.
    """
    with transaction.atomic():
        order = _lock(order_id)
        if order.status == OrderStatus.CANCELLED:
            return order
        _cancel_lines(order, list(order.lines.filter(status__in=UNSENT)), actor, reason)
    return order


def cancel_pre_orders(order_id: int, actor: User | None, reason: str = "") -> Order:
    """The copies that were ordered before publication are cancelled; the rest of the order goes on. Twice is no error.

    Raises:
        IllegalTransition: they were all sent already, or there were none.
    """
    with transaction.atomic():
        order = _lock(order_id)
        lines = list(order.lines.filter(is_pre_order=True))
        if lines and all(line.status == LineStatus.CANCELLED for line in lines):
            return order
        _cancel_lines(order, [line for line in lines if line.status in UNSENT], actor, reason)
    return order


def transition(order_id: int, to: OrderStatus, *, actor: User | None = None, reason: str = "") -> Order:
    """Move an order along `ORDER_MOVES`. To where it stands already is not an error.

    Raises:
        IllegalTransition: the table has no such move.
    """
    with transaction.atomic():
        order = _lock(order_id)
        _move(order, to, actor, reason)
    return order


def record(order: Order, kind: EventKind, actor: User | None, **detail: Any) -> OrderEvent:
    """Write down what happened, by whom and why."""
    told = {name: value for name, value in detail.items() if value}
    return OrderEvent.objects.create(order=order, kind=kind, actor=actor, detail=told)


def _cancel_lines(order: Order, lines: list[OrderLine], actor: User | None, reason: str) -> None:
    """Cancel copies that have not been sent; promised ones go back on the shelf."""
    if not lines:
        raise IllegalTransition(_("Everything has been sent already."))
    promised = Counter(line.edition_id for line in lines if line.is_allocated and line.edition_id)
    stock.release(promised, order=order.number, user=actor if actor and actor.is_staff else None, why=reason)
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(status=LineStatus.CANCELLED, is_allocated=False)
    record(order, EventKind.CANCELLED, actor, reason=reason, titles=_titles(lines))
    _follow_lines(order, actor)


def _lock(order_id: int) -> Order:
    return Order.objects.select_for_update().get(pk=order_id)


def _move(order: Order, to: OrderStatus, actor: User | None, reason: str = "") -> None:
    if order.status == to:
        return
    _check(ORDER_MOVES, order.status, to)
    was, order.status = order.status, to
    order.save(update_fields=["status"])
    record(order, EventKind.STATUS, actor, was=str(was), to=str(to), reason=reason)


def _check(moves: dict[str, frozenset[str]], was: str, to: str) -> None:
    if to not in moves[was]:
        raise IllegalTransition


def _follow_lines(order: Order, actor: User | None) -> None:
    statuses = set(order.lines.values_list("status", flat=True))
    if statuses <= {LineStatus.CANCELLED}:
        _move(order, OrderStatus.CANCELLED, actor)
        vouchers.give_back(order)
    elif not statuses & set(UNSENT):
        _move(order, OrderStatus.DONE, actor)
    elif statuses != {LineStatus.NEW}:
        _move(order, OrderStatus.PROCESSING, actor)


def _check_embargo(line: OrderLine) -> None:
    embargo = line.edition.embargo_date if line.edition else None
    if embargo and embargo > timezone.localdate():
        raise CannotSend(
            _("%(title)s must not leave the shop before %(date)s.")
            % {"title": line.title, "date": date_format(embargo)}
        )


def _take_from_shelf(order: Order, lines: list[OrderLine], actor: User) -> None:
    """Every copy leaves through the stock: one that waited for the supplier is promised first, when it has arrived."""
    waiting = Counter(line.edition_id for line in lines if line.edition_id and not line.is_allocated)
    try:
        stock.allocate(waiting, order=order.number, user=actor)
    except stock.InsufficientStock as shortage:
        title = next(line.title for line in lines if line.edition_id == shortage.edition_id)
        raise CannotSend(
            _("No copy of %(title)s is on the shelf. Enter the copies that have arrived first.") % {"title": title}
        ) from shortage
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(is_allocated=True)
    stock.consume(Counter(line.edition_id for line in lines if line.edition_id), order=order.number, user=actor)


def _titles(lines: list[OrderLine]) -> list[str]:
    return [f"{count} × {title}" for title, count in Counter(line.title for line in lines).items()]
