"""Withdrawals and returns: what customers declare, and what the shop does when books come back.

A withdrawal counts from the moment it is declared. Copies that had not left are cancelled at once and paid back;
of the others the money goes back when they have come, or are proved to be on their way.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from commerce import withdrawal
from commerce.exceptions import IllegalTransition
from commerce.models import Order, OrderLine, Return, ReturnLine
from commerce.models.order import EventKind
from commerce.models.returns import ReturnKind, ReturnOutcome
from commerce.services import orders, refunds
from core.mail.outbox import post


def withdraw(order_id: int, line_ids: Iterable[int], *, name: str, email: str, actor: User | None = None) -> Return:
    """The customer withdraws from the purchase of these copies. Declared again, it is the same withdrawal.

    Raises:
        IllegalTransition: the period is over, or nothing was chosen.
    """
    wanted = set(line_ids)
    with transaction.atomic():
        order = orders.lock(order_id)
        if before := _declared(order, wanted):
            return before
        lines = [line for line in withdrawal.withdrawable(order, timezone.now()) if line.pk in wanted]
        if not lines or len(lines) < len(wanted):
            raise IllegalTransition(_("These books cannot be withdrawn from any more."))
        declared = _write(order, ReturnKind.WITHDRAWAL, lines, name=name, email=email)
        orders.record(order, EventKind.WITHDRAWN, actor, titles=orders.titles_of(lines))
        unsent = [line.pk for line in lines if line.is_unsent]
        if unsent:
            orders.cancel_lines(order_id, unsent, actor, _("withdrawn from by the customer"))
            declared.lines.filter(line__in=unsent).update(outcome=ReturnOutcome.CANCELLED)
            refunds.take_back(order_id, unsent, actor, _("Withdrawal"))
        _close_when_settled(declared)
        _send_receipt("withdrawal", declared)
    return declared


def announce(
    order_id: int, line_ids: Iterable[int], *, name: str, email: str, reason: str, actor: User | None = None
) -> Return:
    """The customer wishes to give copies back, by no right but the shop's goodwill or a fault of theirs.

    Raises:
        IllegalTransition: nothing was chosen that the customer has.
    """
    wanted = set(line_ids)
    with transaction.atomic():
        order = orders.lock(order_id)
        if before := _declared(order, wanted):
            return before
        lines = [line for line in withdrawal.returnable(order) if line.pk in wanted]
        if not lines:
            raise IllegalTransition(_("Please choose what you wish to give back."))
        declared = _write(order, ReturnKind.RETURN, lines, name=name, email=email, reason=reason)
        orders.record(order, EventKind.RETURN, actor, titles=orders.titles_of(lines), reason=reason)
        _send_receipt("return", declared)
    return declared


def receive(return_id: int, line_ids: Iterable[int], actor: User, *, restocked: Iterable[int] = ()) -> Return:
    """Copies came back: on the shelf again or written off, credited, and what was paid for them goes back.

    Raises:
        IllegalTransition: none of them is waited for.
    """
    with transaction.atomic():
        ret, rows = _waiting(return_id, line_ids)
        ids = [row.line_id for row in rows]
        orders.mark_lines_returned(ret.order_id, ids, actor, restocked=set(restocked))
        ReturnLine.objects.filter(pk__in=[row.pk for row in rows]).update(outcome=ReturnOutcome.RECEIVED)
        refunds.take_back(ret.order_id, ids, actor, str(ret.get_kind_display()))
        _close_when_settled(ret)
    return ret


def refuse(return_id: int, line_ids: Iterable[int], actor: User, reason: str) -> Return:
    """Copies of a return are not taken back. A withdrawal cannot be refused: it is a right.

    Raises:
        IllegalTransition: it is a withdrawal, or none of them is waited for.
    """
    with transaction.atomic():
        ret, rows = _waiting(return_id, line_ids)
        if ret.kind == ReturnKind.WITHDRAWAL:
            raise IllegalTransition(_("A withdrawal cannot be refused: it is the customer's right."))
        ReturnLine.objects.filter(pk__in=[row.pk for row in rows]).update(outcome=ReturnOutcome.REFUSED)
        titles = orders.titles_of(row.line for row in rows)
        orders.record(ret.order, EventKind.REFUSED, actor, titles=titles, reason=reason)
        _close_when_settled(ret)
    return ret


def _declared(order: Order, wanted: set[int]) -> Return | None:
    """The return in which all of these copies are already."""
    rows = ReturnLine.objects.filter(line__order=order, line__in=wanted).exclude(outcome=ReturnOutcome.REFUSED)
    by_return: dict[int, set[int]] = {}
    for row in rows:
        by_return.setdefault(row.ret_id, set()).add(row.line_id)
    found = next((pk for pk, ids in by_return.items() if wanted and ids >= wanted), None)
    return Return.objects.get(pk=found) if found else None


def _write(
    order: Order, kind: ReturnKind, lines: list[OrderLine], *, name: str, email: str, reason: str = ""
) -> Return:
    ret = Return.objects.create(order=order, kind=kind, name=name, email=email, reason=reason)
    ReturnLine.objects.bulk_create(ReturnLine(ret=ret, line=line) for line in lines)
    return ret


def _waiting(return_id: int, line_ids: Iterable[int]) -> tuple[Return, list[ReturnLine]]:
    """A return and those of its chosen copies that are waited for, under the lock of their order."""
    ret = Return.objects.select_related("order").get(pk=return_id)
    orders.lock(ret.order_id)
    rows = list(ret.lines.select_related("line").filter(line__in=set(line_ids), outcome=ReturnOutcome.WAITING))
    if not rows:
        raise IllegalTransition(_("Please choose copies that are still on their way."))
    return ret, rows


def _send_receipt(kind: str, ret: Return) -> None:
    """To the address that was given, which need not be the order's."""
    post(kind, ret.email, key=f"{kind}:{ret.pk}", language=ret.order.language, return_id=ret.pk)


def _close_when_settled(ret: Return) -> None:
    if not ret.lines.filter(outcome=ReturnOutcome.WAITING).exists():
        ret.closed_at = timezone.now()
        ret.save(update_fields=["closed_at"])
