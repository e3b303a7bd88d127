"""Mail about orders. Templates get plain values, so that an example needs no order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commerce import promises, withdrawal
from commerce.models import Order, OrderLine, SellerSettings
from commerce.models.order import UNSENT, OrderStatus, PaymentMethod, PaymentStatus, grouped_lines
from commerce.promises import Part
from commerce.services import ledger
from core.mail.kinds import Contents, Kind, Placeholder
from core.money import Money

NAME = Placeholder(_("Name of the customer"), "Ada Lovelace")
NUMBER = Placeholder(_("Number of the order"), "BT-7K3M-9QXZ")
OF_ORDER = {"name": NAME, "order": NUMBER}


@dataclass(frozen=True, slots=True)
class Row:
    """Copies of one edition: a row of the table in a mail."""

    quantity: int
    title: str
    detail: str
    total: Money


@dataclass(frozen=True, slots=True)
class Transfer:
    """How the money gets to us."""

    days: int
    reference: str
    account_name: str
    sort_code: str
    account_number: str
    iban: str


def _rows(lines: Iterable[OrderLine]) -> list[Row]:
    return [
        Row(
            group.quantity,
            group.title,
            f"{group.format_label}, ISBN {group.isbn}" if group.isbn else group.format_label,
            group.total,
        )
        for group in grouped_lines(lines)
    ]


def rows_of(order: Order, line_ids: list[int]) -> list[Row]:
    """Chosen copies of an order, as a mail shows them."""
    return _rows(order.lines.to_show().filter(pk__in=line_ids))


def values(order: Order, **more: str) -> dict[str, str]:
    """What stands for the placeholders of every mail about an order."""
    return {"name": order.full_name, "order": order.number, **more}


def order_url(order: Order) -> str:
    """Where the customer reads the order without signing in."""
    return str(settings.SITE_URL + order.get_absolute_url())


def withdraw_url(order: Order) -> str:
    """Where the customer withdraws from the contract without signing in; "" where there is nothing to withdraw from."""
    if not withdrawal.withdrawable(order, timezone.now()):
        return ""
    return str(settings.SITE_URL + reverse("commerce:withdraw", args=[order.cancel_key]))


def _transfer(order: Order) -> Transfer | None:
    """Where the customer is to send the money, while it is owed and sent by transfer."""
    if order.payment_method != PaymentMethod.INVOICE or not ledger.due(order):
        return None
    seller = SellerSettings.load()
    return Transfer(
        seller.payment_days, order.invoice.number, seller.bank_account_name, seller.sort_code, seller.account_number,
        seller.iban,
    )  # fmt: skip


def compose_order(order_id: int) -> Contents:
    """What was ordered, what it costs, when it comes and how it is paid."""
    order = Order.objects.select_related("invoice").prefetch_related("lines").get(pk=order_id)
    invoiced = hasattr(order, "invoice")
    return Contents(
        values(order, total=str(order.total)),
        {
            "rows": _rows(order.lines.to_show()),
            "delivery_name": order.delivery_name,
            "delivery": order.delivery,
            "total": order.total,
            "tax_note": order.tax_note,
            "parts": promises.parts_of_order(order),
            "pickup_lines": order.pickup_lines,
            "address_lines": order.address_lines if order.needs_delivery else [],
            "transfer": _transfer(order),
            "card_payments": order.card_payments,
            "due": ledger.due(order),
            "pay_url": settings.SITE_URL + reverse("commerce:pay", args=[order.token]) if order.pays_online else "",
            "pays_cash": order.payment_method == PaymentMethod.CASH,
            "order_url": order_url(order),
            "withdraw_url": withdraw_url(order),
            "invoice_url": settings.SITE_URL + reverse("commerce:invoice", args=[order.token]) if invoiced else "",
        },
    )


def compose_dispatch(order_id: int, line_ids: list[int]) -> Contents | None:
    """What has left and what follows. Nothing for what the customer collects: they have it in their hands."""
    order = Order.objects.prefetch_related("lines").get(pk=order_id)
    if order.pickup_place:
        return None
    return Contents(
        values(order),
        {
            "rows": rows_of(order, line_ids),
            "parts": promises.parts_of_order(order),
            "address_lines": order.address_lines if order.needs_delivery else [],
            "order_url": order_url(order),
            "withdraw_url": withdraw_url(order),
        },
    )


def compose_cancel(order_id: int, line_ids: list[int]) -> Contents:
    """What will not come, and what still does."""
    order = Order.objects.prefetch_related("lines").get(pk=order_id)
    is_all = order.status == OrderStatus.CANCELLED
    return Contents(
        values(order),
        {
            "rows": rows_of(order, line_ids),
            "parts": promises.parts_of_order(order),
            "nothing_to_pay": is_all and order.payment_status == PaymentStatus.PENDING,
            "order_url": order_url(order),
        },
    )


def compose_new_dates(order_id: int) -> Contents | None:
    """When pre-ordered books come now, with the link that cancels them; nothing where none waits any more."""
    order = Order.objects.prefetch_related("lines").get(pk=order_id)
    coming = [line for line in order.lines.all() if line.is_pre_order and line.status in UNSENT]
    if not coming:
        return None
    return Contents(
        values(order),
        {
            "parts": promises.parts_of_lines(coming, is_collected=bool(order.pickup_place)),
            "cancel_url": settings.SITE_URL + reverse("commerce:cancel_pre_orders", args=[order.cancel_key]),
        },
    )


def example_rows() -> list[Row]:
    """Two rows that a mail might show."""
    currency = settings.SHOP_CURRENCY
    return [
        Row(2, "Persuasion", "Paperback, ISBN 9780141439686", Money(Decimal("15.98"), currency)),
        Row(1, "Emma", "Hardback, ISBN 9780141439587", Money(Decimal("12.99"), currency)),
    ]


def _example() -> dict[str, Any]:
    """What an order might hold."""
    today = timezone.localdate()
    soon, later = today + dt.timedelta(days=1), today + dt.timedelta(days=20)
    currency = settings.SHOP_CURRENCY
    url = f"{settings.SITE_URL}/"
    return {
        "rows": example_rows(),
        "delivery_name": gettext("Standard delivery"),
        "delivery": Money(Decimal("2.99"), currency),
        "total": Money(Decimal("31.96"), currency),
        "tax_note": "",
        "parts": [
            Part(soon, soon + dt.timedelta(days=2), is_collected=False, titles=("Persuasion",)),
            Part(later, later + dt.timedelta(days=2), is_collected=False, titles=("Emma",)),
        ],
        "pickup_lines": [],
        "address_lines": ["Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH"],
        "transfer": Transfer(14, "2026-000042", settings.WAGTAIL_SITE_NAME, "12-34-56", "12345678", ""),
        "card_payments": [],
        "due": Money(Decimal("31.96"), currency),
        "pay_url": "",
        "pays_cash": False,
        "nothing_to_pay": False,
        "order_url": url,
        "invoice_url": url,
        "cancel_url": url,
        "withdraw_url": url,
    }


def _example_of_some() -> dict[str, Any]:
    """An order of which one book goes one way and the rest another."""
    whole = _example()
    return {**whole, "rows": whole["rows"][:1], "parts": whole["parts"][1:]}


ORDER = Kind(
    name="order",
    title=_("Order confirmation"),
    purpose=_("Sent as soon as an order is placed."),
    subject=_("Your order {order} at {shop}"),
    opening=_("Dear {name},\n\nthank you for your order {order}. This is what we have written down:"),
    placeholders={**OF_ORDER, "total": Placeholder(_("What is to be paid"), "£31.96")},
    template="mail/commerce/order",
    compose=compose_order,
    example=_example,
)

DISPATCH = Kind(
    name="dispatch",
    title=_("Dispatch"),
    purpose=_("Sent when copies of an order are marked as sent. Not for orders that are collected."),
    subject=_("Your order {order} is on its way"),
    opening=_("Dear {name},\n\nthese books of your order {order} have left us:"),
    placeholders=OF_ORDER,
    template="mail/commerce/dispatch",
    compose=compose_dispatch,
    example=_example_of_some,
)

CANCEL = Kind(
    name="cancel",
    title=_("Cancellation"),
    purpose=_("Sent when copies of an order are cancelled, by the customer or by us."),
    subject=_("Your order {order}: cancelled"),
    opening=_("Dear {name},\n\nthese books of your order {order} are cancelled and will not be sent:"),
    placeholders=OF_ORDER,
    template="mail/commerce/cancel",
    compose=compose_cancel,
    example=_example_of_some,
)

NEW_DATES = Kind(
    name="new-dates",
    title=_("Another date of a pre-order"),
    purpose=_("Sent when a book that was ordered before its publication appears on another day."),
    subject=_("Your pre-order {order} has another date"),
    opening=_(
        "Dear {name},\n\na book that you ordered before its publication appears on another day than we told you. "
        "This is what we know now of your order {order}:"
    ),
    placeholders=OF_ORDER,
    template="mail/commerce/new_dates",
    compose=compose_new_dates,
    example=_example_of_some,
)
