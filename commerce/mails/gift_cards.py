"""The mail that brings a gift card."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commerce.models import GiftCard
from commerce.services import gift_cards
from core.mail.kinds import Contents, Kept, Kind, Placeholder
from core.money import Money


def compose_gift_card(card_id: int) -> Contents | None:
    """The code, what it holds and how it is spent. Nothing of a card that is blocked meanwhile: the clock asks again
    once it is good. A code that cannot be read any more is replaced."""
    card = GiftCard.objects.select_related("order_line__order").get(pk=card_id)
    if card.status != GiftCard.Status.ACTIVE:
        GiftCard.objects.filter(pk=card_id).update(queued_at=None, sent_at=None)
        return None
    if not card.code:
        gift_cards.renew(card.pk, None, "")
        card.refresh_from_db()
    order = card.order_line.order if card.order_line else None
    print_url = ""
    if order and not card.recipient_email:
        print_url = settings.SITE_URL + reverse("commerce:gift_card_print", args=[order.token, card.pk])
    return Contents(
        {"name": card.recipient_name or gettext("reader"), "sum": str(card.balance)},
        {
            "amount": card.balance,
            "giver": order.full_name if order and card.recipient_email else "",
            "message": card.message,
            "code": card.code,
            "valid_until": card.valid_until,
            "print_url": print_url,
            **_addresses(),
        },
    )


def _addresses() -> dict[str, str]:
    return {
        "shop_url": f"{settings.SITE_URL}/",
        "balance_url": settings.SITE_URL + reverse("commerce:gift_card_balance"),
    }


def _example() -> dict[str, Any]:
    return {
        "amount": Money(Decimal(25), settings.SHOP_CURRENCY),
        "giver": "Ada Lovelace",
        "message": gettext("Happy birthday!"),
        "code": "ABCD-EFGH-JKMN-PQRS-TU",
        "valid_until": dt.date(2030, 12, 31),
        "print_url": "",
        **_addresses(),
    }


GIFT_CARD = Kind(
    name="gift-card",
    title=_("Gift card"),
    purpose=_("Brings a gift card on its day to whom it is for, or to who bought it to print."),
    subject=_("A gift card of {shop} for you"),
    opening=_("Dear {name},"),
    placeholders={
        "name": Placeholder(_("Whom the card is for"), "Grace Hopper"),
        "sum": Placeholder(_("What the card holds"), "£25.00"),
    },
    template="mail/commerce/gift_card",
    compose=compose_gift_card,
    example=_example,
    kept=Kept.ENVELOPE,
)
