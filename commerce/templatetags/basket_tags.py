"""Where books and baskets meet: the forms of a book's page that buy or remember it, and the button that orders."""

from __future__ import annotations

from typing import Protocol

from django import template
from django.utils.translation import get_language

from commerce import order_button as words
from commerce.models.basket import MAX_QUANTITY

register = template.Library()


class Buyable(Protocol):
    """An edition as the product page's context describes it."""

    pk: int
    can_buy: bool
    buy_label: str


@register.inclusion_tag("commerce/_wait_form.html")
def wait_form(edition: Buyable) -> dict[str, object]:
    """The form that asks to be told when an edition is back. The same for everybody, like the other one."""
    return {"edition": edition}


@register.inclusion_tag("commerce/_buy_form.html")
def buy_form(edition: Buyable) -> dict[str, object]:
    """The form that puts an edition into the basket. The same for everybody, so the page can be cached whole."""
    return {"edition": edition, "max_quantity": MAX_QUANTITY}


@register.simple_tag
def order_button() -> str:
    """The words on the button that places an order, in the language of the page."""
    return words.order_button(get_language() or "")


@register.inclusion_tag("commerce/_wish_form.html")
def wish_form(edition: Buyable) -> dict[str, object]:
    """The button that puts an edition on a wish list, be it for sale or not. The same for everybody."""
    return {"edition": edition}
