"""The mail that brings a gift card, sent by the task worker."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from commerce.models import GiftCard
from commerce.services import gift_cards, orders
from core.tasks import BEFORE_UPKEEP


@task(priority=BEFORE_UPKEEP)
def send_gift_card(card_id: int) -> None:
    """Mail a card to whom it is for, or to who bought it to print. Run twice, it sends one mail.

    As with the confirmation of an order, the flag is set first and taken back where the mail server refuses; the clock
    asks again then, and once a blocked card is good again. A code that cannot be read any more is replaced.
    """
    card = GiftCard.objects.select_related("order_line__order").get(pk=card_id)
    unsent = GiftCard.objects.filter(pk=card_id, sent_at=None)
    if not unsent.filter(status=GiftCard.Status.ACTIVE).update(sent_at=timezone.now()):
        unsent.update(queued_at=None)
        return
    if not card.code:
        gift_cards.renew(card.pk, None, "")
        card.refresh_from_db()
    try:
        message(card).send()
    except OSError:  # what smtplib and sockets raise
        GiftCard.objects.filter(pk=card_id).update(sent_at=None, queued_at=None)
        raise
    if card.order_line:
        orders.mark_lines_sent(card.order_line.order_id, [card.order_line.pk], None)


def message(card: GiftCard) -> EmailMultiAlternatives:
    """The mail with the code. What the buyer wrote stands in its text, never in its headers."""
    order = card.order_line.order if card.order_line else None
    context = {
        "card": card,
        "giver": order.full_name if order and card.recipient_email else "",
        "shop_url": settings.SITE_URL + "/",
        "balance_url": settings.SITE_URL + reverse("commerce:gift_card_balance"),
        "print_url": settings.SITE_URL + reverse("commerce:gift_card_print", args=[order.token, card.pk])
        if order and not card.recipient_email
        else "",
        "service": settings.CUSTOMER_SERVICE_EMAIL,
        "site_name": settings.WAGTAIL_SITE_NAME,
    }
    mail = EmailMultiAlternatives(
        subject=_("A gift card of %(shop)s for you") % {"shop": settings.WAGTAIL_SITE_NAME},
        body=render_to_string("emails/gift_card.txt", context),
        to=[card.recipient_email or (order.email if order else "")],
        reply_to=[settings.CUSTOMER_SERVICE_EMAIL],
    )
    mail.attach_alternative(render_to_string("emails/gift_card.html", context), "text/html")
    return mail
