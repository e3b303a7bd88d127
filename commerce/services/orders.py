"""What happens to an order once it is placed. The only writers of its status and of those of its lines.

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
from commerce.models.order import UNSENT, EventKind, LineStatus, OrderStatus
from commerce.services import gift_cards, vouchers
from core.mail.outbox import post

ORDER_MOVES: dict[str, frozenset[str]] = {
    OrderStatus.PLACED: frozenset({OrderStatus.PROCESSING, OrderStatus.DONE, OrderStatus.CANCELLED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.DONE, OrderStatus.CANCELLED}),
    OrderStatus.DONE: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}

LINE_MOVES: dict[str, frozenset[str]] = {
    LineStatus.NEW: frozenset({LineStatus.PROCESSING, LineStatus.SENT, LineStatus.CANCELLED}),
    LineStatus.PROCESSING: frozenset({LineStatus.SENT, LineStatus.CANCELLED}),
    LineStatus.SENT: frozenset({LineStatus.RETURNED}),
    LineStatus.CANCELLED: frozenset(),
    LineStatus.RETURNED: frozenset(),
}


def mark_lines_sent(order_id: int, line_ids: Iterable[int], actor: User | None) -> Order:
    """These copies have left the shop; promised copies leave the stock. Lines that were sent before are passed over.

    Raises:
        IllegalTransition: a line was cancelled or returned.
        CannotSend: the order is not paid, a copy is under embargo, none is on the shelf, or a gift card has no code
            yet. Then nothing is marked.
    """
    with transaction.atomic():
        order = lock(order_id)
        chosen = set(line_ids)
        lines = [
            line
            for line in order.lines.select_related("edition__product", "gift_card")
            if line.pk in chosen and line.status != LineStatus.SENT
        ]
        for line in lines:
            _check(LINE_MOVES, line.status, LineStatus.SENT)
            _check_embargo(line)
            _check_gift_card(line)
        if lines and order.awaits_money:
            raise CannotSend(_("This order is not paid yet."))
        _take_from_shelf(order, [line for line in lines if not line.is_digital and line.edition_id], actor)
        if lines:
            OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(
                status=LineStatus.SENT, sent_at=timezone.now()
            )
            event = record(order, EventKind.SENT, actor, titles=titles_of(lines))
            _follow_lines(order, actor)
            if parcels := [line for line in lines if not line.is_gift_card]:
                _write_to_customer("dispatch", order, event, parcels)
    return order


def mark_lines_returned(order_id: int, line_ids: Iterable[int], actor: User | None, *, restocked: set[int]) -> Order:
    """These copies came back. Those whose ids are in `restocked` go on the shelf; the others are written off.

    Raises:
        IllegalTransition: a copy had not been sent, or came back before.
    """
    with transaction.atomic():
        order = lock(order_id)
        lines = list(order.lines.filter(pk__in=set(line_ids)))
        for line in lines:
            _check(LINE_MOVES, line.status, LineStatus.RETURNED)
        gift_cards.withdraw(order, lines, actor)
        OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(status=LineStatus.RETURNED)
        back = Counter(
            line.edition_id for line in lines if line.pk in restocked and line.edition_id and not line.is_digital
        )
        for edition_id, copies in sorted(back.items()):
            stock.adjust(edition_id, copies, kind=stock.Kind.RECEIVED, order=order.number, user=actor, why=_("Return"))
        record(order, EventKind.RETURNED, actor, titles=titles_of(lines))
        _follow_lines(order, actor)
    return order


def cancel_lines(order_id: int, line_ids: Iterable[int], actor: User | None, reason: str = "") -> Order:
    """These copies will not be sent; promised ones go back on the shelf.

    Raises:
        IllegalTransition: one of them has left already.
    """
    with transaction.atomic():
        order = lock(order_id)
        lines = list(order.lines.filter(pk__in=set(line_ids)))
        for line in lines:
            _check(LINE_MOVES, line.status, LineStatus.CANCELLED)
        _cancel_lines(order, lines, actor, reason)
    return order


def cancel(order_id: int, actor: User | None, reason: str = "", *, mail: str = "cancel") -> Order:
    """Nothing more of this order will be sent: its unsent copies are cancelled, promised ones go back on the shelf.

    `mail` is the kind of mail that tells the customer.

    Raises:
        IllegalTransition: every copy was sent already.
    """
    with transaction.atomic():
        order = lock(order_id)
        if order.status == OrderStatus.CANCELLED:
            return order
        _cancel_lines(order, list(order.lines.filter(status__in=UNSENT)), actor, reason, mail=mail)
    return order


def cancel_pre_orders(order_id: int, actor: User | None, reason: str = "") -> Order:
    """The copies that were ordered before publication are cancelled; the rest of the order goes on. Twice is no error.

    Raises:
        IllegalTransition: they were all sent already, or there were none.
    """
    with transaction.atomic():
        order = lock(order_id)
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
        order = lock(order_id)
        _move(order, to, actor, reason)
    return order


def record(order: Order, kind: EventKind, actor: User | None, **detail: Any) -> OrderEvent:
    """Write down what happened, by whom and why."""
    told = {name: value for name, value in detail.items() if value}
    return OrderEvent.objects.create(order=order, kind=kind, actor=actor, detail=told)


def _cancel_lines(
    order: Order, lines: list[OrderLine], actor: User | None, reason: str, *, mail: str = "cancel"
) -> None:
    """Cancel copies that have not been sent; promised ones go back on the shelf."""
    if not lines:
        raise IllegalTransition(_("Everything has been sent already."))
    promised = Counter(line.edition_id for line in lines if line.is_allocated and line.edition_id)
    stock.release(promised, order=order.number, user=actor if actor and actor.is_staff else None, why=reason)
    gift_cards.withdraw(order, lines, actor, reason)
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(status=LineStatus.CANCELLED, is_allocated=False)
    event = record(order, EventKind.CANCELLED, actor, reason=reason, titles=titles_of(lines))
    _follow_lines(order, actor)
    _write_to_customer(mail, order, event, lines)


def _write_to_customer(kind: str, order: Order, event: OrderEvent, lines: list[OrderLine]) -> None:
    """One mail for one event, about the copies that it is about."""
    line_ids = [line.pk for line in lines]
    post(kind, order.email, key=f"{kind}:{event.pk}", language=order.language, order_id=order.pk, line_ids=line_ids)


def lock(order_id: int) -> Order:
    """An order under its row lock, in the caller's transaction."""
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
    if order.status in (OrderStatus.DONE, OrderStatus.CANCELLED):  # a copy that comes back changes no finished order
        return
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


def _check_gift_card(line: OrderLine) -> None:
    if line.is_gift_card and not line.gift_card.is_issued:
        raise CannotSend(_("A gift card goes out by itself, when its order is paid."))


def _take_from_shelf(order: Order, lines: list[OrderLine], actor: User | None) -> None:
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


def titles_of(lines: Iterable[OrderLine]) -> list[str]:
    """The books of some copies, each once, with how many: "2 × Emma"."""
    return [f"{count} × {title}" for title, count in Counter(line.title for line in lines).items()]
