"""Taking lines out of the basket for later, and back. Every change locks the basket's row."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from commerce.exceptions import BasketFull, NotForSale
from commerce.models import Basket, SavedLine
from commerce.models.basket import MAX_QUANTITY
from commerce.models.wishes import MAX_SAVED
from commerce.services import baskets
from commerce.services.baskets import Owner


def save_for_later(basket_id: int, line_id: int) -> str:
    """Take a line out of the basket, but keep it. Returns the title, or nothing where the line was gone already.

    Raises:
        BasketFull: as many books as we keep are saved already.
    """
    with transaction.atomic():
        basket = Basket.objects.select_for_update().get(pk=basket_id)
        line = basket.lines.select_related("edition__product").filter(pk=line_id).first()
        if line is None or basket.status != Basket.Status.OPEN:
            return ""
        saved = basket.saved_lines.filter(edition=line.edition).first()
        if saved is None and basket.saved_lines.count() >= MAX_SAVED:
            raise BasketFull(_("You have saved as many books as we can keep. Please remove one first."))
        saved = saved or SavedLine(basket=basket, quantity=0)
        saved.quantity = min(saved.quantity + line.quantity, MAX_QUANTITY)
        saved.take(line.edition, line.seen).save()
        line.delete()
        basket.save(update_fields=["updated_at"])
    return saved.title


def move_back(owner: Owner, saved_id: int) -> list[str]:
    """Put a saved line back into the basket. Returns what the shopper must be told; a second time it does nothing.

    Raises:
        NotForSale: it cannot be bought now; it stays saved.
        BasketFull: the basket holds as many titles as it can.
    """
    with transaction.atomic():
        saved = _locked_line(owner, saved_id)
        if saved is None:
            return []
        if saved.edition_id is None:
            raise NotForSale
        _basket, notices = baskets.add(owner, saved.edition_id, saved.quantity)
        saved.delete()
    return notices


def forget(owner: Owner, saved_id: int) -> str:
    """Drop a saved line. Returns its title, or nothing where it was gone already."""
    with transaction.atomic():
        saved = _locked_line(owner, saved_id)
        if saved is None:
            return ""
        saved.delete()
    return saved.title


def _locked_line(owner: Owner, saved_id: int) -> SavedLine | None:
    """A saved line of the owner's open basket, whose row is locked."""
    found = baskets.find(owner)
    if found is None:
        return None
    basket = Basket.objects.select_for_update().get(pk=found.pk)
    return basket.saved_lines.filter(pk=saved_id).first()
