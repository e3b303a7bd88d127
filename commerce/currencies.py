"""In which currency a basket is paid. Prices are asked in each by staff, and never converted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from catalog.offers import Offer
from commerce.models import DeliveryMethod, ExchangeRate
from core.money import currency_name


@dataclass(frozen=True)
class Choice:
    """The currency of a basket."""

    currency: str
    payable: tuple[str, ...]
    """Those that the shopper can choose from, the shop's first."""
    notice: str = ""
    """Why it is not the one that was chosen."""


def choose(
    wanted: str, titles: Sequence[str], offers: Sequence[Offer], on: dt.date, *, buys_gift_cards: bool
) -> Choice:
    """The currency that was chosen, where all of the basket can be paid in it; else the shop's, and why.

    All books that can be bought need a price of their own in it, the shop must deliver in it, and know what its tax
    comes to at home (`ExchangeRate`). Gift cards are sold in the shop's currency alone. Books without another price
    cost no query.
    """
    own = settings.SHOP_CURRENCY
    asked = [{money.currency for money in offer.also} for offer in offers if offer.can_buy]
    others = set.intersection(*asked) if asked and not buys_gift_cards else set()
    if others:
        others &= ExchangeRate.known(on)
    if others and any(not offer.terms.is_digital for offer in offers):
        others &= set(DeliveryMethod.objects.filter(is_active=True).values_list("currency", flat=True))
    payable = (own, *sorted(others))
    if wanted in ("", *payable):
        return Choice(wanted or own, payable)
    sold = [(title, offer) for title, offer in zip(titles, offers, strict=True) if offer.can_buy]
    lacking = [title for title, offer in sold if all(money.currency != wanted for money in offer.also)]
    names = {"wanted": currency_name(wanted), "ours": currency_name(own), "titles": ", ".join(lacking)}
    if lacking:
        return Choice(own, payable, _("%(titles)s: no price in %(wanted)s, so your basket is in %(ours)s.") % names)
    return Choice(own, payable, _("We cannot sell this in %(wanted)s, so your basket is in %(ours)s.") % names)
