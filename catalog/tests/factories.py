"""Books for tests: plausible and minimal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from wagtail.signal_handlers import disable_reference_index_auto_update

from catalog import indexing, stock
from catalog.choices import Format, Role
from catalog.importers.load import load
from catalog.importers.records import ContributorRecord, PriceRecord, Record
from catalog.models import (
    BookTag,
    CatalogPage,
    Contribution,
    Contributor,
    Edition,
    Price,
    ProductPage,
    Publisher,
    Series,
    Tag,
)

SHELVED = 500_000
"""From here on are the ISBNs of books that came on a shelf."""


def isbn(number: int) -> str:
    """A valid ISBN-13 of the range that is never given out, for the n-th book of a test."""
    digits = f"978000{number:06d}"
    check = -sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}"


class ContributorFactory(DjangoModelFactory):
    class Meta:
        model = Contributor
        django_get_or_create = ("slug",)

    name = "Jane Austen"
    slug = factory.LazyAttribute(lambda o: o.name.lower().replace(" ", "-"))


class PublisherFactory(DjangoModelFactory):
    class Meta:
        model = Publisher
        django_get_or_create = ("slug",)

    name = "Virago"
    slug = factory.LazyAttribute(lambda o: o.name.lower().replace(" ", "-"))


class SeriesFactory(DjangoModelFactory):
    class Meta:
        model = Series
        django_get_or_create = ("slug",)

    name = "Martin Beck"
    slug = factory.LazyAttribute(lambda o: o.name.lower().replace(" ", "-"))


class TagFactory(DjangoModelFactory):
    class Meta:
        model = Tag
        django_get_or_create = ("slug",)

    name = "Crime"
    slug = factory.LazyAttribute(lambda o: o.name.lower().replace(" ", "-"))


class EditionFactory(DjangoModelFactory):
    """`EditionFactory(product=page, price="7.99", in_stock=3)`."""

    class Meta:
        model = Edition
        skip_postgeneration_save = True

    isbn = factory.Sequence(lambda n: isbn(n + 1))
    format = Format.PAPERBACK
    language = "en"
    pages = 320
    weight_g = 250
    publication_date = dt.date(2006, 8, 7)

    @factory.post_generation
    def price(self, create, amount, **_):
        Price.objects.create(edition=self, amount=Decimal(amount or "7.99"), currency="GBP")

    @factory.post_generation
    def in_stock(self, create, copies, **_):
        stock.begin({self.pk: 5 if copies is None else copies}, why="for a test")
        indexing.refresh([self.product_id])


@disable_reference_index_auto_update()
def book(title: str = "Persuasion", *, parent: CatalogPage | None = None, editions: int = 1, **kwargs) -> ProductPage:
    """A published book with its editions; like an imported one, it has no revision yet. Wagtail is not told what it
    refers to: that takes a third of the time, and is the matter of a few tests.

    `contributors=["Jane Austen"]`, `tags=["Classics"]`, `series="…"`, `publisher="…"`, and what `ProductPage`
    takes; `price=`, `in_stock=`, `format=` and the like go to its (first) edition.
    """
    parent = parent or CatalogPage.objects.get()
    for_edition = {
        name: kwargs.pop(name)
        for name in ("price", "in_stock", "format", "isbn", "availability", "publication_date", "language")
        if name in kwargs
    }
    contributors, tags = kwargs.pop("contributors", ["Jane Austen"]), kwargs.pop("tags", [])
    if isinstance(kwargs.get("series"), str):
        kwargs["series"] = SeriesFactory(name=kwargs["series"])
    if isinstance(kwargs.get("publisher"), str):
        kwargs["publisher"] = PublisherFactory(name=kwargs["publisher"])
    now = timezone.now()
    page = ProductPage(title=title, first_published_at=now, last_published_at=now, **kwargs)
    page.contributions = [
        Contribution(contributor=ContributorFactory(name=name), role=Role.AUTHOR, sort_order=place)
        for place, name in enumerate(contributors)
    ]
    page.book_tags = [BookTag(tag=TagFactory(name=name), sort_order=place) for place, name in enumerate(tags)]
    parent.add_child(instance=page)
    for _number in range(editions):
        EditionFactory(product=page, **for_edition)
    if not editions:
        indexing.refresh([page.pk])
    return page


def shelf(
    titles: Iterable[str],
    *,
    contributors: Callable[[str], list[str]] = lambda _title: ["Jane Austen"],
    format: Callable[[str], Format] = lambda _title: Format.PAPERBACK,
    **fields: Callable[[str], Any],
) -> list[Edition]:
    """Many books at once, as the shop imports them: the edition of each title, at £7.99, five on hand.

    What differs from book to book is a function of the title: `shelf(titles, tags=lambda title: ["Crime"])`.
    """
    records = [
        Record(
            position=place,
            isbn=isbn(SHELVED + place),
            title=title,
            format=format(title),
            language="en",
            contributors=[ContributorRecord(name) for name in contributors(title)],
            prices=[PriceRecord(Decimal("7.99"), "GBP")],
            stock=5,
            **{name: of(title) for name, of in fields.items()},
        )
        for place, title in enumerate(titles)
    ]
    load(records, source="shelf")
    placed = Edition.objects.select_related("product").in_bulk([one.isbn for one in records], field_name="isbn")
    return [placed[one.isbn] for one in records]
