"""What happens to orders of books that are not published yet, until they are: dates that move, prices that fall."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalog import price_history, prices
from catalog.models import Edition
from catalog.price_history import Era
from commerce.exceptions import IllegalTransition
from commerce.models import DeliveryMethod, Order, OrderLine, PriceFall
from commerce.models.order import UNSENT, EventKind, LineStatus
from commerce.models.tax import tax_class_of
from commerce.pricing import as_paid
from commerce.promises import Forecast
from commerce.services import orders, refunds
from commerce.tax_territories import territory
from commerce.taxation import Rates, Tax
from core.mail.outbox import post
from core.money import Money

LOOKED_BACK = dt.timedelta(days=30)
"""How long after its publication a copy that was sent at once is still looked at: the clock may have stood still."""


# --- Dates ---------------------------------------------------------------------------------------


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


# --- Prices --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fall:
    """The lowest price that was asked for the book of a copy, since when, and whether it may still become lower."""

    line: OrderLine
    lowest: Money
    since: dt.datetime
    is_final: bool


def follow_prices() -> int:
    """Write down what customers of pre-orders will get back. Returns how many orders were told that it is final.

    What was asked is read from the history of prices, so nothing is missed between two runs, however short it was.
    Promotions and vouchers are no prices and do not count. Run twice, it writes and tells once.
    """
    now = timezone.now()
    history: dict[tuple[int, str], list[Era]] = {}
    by_order: dict[int, list[Fall]] = defaultdict(list)
    for line in _watched(now):
        if (edition := line.edition) is None:
            continue
        key = edition.pk, line.order.currency
        if key not in history:
            history[key] = prices.eras_of(edition, line.order.currency)
        if fall := _fall(line, edition, history[key], now):
            by_order[line.order_id].append(fall)
    return sum(_write_falls(order_id, falls, now) for order_id, falls in by_order.items())


def owed(order: Order) -> Money:
    """What the customer is to get back because a price fell before publication, and has not got yet."""
    return _sum(order, PriceFall.objects.owed().filter(line__order=order))


def money_back(order: Order) -> tuple[Money, Money]:
    """What the customer gets back, final or not yet, and what they have got."""
    falls = list(PriceFall.objects.standing().filter(line__order=order))
    return (
        _sum(order, (fall for fall in falls if fall.settled_at is None)),
        _sum(order, (fall for fall in falls if fall.settled_at is not None)),
    )


def settle(order_id: int, actor: User | None, reason: str = "") -> Money:
    """What is owed is credited, and what was paid of it goes back: how much that was.

    Raises:
        IllegalTransition: nothing is owed, or it was settled already.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        amount = owed(order)
        if not amount:
            raise IllegalTransition
        due = [fall.pk for fall in PriceFall.objects.owed().filter(line__order=order)]
        PriceFall.objects.filter(pk__in=due).update(settled_at=timezone.now())
        refunds.credit_amount(order_id, amount, actor, reason or _("The price fell before publication"))
        orders.record(order, EventKind.GIVEN_BACK, actor, titles=[str(amount)], reason=reason)
    return amount


def settle_when_invoiced(order: Order) -> None:
    """Give back what is owed, in the transaction that finds it owed or issues the invoice. Twice is no error."""
    if hasattr(order, "invoice") and owed(order):
        settle(order.pk, None)


def _watched(now: dt.datetime) -> Iterable[OrderLine]:
    """Copies ordered before publication whose price may still fall, or has not been called final."""
    since = timezone.localdate(now - LOOKED_BACK)
    is_recent = Q(edition__embargo_date__gte=since) | Q(edition__publication_date__gte=since)
    lines = OrderLine.objects.filter(
        Q(status__in=UNSENT) | Q(price_fall__isnull=False) | is_recent, is_pre_order=True, edition__isnull=False
    )
    gone = (LineStatus.CANCELLED, LineStatus.RETURNED)
    watched = lines.exclude(status__in=gone).exclude(price_fall__final_at__isnull=False)
    return watched.select_related("order", "edition").order_by("pk")


def _fall(line: OrderLine, edition: Edition, history: Sequence[Era], now: dt.datetime) -> Fall | None:
    """How far the price fell below what the copy cost; None where it did not."""
    until = _guaranteed_until(edition)
    is_over = until <= now if until else line.status == LineStatus.SENT
    end = min(until, now) if until else now
    tax = Tax(line.tax_rate, "" if line.tax_rate else line.order.tax_free_reason)
    at_home = _rate_at_home(edition, line.order) if tax.reason else Decimal(0)
    lowest: tuple[Money, dt.datetime] | None = None
    for moment in price_history.asked(history, line.order.placed_at, end):
        if moment.price is None:
            continue
        price = Money(moment.price.amount, line.order.currency)
        paid = as_paid(price, tax, at_home, tax_included=moment.price.tax_included)
        if lowest is None or paid < lowest[0]:
            lowest = paid, moment.since
    if lowest is None or not lowest[0] < line.price:
        return None
    return Fall(line, *lowest, is_final=is_over)


def _guaranteed_until(edition: Edition) -> dt.datetime | None:
    """The end of the day of publication; None where nobody knows it."""
    released = edition.on_sale_date
    if released is None:
        return None
    return timezone.make_aware(dt.datetime.combine(released + dt.timedelta(days=1), dt.time.min))


def _rate_at_home(edition: Edition, order: Order) -> Decimal:
    """The tax that the shop's own prices held when the order was placed."""
    shop = territory(settings.SHOP_COUNTRY)
    return Rates(shop, shop, timezone.localdate(order.placed_at)).at_home(tax_class_of(edition.format))


def _write_falls(order_id: int, falls: list[Fall], now: dt.datetime) -> bool:
    """Write down the falls of an order, and queue one mail for those that are final now, together."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        known = {fall.line_id: fall for fall in PriceFall.objects.filter(line__order=order)}
        told = []
        for found in falls:
            fall = known.get(found.line.pk) or PriceFall(line=found.line, lowest_gross=found.line.unit_gross)
            if fall.final_at is not None:
                continue
            if found.lowest.amount < fall.lowest_gross:
                fall.lowest_gross, fall.since = found.lowest.amount, found.since
            if found.is_final:
                fall.final_at = now
                told.append(fall)
            fall.save()
        if not told:
            return False
        orders.record(order, EventKind.PRICE_FELL, None, titles=[str(_sum(order, told))])
        amount = str(_sum(order, told))
        post("price-fell", order.email, key=f"price-fell:{order.pk}:{told[0].pk}", language=order.language,
             order_id=order.pk, amount=amount)  # fmt: skip
        settle_when_invoiced(order)
    return True


def _sum(order: Order, falls: Iterable[PriceFall]) -> Money:
    return sum((fall.difference for fall in falls), Money.zero(order.currency))
