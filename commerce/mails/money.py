"""Mail about money: it came, it did not come in time, it goes back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commerce.mails.orders import OF_ORDER, example_rows, order_url, rows_of, values
from commerce.models import Order, Payment, Refund
from core.mail.kinds import Contents, Kind, Placeholder
from core.money import Money

SUM = Placeholder(_("The amount"), "£31.96")


@dataclass(frozen=True, slots=True)
class Way:
    """An amount, and how it goes back."""

    amount: Money
    label: str


def compose_payment(order_id: int) -> Contents:
    """That all of it is paid."""
    order = Order.objects.get(pk=order_id)
    return Contents(values(order, sum=str(order.worth)), {"order_url": order_url(order)})


def compose_expired(order_id: int, line_ids: list[int]) -> Contents:
    """What is not kept any longer."""
    order = Order.objects.get(pk=order_id)
    return Contents(values(order), {"rows": rows_of(order, line_ids), "order_url": order_url(order)})


def compose_price_fell(order_id: int, amount: str) -> Contents:
    """How much the customer of a pre-order gets back."""
    order = Order.objects.get(pk=order_id)
    return Contents(values(order, sum=amount), {"order_url": order_url(order)})


def compose_refund(refund_ids: list[int]) -> Contents:
    """How much goes back, by which way, and why."""
    refunds = list(Refund.objects.filter(pk__in=refund_ids).select_related("payment__order").order_by("pk"))
    order = refunds[0].payment.order
    ways = [
        Way(
            refund.money,
            gettext("we transfer it to you") if refund.is_by_hand else str(refund.payment.get_method_display()),
        )
        for refund in refunds
    ]
    total = sum((way.amount for way in ways), Money.zero(ways[0].amount.currency))
    return Contents(
        values(order, sum=str(total)), {"ways": ways, "reason": refunds[0].reason, "order_url": order_url(order)}
    )


def compose_unwanted(payment_id: int, reason: str) -> Contents:
    """Which money came too late or twice, for colleagues."""
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    address = settings.SITE_URL + reverse("orders:inspect", args=[payment.order_id])
    return Contents(values(payment.order, sum=str(payment.captured), reason=reason), {"order_url": address})


def _example() -> dict[str, Any]:
    return {
        "rows": example_rows(),
        "ways": [Way(Money(Decimal("31.96"), settings.SHOP_CURRENCY), gettext("Card"))],
        "reason": gettext("Withdrawal"),
        "order_url": f"{settings.SITE_URL}/",
    }


PAYMENT = Kind(
    name="payment",
    title=_("Payment received"),
    purpose=_("Sent when all that an order costs has come."),
    subject=_("We have your payment for order {order}"),
    opening=_("Dear {name},\n\nyour payment of {sum} for order {order} has come. Thank you."),
    placeholders={**OF_ORDER, "sum": SUM},
    template="mail/commerce/payment",
    compose=compose_payment,
    example=_example,
)

EXPIRED = Kind(
    name="expired",
    title=_("Not paid in time"),
    purpose=_("Sent when an order that is paid online was not, and is cancelled."),
    subject=_("Your order {order} was not paid and is cancelled"),
    opening=_(
        "Dear {name},\n\nno payment came for your order {order}, so we have cancelled it and offer its books to others "
        "again. You have not been charged. If you paid in this very moment, the money goes back by itself."
    ),
    closing=_("You are welcome to order again."),
    placeholders=OF_ORDER,
    template="mail/commerce/expired",
    compose=compose_expired,
    example=_example,
)

PRICE_FELL = Kind(
    name="price-fell",
    title=_("The price of a pre-order fell"),
    purpose=_("Sent when a pre-ordered book is published and was cheaper meanwhile."),
    subject=_("You get money back for your pre-order {order}"),
    opening=_(
        "Dear {name},\n\nthe price of a book that you ordered before its publication fell meanwhile. You pay the "
        "lowest price: {sum} of your order {order} are put to your credit, and what you have paid of it goes back."
    ),
    placeholders={**OF_ORDER, "sum": SUM},
    template="mail/commerce/payment",
    compose=compose_price_fell,
    example=_example,
)

REFUND = Kind(
    name="refund",
    title=_("Refund"),
    purpose=_("Sent when money goes back."),
    subject=_("Money back for your order {order}"),
    opening=_("Dear {name},\n\nwe give {sum} back to you for your order {order}."),
    closing=_("Until it is in your account it may take a few working days."),
    placeholders={**OF_ORDER, "sum": SUM},
    template="mail/commerce/refund",
    compose=compose_refund,
    example=_example,
)

UNWANTED = Kind(
    name="unwanted-money",
    title=_("Money that was not expected"),
    purpose=_("Sent to customer service when money comes too late or twice and goes back by itself."),
    subject=_("{sum} came for order {order} and goes back"),
    opening=_("For order {order} of {name} came {sum}, which goes back by itself. {reason}"),
    placeholders={
        **OF_ORDER,
        "sum": SUM,
        "reason": Placeholder(_("Why it goes back"), "It had been paid already."),
    },
    template="mail/commerce/payment",
    compose=compose_unwanted,
    example=_example,
)
