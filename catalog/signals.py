"""What happens to books elsewhere, and reaches the read model from here."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete
from wagtail.images import get_image_model
from wagtail.models import Page, PageViewRestriction
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from catalog import gone, indexing, tasks
from catalog.models import (
    BookTag,
    Contribution,
    Contributor,
    Edition,
    Price,
    ProductImage,
    ProductPage,
    Publisher,
    SectionPage,
    Series,
    StockRecord,
    Tag,
)
from core import page_cache
from core.tasks import enqueue


def refresh_on_commit(*page_ids: int) -> None:
    """Refresh these books once the data they are made from is there for all."""
    if page_ids:
        transaction.on_commit(partial(indexing.refresh, page_ids))


def book_changed(instance: Page, **_kwargs: Any) -> None:
    """A book was published, unpublished, or got another address."""
    page_cache.purge(page_cache.BOOKS)
    refresh_on_commit(instance.pk)


def book_published(instance: Page, **_kwargs: Any) -> None:
    """A book was published: its pictures are made outside the request."""
    book_changed(instance)
    if ProductImage.objects.filter(page=instance.pk).exists():
        enqueue(tasks.make_renditions, page_ids=[instance.pk])


def section_changed(instance: Page, **_kwargs: Any) -> None:
    """A section was published or unpublished, or has another address: the way to its books names it."""
    page_cache.purge(page_cache.CATALOGUE)
    if not indexing.names_sections_below(instance.path):
        enqueue(tasks.refresh_books_under, path=instance.path)


def page_moved(instance: Page, **_kwargs: Any) -> None:
    """A page moved, and its books with it."""
    enqueue(tasks.refresh_books_under, path=Page.objects.values_list("path", flat=True).get(pk=instance.pk))


def restriction_changed(instance: PageViewRestriction, **_kwargs: Any) -> None:
    """A page became private or public, and the books below it."""
    if path := Page.objects.filter(pk=instance.page_id).values_list("path", flat=True).first():
        enqueue(tasks.refresh_books_under, path=path)


def edition_changed(instance: Edition, **_kwargs: Any) -> None:
    """An edition was saved or deleted."""
    refresh_on_commit(instance.product_id)


def offer_changed(instance: Price | StockRecord, **_kwargs: Any) -> None:
    """A price or a count was saved or deleted."""
    pages = Edition.objects.filter(pk=instance.edition_id).values_list("product_id", flat=True)
    refresh_on_commit(*pages)


def named_changed(instance: Model, created: bool = False, **_kwargs: Any) -> None:
    """A contributor, publisher, series or tag was saved: its page and its books bear the new name.

    Few books bear it on the next request. Many are written anew by the worker.
    """
    if created:
        return
    page_cache.purge(page_cache.CATALOGUE)
    page_ids = indexing.books_of(instance)[: indexing.MANY + 1]
    if len(page_ids) > indexing.MANY:
        enqueue(tasks.refresh_books_of, kind=instance._meta.model_name, pk=instance.pk)
    else:
        refresh_on_commit(*page_ids)


def named_deleted(**_kwargs: Any) -> None:
    """A contributor, publisher, series or tag is gone, and its page."""
    page_cache.purge(page_cache.CATALOGUE)


def picture_changed(instance: Model, created: bool = False, **_kwargs: Any) -> None:
    """A picture was saved: its books say its new description, and what shows it has the sizes of a new file."""
    if created:
        return
    if page_ids := list(_books_with(instance)):
        refresh_on_commit(*page_ids)
        enqueue(tasks.make_renditions, page_ids=page_ids)
    if Contributor.objects.filter(photo=instance.pk).exists():
        enqueue(tasks.make_portrait, image_id=instance.pk)


def picture_deleted(instance: Model, **_kwargs: Any) -> None:
    """A picture is about to go; its books have to forget it."""
    refresh_on_commit(*_books_with(instance))


def _books_with(picture: Model) -> QuerySet[Any, int]:
    return ProductImage.objects.order_by().filter(image=picture.pk).values_list("page", flat=True).distinct()


def contributor_saved(instance: Contributor, **_kwargs: Any) -> None:
    """A contributor has a photo: it is made in the sizes that are shown."""
    if instance.photo_id:
        enqueue(tasks.make_portrait, image_id=instance.photo_id)


def part_deleted(instance: Contribution | BookTag, **_kwargs: Any) -> None:
    """A contributor or tag was deleted, and with it its place in a book."""
    refresh_on_commit(instance.page_id)


def publisher_deleted(instance: Publisher | Series, **_kwargs: Any) -> None:
    """A publisher or series is about to go; its books have to forget it."""
    refresh_on_commit(*indexing.books_of(instance))


def connect() -> None:
    """Called once, when the app is ready."""
    for signal in (page_unpublished, page_slug_changed):
        signal.connect(book_changed, sender=ProductPage, dispatch_uid="catalog.book_changed")
    for signal in (page_published, page_unpublished, page_slug_changed):
        signal.connect(section_changed, sender=SectionPage, dispatch_uid="catalog.section_changed")
    page_published.connect(book_published, sender=ProductPage, dispatch_uid="catalog.book_published")
    pre_delete.connect(gone.book_is_going, sender=ProductPage, dispatch_uid="catalog.book_is_going")
    post_delete.connect(book_changed, sender=ProductPage, dispatch_uid="catalog.book_deleted")
    post_page_move.connect(page_moved, dispatch_uid="catalog.page_moved")
    for signal in (post_save, post_delete):
        signal.connect(restriction_changed, sender=PageViewRestriction, dispatch_uid="catalog.restriction_changed")
        signal.connect(edition_changed, sender=Edition, dispatch_uid="catalog.edition_changed")
        for model in (Price, StockRecord):
            signal.connect(offer_changed, sender=model, dispatch_uid="catalog.offer_changed")
    for model in (Contributor, Publisher, Series, Tag):
        post_save.connect(named_changed, sender=model, dispatch_uid="catalog.named_changed")
        post_delete.connect(named_deleted, sender=model, dispatch_uid="catalog.named_deleted")
    post_save.connect(contributor_saved, sender=Contributor, dispatch_uid="catalog.contributor_saved")
    for model in (Contribution, BookTag):
        post_delete.connect(part_deleted, sender=model, dispatch_uid="catalog.part_deleted")
    for model in (Publisher, Series):
        pre_delete.connect(publisher_deleted, sender=model, dispatch_uid="catalog.publisher_deleted")
    post_save.connect(picture_changed, sender=get_image_model(), dispatch_uid="catalog.picture_changed")
    pre_delete.connect(picture_deleted, sender=get_image_model(), dispatch_uid="catalog.picture_deleted")
