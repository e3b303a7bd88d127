"""The right to withdraw from a purchase: from what, and until when.

Directive 2011/83/EU, articles 9 to 16: fourteen days from the day on which the last book of the order arrived,
longer where the last day is no working day (regulation 1182/71, article 3). A copy that has not left may always be
withdrawn from. The right to a download ends when it is handed over to a customer who asked for that (article 16 m).
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from commerce.models import Holiday, Order, OrderLine
from commerce.models.calendar import WorkingDays
from commerce.models.order import UNSENT, LineStatus
from commerce.models.returns import ReturnOutcome

LEAST_DAYS = 14
"""What the law gives; a shop may give more (`RETURN_DAYS`)."""
ASSUMED_DAYS_ON_THE_WAY = 5
"""Of a parcel whose arrival was not promised."""


def last_day(order: Order) -> dt.date | None:
    """The last day of the period; None while it has not begun, because something is still to leave."""
    lines = list(order.lines.all())
    if not lines or any(line.status in UNSENT for line in lines):
        return None
    arrived = max((_arrived(order, line) for line in lines if line.sent_at), default=None)
    if arrived is None:
        return None
    end = arrived + dt.timedelta(days=max(LEAST_DAYS, settings.RETURN_DAYS))
    country = order.country.code or settings.SHOP_COUNTRY
    return WorkingDays(Holiday.of({country}, end)[country]).on_or_after(end)


def is_open(order: Order, at: dt.datetime) -> bool:
    """True while the period runs."""
    end = last_day(order)
    return end is None or timezone.localdate(at) <= end


def withdrawable(order: Order, at: dt.datetime) -> list[OrderLine]:
    """The copies that the customer may withdraw from now."""
    lines = list(order.lines.prefetch_related("returns"))
    runs = is_open(order, at)
    return [
        line
        for line in lines
        if not _is_coming_back(line)
        and (line.status in UNSENT or (line.status == LineStatus.SENT and runs and not _was_waived(order, line)))
    ]


def returnable(order: Order) -> list[OrderLine]:
    """The copies that the customer has and has not given back: whether we take them, people decide."""
    lines = order.lines.filter(status=LineStatus.SENT, is_digital=False).prefetch_related("returns")
    return [line for line in lines if not _is_coming_back(line)]


def _arrived(order: Order, line: OrderLine) -> dt.date:
    if line.is_digital:
        return timezone.localdate(order.placed_at)
    sent = timezone.localdate(line.sent_at)
    if order.pickup_place:
        return sent
    expected = line.arrives_by or sent + dt.timedelta(days=ASSUMED_DAYS_ON_THE_WAY)
    return max(sent, expected)


def _was_waived(order: Order, line: OrderLine) -> bool:
    return line.is_digital and order.waives_withdrawal


def _is_coming_back(line: OrderLine) -> bool:
    return any(row.outcome != ReturnOutcome.REFUSED for row in line.returns.all())
