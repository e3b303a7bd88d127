"""Keeping wish lists. Each change of a list locks its row; what makes lists locks the customer's."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Edition
from catalog.offers import offer_for
from commerce.exceptions import NotForSale, WishListFull
from commerce.models import Basket, Wish, WishList
from commerce.models.basket import new_token
from commerce.models.wishes import MAX_LISTS, MAX_WISHES
from commerce.services import baskets
from commerce.services.baskets import Owner

OPENNESS = {WishList.Visibility.PRIVATE: 0, WishList.Visibility.SHARED: 1, WishList.Visibility.PUBLIC: 2}


def create(user_id: int, name: str, **fields: Any) -> WishList:
    """A new list.

    Raises:
        WishListFull: the customer has as many as we keep.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user_id)
        if WishList.objects.of_user(user_id).count() >= MAX_LISTS:
            raise WishListFull(_("You have as many wish lists as we can keep. Please delete one first."))
        return WishList.objects.create(user_id=user_id, name=name, **fields)


def change(list_id: int, *, name: str, visibility: str, owner_name: str) -> WishList:
    """Rename a list, and say who may read it. Fewer readers than before: the old link opens nothing any more."""
    with transaction.atomic():
        wish_list = WishList.objects.select_for_update().get(pk=list_id)
        was, now = (OPENNESS[WishList.Visibility(value)] for value in (wish_list.visibility, visibility))
        if now < was:
            wish_list.token = new_token()
        wish_list.name, wish_list.visibility, wish_list.owner_name = name, visibility, owner_name
        wish_list.save()
    return wish_list


def renew_link(list_id: int) -> None:
    """Give a list another address: who has the old one finds nothing there."""
    WishList.objects.filter(pk=list_id).update(token=new_token(), updated_at=timezone.now())


def add(list_id: int, edition_id: int, note: str = "") -> tuple[Wish, bool]:
    """Put an edition on a list; False where it was there already.

    Raises:
        NotForSale: the shop does not show this edition.
        WishListFull: the list holds as many books as it can.
    """
    shown = Edition.objects.with_offer().select_related("product").filter(product__live=True, is_active=True)
    edition = shown.filter(pk=edition_id).first()
    if edition is None:
        raise NotForSale(_("This book is no longer in our shop."))
    with transaction.atomic():
        wish_list = WishList.objects.select_for_update().get(pk=list_id)
        if known := wish_list.wishes.filter(edition=edition).first():
            return known, False
        if wish_list.wishes.count() >= MAX_WISHES:
            raise WishListFull(_("This list holds as many books as it can. Please begin another one."))
        last = wish_list.wishes.aggregate(last=Max("position"))["last"]
        wish = Wish(wish_list=wish_list, note=note, position=0 if last is None else last + 1)
        wish.take(edition, offer_for(edition).price).save()
        wish_list.save(update_fields=["updated_at"])
    return wish, True


def write_note(wish_id: int, note: str) -> None:
    """A word about a book, for the readers of the list."""
    Wish.objects.filter(pk=wish_id).update(note=note)


def move(wish: Wish, *, up: bool) -> None:
    """Change places with the book above or below; at the end of the list nothing happens."""
    with transaction.atomic():
        WishList.objects.select_for_update().get(pk=wish.wish_list_id)
        order = list(Wish.objects.filter(wish_list=wish.wish_list_id))
        place = next((place for place, row in enumerate(order) if row.pk == wish.pk), None)
        other = None if place is None else place - 1 if up else place + 1
        if place is None or other is None or not 0 <= other < len(order):
            return
        order[place], order[other] = order[other], order[place]
        for position, row in enumerate(order):
            row.position = position
        Wish.objects.bulk_update(order, ["position"])


def move_to_basket(wish: Wish, owner: Owner) -> tuple[Basket, list[str]]:
    """Put a copy into the owner's basket and take the book off the list. Sent twice, it is one copy.

    Raises:
        NotForSale: it cannot be bought now; it stays on the list.
        BasketFull: the basket holds as many titles as it can.
    """
    with transaction.atomic():
        WishList.objects.select_for_update().get(pk=wish.wish_list_id)
        row = Wish.objects.filter(pk=wish.pk).first()
        if row is None or row.edition_id is None:
            raise NotForSale
        added = baskets.add(owner, row.edition_id, 1)
        row.delete()
    return added
