"""Indexing apart from loading: books wait in `Unindexed` until search, references and lists know them.

A row of the queue commits with the book's own rows and goes with its indexes, so a crash at any moment leaves
either nothing or a row that the next run finds. Any number of processes may empty the queue at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import transaction

from catalog import indexing
from catalog.importers.bulk import add_to_references, add_to_search, collector_at_rest, insert_rows, rows_by_page
from catalog.models import BookTag, Contribution, Edition, ProductImage, ProductPage, Unindexed

PORTION = 500
"""Books indexed in one transaction: short enough that an order waits for none of them."""


def put(page_ids: Iterable[int], *, texts: bool) -> None:
    """Have books indexed; `texts` where words or links changed, not only prices and availability."""
    rows = [Unindexed(page_id=pk, texts=texts) for pk in sorted(set(page_ids))]
    insert_rows(Unindexed, rows, ignore_conflicts=not texts, replace_by=Unindexed._meta.pk if texts else None)


def index_portion() -> int:
    """Index some of the books that wait and return how many; those that another process has in hand stay its own."""
    with collector_at_rest(), transaction.atomic():
        waiting = dict(
            Unindexed.objects.select_for_update(skip_locked=True)
            .order_by("page_id")
            .values_list("page_id", "texts")[:PORTION]
        )
        if waiting:
            _index_texts([pk for pk, texts in waiting.items() if texts])
            Unindexed.objects.filter(pk__in=waiting).delete()
            indexing.refresh(waiting)
    return len(waiting)


def index_all() -> int:
    """Index every book that waits and return how many there were."""
    total = 0
    while done := index_portion():
        total += done
    return total


def _index_texts(page_ids: Collection[int]) -> None:
    pages = list(ProductPage.objects.filter(pk__in=page_ids).order_by("pk"))
    if not pages:
        return
    by_id = {page.pk: page for page in pages}
    editions: dict[int, list[Edition]] = defaultdict(list)
    for edition in Edition.objects.filter(product_id__in=page_ids).order_by("pk"):
        edition.product = by_id[edition.product_id]
        editions[edition.product_id].append(edition)
    for page in pages:
        found = Edition.objects.none()
        found._result_cache = editions[page.pk]
        page._prefetched_objects_cache = {"editions": found}
    add_to_search(ProductPage, pages)
    add_to_search(Edition, [edition for found in editions.values() for edition in found])
    children = {
        "contributions": rows_by_page(Contribution, page_ids),
        "pictures": rows_by_page(ProductImage, page_ids),
        "book_tags": rows_by_page(BookTag, page_ids),
        "wagtail_admin_comments": {},
    }
    add_to_references(pages, children)
