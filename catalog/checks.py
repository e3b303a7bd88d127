"""What is looked at before a book is published, besides what holds for every page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from catalog import isbn as isbns
from catalog.models import Contributor, ProductPage, Publisher, Series, Tag
from catalog.models.people import Slugged
from catalog.offers import offer_for
from core import checks, links
from core.checks import Problem, Rule

RULES = {
    "isbn-wrong": Rule(
        _("An ISBN is wrong"), _("Compare it with the one that is printed in the book, and change the edition."), True
    ),
    "no-edition": Rule(_("The book has no edition"), _("Nobody can buy it: add one.")),
    "no-price": Rule(_("An edition has no price"), _("Nobody can buy it: give it one.")),
    "no-tag": Rule(_("The book has no tag"), _("It is found under no subject: give it one.")),
    "no-description": Rule(
        _("The book has no description"), _("Search engines and readers are told nothing of it: write a few words.")
    ),
}


def of_books(page: Page) -> Iterator[Problem]:
    """Numbers, prices, tags and pictures of a book."""
    if not isinstance(page, ProductPage):
        return
    editions = list(page.editions.with_offer().filter(is_active=True)) if page.pk else []
    if not editions:
        yield Problem("no-edition")
    for edition in editions:
        if edition.isbn and (said := _wrong(edition.isbn)):
            yield Problem("isbn-wrong", said)
        if not edition.not_for_sale and offer_for(edition).price is None:
            yield Problem("no-price", f"{edition.format_label}, {edition.sku}")
    if not page.book_tags.all():
        yield Problem("no-tag")
    if not page.short_description and not page.description:
        yield Problem("no-description")
    for image in (picture.image for picture in page.pictures.all() if not picture.alt):
        if not image.description:
            yield Problem("picture-alt", image.title)


def _wrong(isbn: str) -> str:
    """What is wrong with a number; nothing where it is right."""
    try:
        isbns.normalise(isbn)
    except isbns.InvalidISBN as error:
        return str(error).rstrip(".")
    return ""


def _is_there(model: type[Slugged], slug: str, **_kind: str) -> bool:
    return model._default_manager.filter(slug=slug).exists()


def connect() -> None:
    """Called once, when the app is ready."""
    checks.RULES.update(RULES)
    links.known.update(
        {
            f"catalog:{name}": partial(_is_there, model)
            for name, model in (
                ("contributor", Contributor), ("publisher", Publisher), ("series", Series), ("tag_feed", Tag)
            )
        }
    )  # fmt: skip
    if of_books not in checks.checks:
        checks.checks.append(of_books)
