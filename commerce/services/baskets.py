"""Filling a basket. Every change locks the basket's row, so that two tabs and a double click do no harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from catalog.models import Edition
from catalog.offers import offer_for
from commerce import priced_lines, pricing
from commerce.exceptions import BasketFull, NotForSale
from commerce.models import Basket, BasketGiftCard, BasketLine, CheckoutDraft, GiftCardSettings, SavedLine
from commerce.models.basket import MAX_LINES, MAX_QUANTITY, new_token
from commerce.models.gift_cards import MOST_CARDS
from commerce.services import holds
from core.money import Money


@dataclass(frozen=True)
class Owner:
    """Whose basket: a signed-in shopper's, or a browser's by its token."""

    user_id: int | None = None
    token: str = ""


def find(owner: Owner) -> Basket | None:
    """The open basket, if there is one, which knows whether it `has_saved` lines."""
    baskets = Basket.objects.open().annotate(has_saved=Exists(SavedLine.objects.filter(basket=OuterRef("pk"))))
    if owner.user_id:
        return baskets.of_user(owner.user_id).first()
    return baskets.of_browser(owner.token).first() if owner.token else None


def count(basket: Basket) -> int:
    """Copies in a basket, and gift cards that it buys."""
    copies = basket.lines.order_by().values("basket").annotate(sum=Sum("quantity")).values("sum")
    cards = basket.gift_cards.order_by().values("basket").annotate(count=Count("pk")).values("count")
    both = Basket.objects.filter(pk=basket.pk).values_list(
        Coalesce(Subquery(copies), Value(0)), Coalesce(Subquery(cards), Value(0))
    )
    return sum(both.get())


def add(owner: Owner, edition_id: int, quantity: int) -> tuple[Basket, list[str]]:
    """Put copies into the owner's open basket, which is made if there is none.

    Returns the basket and what the shopper must be told. More than can be had is cut down to that.

    Raises:
        NotForSale: there is no such edition, or it cannot be bought.
        BasketFull: the basket holds as many titles as it can.
    """
    edition = Edition.objects.with_offer().select_related("product").filter(pk=edition_id, product__live=True).first()
    if edition is None or not offer_for(edition, timezone.now()).can_buy:
        raise NotForSale
    with transaction.atomic():
        basket = _locked(owner)
        line = basket.lines.filter(edition=edition).first()
        if line is None:
            if basket.lines.count() >= MAX_LINES:
                raise BasketFull
            line = BasketLine(basket=basket, edition=edition, quantity=0)
        line.quantity, notices = _clamp(edition, line.quantity + quantity)
        line.save()
        if line.seen is None:  # the price on the page where the button was pressed; a later change is told
            _acknowledge(basket, {line.pk})
        basket.save(update_fields=["updated_at"])
    return basket, notices


def set_quantities(basket_id: int, quantities: Mapping[int, int]) -> list[str]:
    """Set the quantities of lines (`{line id: copies}`, 0 removes) and take the prices shown as read.

    Returns what the shopper must be told. Lines of other baskets are left alone.
    """
    notices: list[str] = []
    with transaction.atomic():
        basket = Basket.objects.open().select_for_update().filter(pk=basket_id).first()
        if basket is None:
            return notices
        for line in basket.lines.select_related("edition__product", "edition__stock"):
            quantity = quantities.get(line.pk, line.quantity)
            if quantity <= 0:
                line.delete()
                continue
            line.quantity, told = _clamp(line.edition, quantity)
            notices += told
            line.save(update_fields=["quantity"])
        holds.trim(basket)
        _acknowledge(basket, {line.pk for line in basket.lines.all()})
        basket.save(update_fields=["updated_at"])
    return notices


def pay_in(basket_id: int, currency: str) -> None:
    """Reckon a basket in a currency from now on, and take the prices in it as read.

    Raises:
        NotForSale: not all of it can be paid in that currency.
    """
    with transaction.atomic():
        basket = Basket.objects.open().select_for_update().filter(pk=basket_id).first()
        if basket is None:
            return
        payable = pricing.price_basket(basket).currencies
        if currency not in payable:
            raise NotForSale(_("Not everything in your basket can be paid in that currency."))
        basket.currency = currency if currency != payable[0] else ""
        basket.save(update_fields=["currency", "updated_at"])
        _acknowledge(basket, {line.pk for line in basket.lines.all()})


def remove(basket_id: int, line_id: int) -> str:
    """Take a line out. Returns the title, or nothing where the line was gone already."""
    with transaction.atomic():
        basket = Basket.objects.open().select_for_update().filter(pk=basket_id).first()
        line = basket.lines.select_related("edition__product").filter(pk=line_id).first() if basket else None
        if basket is None or line is None:
            return ""
        line.delete()
        holds.trim(basket)
        basket.save(update_fields=["updated_at"])
    return str(line.edition.product.title)


def add_gift_card(owner: Owner, amount: Money, **about: Any) -> Basket:
    """Put a gift card into the owner's open basket. `about`: whom it is for, the message, the day.

    Raises:
        NotForSale: no gift cards are sold, or none of that amount.
        BasketFull: the basket holds as many as it can.
    """
    offered = GiftCardSettings.load()
    least, most = offered.limits
    if not offered.is_sold or not least <= amount <= most:
        raise NotForSale
    with transaction.atomic():
        basket = _locked(owner)
        if basket.gift_cards.count() >= MOST_CARDS:
            raise BasketFull
        BasketGiftCard.objects.create(basket=basket, currency=amount.currency, amount=amount.amount, **about)
        basket.save(update_fields=["updated_at"])
    return basket


def remove_gift_card(basket_id: int, pk: int) -> bool:
    """Take a gift card out of what is bought. False where it was gone already."""
    rows = BasketGiftCard.objects.filter(basket_id=basket_id, basket__status=Basket.Status.OPEN, pk=pk)
    return bool(rows.delete()[0])


def merge(token: str, user: User) -> None:
    """At sign-in the browser's basket joins the shopper's: quantities add up to the cap, nothing is lost or doubled.

    The browser's basket is deleted under its lock, so a second sign-in at the same moment finds nothing to add.
    """
    if not Basket.objects.open().of_browser(token).exists():  # mostly: no transaction then, and no lock
        return
    with transaction.atomic():
        mine = Basket.objects.open().of_browser(token).select_for_update().first()
        if mine is None:
            return
        shared = _locked(Owner(user_id=user.pk))
        known = {line.edition_id: line for line in shared.lines.all()}
        for line in mine.lines.select_related("edition__product", "edition__stock"):
            if line.edition_id in known:
                other = known[line.edition_id]
                other.quantity = min(other.quantity + line.quantity, MAX_QUANTITY)
                other.save(update_fields=["quantity"])
            else:
                BasketLine.objects.filter(pk=line.pk).update(basket=shared)
        holds.move(mine, shared)
        _join_saved(mine, shared)
        known_codes, known_cards = shared.codes.exclude(code=None), shared.codes.exclude(gift_card=None)
        mine.codes.exclude(gift_card=None).exclude(gift_card__in=known_cards.values("gift_card")).update(basket=shared)
        mine.codes.exclude(code=None).exclude(code__in=known_codes.values("code")).update(basket=shared)
        mine.gift_cards.update(basket=shared)
        if mine.currency:
            Basket.objects.filter(pk=shared.pk).update(currency=mine.currency)
        if not CheckoutDraft.objects.filter(basket=shared).exists():
            CheckoutDraft.objects.filter(basket=mine).update(basket=shared)
        Basket.objects.filter(pk=mine.pk).delete()


def submit(basket: Basket) -> None:
    """An order was made of the basket, whose row is locked. What was saved for later goes on in the next one."""
    basket.status = Basket.Status.SUBMITTED
    basket.save(update_fields=["status", "updated_at"])
    if basket.saved_lines.exists():
        following = Basket.objects.create(user_id=basket.user_id, token=basket.token, currency=basket.currency)
        basket.saved_lines.update(basket=following)


def _locked(owner: Owner) -> Basket:
    """The owner's open basket under a row lock; made if there is none."""
    identity = {"user_id": owner.user_id} if owner.user_id else {"user": None, "token": owner.token or new_token()}
    while True:
        basket, _made = Basket.objects.get_or_create(status=Basket.Status.OPEN, **identity)
        locked = Basket.objects.open().select_for_update().filter(pk=basket.pk).first()
        if locked:  # else it was ordered, or joined another one, while we waited for the lock
            return locked


def _join_saved(mine: Basket, shared: Basket) -> None:
    """What the browser's basket had saved for later comes along: of the same edition, the copies add up to the cap."""
    known = {line.edition_id: line for line in shared.saved_lines.exclude(edition=None)}
    for line in mine.saved_lines.all():
        if other := known.get(line.edition_id):
            other.quantity = min(other.quantity + line.quantity, MAX_QUANTITY)
            other.save(update_fields=["quantity"])
        else:
            SavedLine.objects.filter(pk=line.pk).update(basket=shared)


def _clamp(edition: Edition, quantity: int) -> tuple[int, list[str]]:
    limit = priced_lines.sellable_copies(edition)
    if quantity <= limit or limit == 0:  # sold out meanwhile: the line stays, and says so in the basket
        return min(quantity, MAX_QUANTITY), []
    if limit == MAX_QUANTITY:
        told = _("%(count)d copies of a title are the most we sell this way; please write to us for more.")
    else:
        told = ngettext(
            "Only %(count)d copy of %(title)s is left, so that is what your basket holds.",
            "Only %(count)d copies of %(title)s are left, so that is what your basket holds.",
            limit,
        )
    return limit, [told % {"count": limit, "title": edition.product.title}]


def _acknowledge(basket: Basket, line_ids: set[int]) -> None:
    """The shopper knows the prices of the moment, and goes on."""
    for line in pricing.price_basket(basket).lines:
        if line.pk in line_ids and line.offer.can_buy and line.seen != line.unit:
            BasketLine.objects.filter(pk=line.pk).update(seen_amount=line.unit.amount, seen_currency=line.unit.currency)
