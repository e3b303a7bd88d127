"""Work of the catalogue outside the request."""

from __future__ import annotations

from collections.abc import Sequence

from django_tasks import task
from wagtail.images import get_image_model

from catalog import feeds, indexing
from catalog.faces import SPECS
from catalog.models import ProductImage, ProductPage
from catalog.models.people import NAMED
from core import page_cache


@task()
def refresh_books_of(kind: str, pk: int) -> int:
    """Refresh the books that name a contributor, publisher, series or tag, and return how many."""
    return indexing.refresh(indexing.books_of(NAMED[kind](pk=pk)).iterator(chunk_size=indexing.CHUNK))


@task()
def refresh_books_under(path: str) -> int:
    """Refresh the books below a place of the page tree, and return how many."""
    pages = ProductPage.objects.order_by().filter(path__startswith=path).values_list("pk", flat=True)
    return indexing.refresh(pages.iterator(chunk_size=indexing.CHUNK))


@task(queue_name="slow")
def make_renditions(page_ids: Sequence[int]) -> int:
    """Make the pictures of these books in the sizes and formats that pages show, and return how many were missing."""
    missing = 0
    pictures = ProductImage.objects.filter(page__in=page_ids).values_list("image", flat=True)
    for image in get_image_model().objects.filter(pk__in=pictures).prefetch_renditions().iterator(chunk_size=50):
        made = {rendition.filter_spec for rendition in image.prefetched_renditions}
        missing += len(SPECS.keys() - made)
        image.get_renditions(*SPECS)
    if missing:
        indexing.refresh(page_ids)
    return missing


@task(queue_name="slow")
def make_portrait(image_id: int) -> None:
    """Make the picture of a contributor in the sizes that their page shows, and show it on the next request."""
    image = get_image_model().objects.filter(pk=image_id).first()
    if image:
        image.get_renditions(*SPECS)
        page_cache.purge(page_cache.CATALOGUE)


@task(queue_name="slow")
def write_feeds() -> int:
    """Make the feeds whose catalogue has changed, and return how many items they have."""
    feed = feeds.write_merchant_feed()
    return feed.items if feed else 0
