"""Mail to those who wait for a book that is sold out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import Edition
from catalog.offers import offer_for
from commerce.models.waiting import WaitingReader
from core.mail.kinds import Contents, Kept, Kind, Placeholder

BOOK = {"book": Placeholder(_("Title of the book"), "Persuasion")}


def compose_confirm(reader_id: int) -> Contents | None:
    """The link that confirms the address; nothing where it is confirmed, or the reader forgotten."""
    reader = WaitingReader.objects.select_related("edition__product").filter(pk=reader_id, confirmed_at=None).first()
    if reader is None:
        return None
    url = settings.SITE_URL + reverse("commerce:waiting_confirm", args=[reader.confirm_key])
    return Contents({"book": reader.edition.product.title}, {"confirm_url": url})


def compose_back_in_stock(reader_id: int) -> Contents | None:
    """That it can be bought. Where it has gone again meanwhile, nothing is said and the reader goes on waiting."""
    reader = WaitingReader.objects.filter(pk=reader_id).first()
    if reader is None:
        return None
    edition = Edition.objects.with_offer().select_related("product").get(pk=reader.edition_id)
    offer = offer_for(edition)
    if not offer.can_buy:
        WaitingReader.objects.filter(pk=reader_id).update(told_at=None)
        return None
    stop_url = settings.SITE_URL + reverse("commerce:waiting_stop", args=[reader.stop_key])
    context = {
        "book_url": settings.SITE_URL + edition.get_absolute_url(),
        "format": edition.format_label,
        "price": offer.price,
    }
    return Contents({"book": edition.product.title}, context, unsubscribe_url=stop_url)


def _example() -> dict[str, Any]:
    url = f"{settings.SITE_URL}/"
    return {"confirm_url": url, "book_url": url, "format": "Paperback", "price": None}


CONFIRM = Kind(
    name="back-in-stock-confirm",
    title=_("Back in stock: confirm the address"),
    purpose=_("Asks who is not signed in whether they want to be told when a book is back."),
    subject=_("Shall we tell you when {book} is back?"),
    opening=_("Somebody, you we hope, asked us to write to this address when “{book}” can be bought again."),
    closing=_("If it was not you, do nothing: we do not write again, and forget the address in a week."),
    placeholders=BOOK,
    template="mail/commerce/waiting_confirm",
    compose=compose_confirm,
    example=_example,
    kept=Kept.ENVELOPE,
)

BACK_IN_STOCK = Kind(
    name="back-in-stock",
    title=_("Back in stock"),
    purpose=_("Sent once to those who asked, when a book that was sold out can be bought again."),
    subject=_("{book} is back"),
    opening=_("You asked us to tell you: “{book}” can be bought again."),
    closing=_("We cannot keep a copy for you. This is the only mail about it."),
    placeholders=BOOK,
    template="mail/commerce/back_in_stock",
    compose=compose_back_in_stock,
    example=_example,
)
