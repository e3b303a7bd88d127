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
from commerce.models import Order, SellerSettings
from commerce.models.order import UNSENT, grouped_lines
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


@task(priority=BEFORE_UPKEEP)
def send_new_dates(order_id: int) -> None:
    """Tell the customer that a book they ordered before publication appears on another day."""
    order = Order.objects.get(pk=order_id)
    if order.has_open_pre_orders:
        new_dates(order).send()


@task(priority=BEFORE_UPKEEP)
def send_money_back(order_id: int, amount: str) -> None:
    """Tell the customer that the price fell before publication, and how much they get back."""
    order = Order.objects.get(pk=order_id)
    subject = _("You get money back for your pre-order %(number)s") % {"number": order.number}
    order_url = settings.SITE_URL + order.get_absolute_url()
    _message(order, subject, "money_back", amount=amount, order_url=order_url).send()


def new_dates(order: Order) -> EmailMultiAlternatives:
    """The notice of new dates, with the link that cancels the pre-order."""
    coming = [line for line in order.lines.all() if line.is_pre_order and line.status in UNSENT]
    return _message(
        order,
        _("Your pre-order %(number)s has another date") % {"number": order.number},
        "new_dates",
        parts=promises.parts_of_lines(coming, is_collected=bool(order.pickup_place)),
        cancel_url=settings.SITE_URL + reverse("commerce:cancel_pre_orders", args=[order.cancel_key]),
    )


def confirmation(order: Order) -> EmailMultiAlternatives:
    """The confirmation of an order."""
    return _message(
        order,
        _("Your order %(number)s at %(shop)s") % {"number": order.number, "shop": settings.WAGTAIL_SITE_NAME},
        "order_confirmation",
        lines=grouped_lines(order.lines.to_show()),
        parts=promises.parts_of_order(order),
        seller=SellerSettings.load(),
        order_url=settings.SITE_URL + order.get_absolute_url(),
        invoice_url=settings.SITE_URL + reverse("commerce:invoice", args=[order.token]),
    )


def _message(order: Order, subject: str, name: str, **told: Any) -> EmailMultiAlternatives:
    """A mail to the customer of an order. Only checked values stand in its headers: the number and the address."""
    context = {
        "order": order,
        "service": settings.CUSTOMER_SERVICE_EMAIL,
        "site_name": settings.WAGTAIL_SITE_NAME,
        **told,
    }
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"emails/{name}.txt", context),
        to=[order.email],
        reply_to=[settings.CUSTOMER_SERVICE_EMAIL],
    )
    message.attach_alternative(render_to_string(f"emails/{name}.html", context), "text/html")
    return message
