"""Mail about orders, sent by the task worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from commerce import promises
from commerce.models import Order, Refund, SellerSettings
from commerce.models.order import UNSENT, grouped_lines
from commerce.services import ledger
from core import crash
from core.tasks import BEFORE_UPKEEP


@task(priority=BEFORE_UPKEEP)
def send_order_confirmation(order_id: int) -> None:
    """Tell the customer that the order has come. Run twice, it sends one mail.

    The flag is set before sending, by one conditional update, and taken back where the mail server refuses:
    no transaction is open while we talk to it.
    """
    unsent = Order.objects.filter(pk=order_id, confirmation_sent_at=None)
    if not unsent.update(confirmation_sent_at=timezone.now()):
        return
    try:
        confirmation(Order.objects.get(pk=order_id)).send()
    except OSError:  # what smtplib and sockets raise
        Order.objects.filter(pk=order_id).update(confirmation_sent_at=None)
        raise
    crash.here("after-mail")


@task(priority=BEFORE_UPKEEP)
def send_new_dates(order_id: int) -> None:
    """Tell the customer that a book they ordered before publication appears on another day."""
    order = Order.objects.get(pk=order_id)
    if order.has_open_pre_orders:
        new_dates(order).send()


@task(priority=BEFORE_UPKEEP)
def send_payment_received(order_id: int) -> None:
    """Tell the customer that all of the money has come."""
    order = Order.objects.get(pk=order_id)
    subject = _("We have your payment for order %(number)s") % {"number": order.number}
    _message(order, "payment_received", subject, {}).send()


@task(priority=BEFORE_UPKEEP)
def send_expired(order_id: int) -> None:
    """Tell the customer that an order was cancelled because it was not paid in time."""
    order = Order.objects.get(pk=order_id)
    subject = _("Your order %(number)s was not paid and is cancelled") % {"number": order.number}
    _message(order, "order_expired", subject, {}).send()


@task(priority=BEFORE_UPKEEP)
def send_money_back(refund_ids: list[int]) -> None:
    """Tell the customer that money goes back, how, and why."""
    refunds = list(Refund.objects.filter(pk__in=refund_ids).select_related("payment__order"))
    order = refunds[0].payment.order
    subject = _("Money back for your order %(number)s") % {"number": order.number}
    _message(order, "money_back", subject, {"refunds": refunds, "reason": refunds[0].reason}).send()


def new_dates(order: Order) -> EmailMultiAlternatives:
    """The notice of new dates, with the link that cancels the pre-order."""
    coming = [line for line in order.lines.all() if line.is_pre_order and line.status in UNSENT]
    context = {
        "parts": promises.parts_of_lines(coming, is_collected=bool(order.pickup_place)),
        "cancel_url": settings.SITE_URL + reverse("commerce:cancel_pre_orders", args=[order.cancel_key]),
    }
    subject = _("Your pre-order %(number)s has another date") % {"number": order.number}
    return _message(order, "new_dates", subject, context)


def confirmation(order: Order) -> EmailMultiAlternatives:
    """The confirmation of an order."""
    context = {
        "lines": grouped_lines(order.lines.to_show()),
        "parts": promises.parts_of_order(order),
        "seller": SellerSettings.load(),
        "due": ledger.due(order),
        "invoice_url": settings.SITE_URL + reverse("commerce:invoice", args=[order.token]),
        "pay_url": settings.SITE_URL + reverse("commerce:pay", args=[order.token]),
    }
    subject = _("Your order %(number)s at %(shop)s") % {"number": order.number, "shop": settings.WAGTAIL_SITE_NAME}
    return _message(order, "order_confirmation", subject, context)


def _message(order: Order, template: str, subject: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    """A mail about an order, as text and HTML. Only checked values stand in its headers: the number and the address."""
    crash.here("before-mail")
    context = {
        "order": order,
        "order_url": settings.SITE_URL + order.get_absolute_url(),
        "service": settings.CUSTOMER_SERVICE_EMAIL,
        "site_name": settings.WAGTAIL_SITE_NAME,
        **context,
    }
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"emails/{template}.txt", context),
        to=[order.email],
        reply_to=[settings.CUSTOMER_SERVICE_EMAIL],
    )
    message.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    return message
