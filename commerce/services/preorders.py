"""What happens to orders of books that are not published yet, until they are."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.utils import timezone

from commerce.models import DeliveryMethod, Order, OrderLine
from commerce.models.order import UNSENT
from commerce.promises import Forecast
from core.mail.outbox import post


def follow_dates() -> int:
    """Give pre-orders the dates that their books have now, and tell the customers. Returns how many orders changed.

    Whoever moved the date, an editor or a feed, it is found here. Run twice, it writes once.
    """
    today = timezone.localdate()
    lines = OrderLine.objects.filter(is_pre_order=True, status__in=UNSENT).exclude(edition=None)
    by_order: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines.select_related("edition"):
        released = line.edition.on_sale_date if line.edition else None
        if released is None or released > today:
            by_order[line.order_id].append(line)
    return sum(_follow(order_id, lines) for order_id, lines in by_order.items())


def _follow(order_id: int, lines: list[OrderLine]) -> bool:
    """Write the new dates of an order's lines and queue one notice, together; False where nothing changed."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        method = DeliveryMethod.objects.filter(name=order.delivery_name).first() if order.delivery_name else None
        forecast = Forecast(timezone.now(), order.country.code, method)
        has_changed = False
        for line in lines:
            leaves_on = forecast.leaves_on(line.edition, "pre-order", is_here=False) if line.edition else None
            arrives_by = None if line.is_digital else forecast.arrives_by(leaves_on)
            has_changed |= bool(
                OrderLine.objects.filter(pk=line.pk, leaves_on=line.leaves_on, status__in=UNSENT)
                .exclude(leaves_on=leaves_on)
                .update(leaves_on=leaves_on, arrives_by=arrives_by)
            )
        if has_changed:
            post("new-dates", order.email, language=order.language, order_id=order.pk)
    return has_changed
