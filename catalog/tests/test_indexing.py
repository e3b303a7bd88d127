"""The read model follows the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from catalog import facets, indexing, prices, stock
from catalog.models import (
    BookListing,
    CatalogPage,
    Contributor,
    Edition,
    Price,
    ProductPage,
    Publisher,
    SearchWord,
    StockRecord,
)
from catalog.tests.factories import book


def listing(page: ProductPage) -> BookListing:
    return BookListing.objects.get(page=page.pk)


def test_a_row_says_what_lists_need(shop):
    page = book(
        "The Éclair's Tale", contributors=["J. R. R. Tolkien"], tags=["Crime", "Sweden"], series="Martin Beck",
        series_number="Book 3", publisher="Virago", subtitle="A novel", short_description="Sweet & short.",
        description=[("text", "<p>One <b>cream</b>&nbsp;bun.</p>")], price="7.99", in_stock=3,
        isbn="9780306406157", language="en-GB",
    )  # fmt: skip

    row = listing(page)

    tags = [tag.tag_id for tag in page.book_tags.all()]
    assert row.is_live is True
    assert row.title_key == "the eclairs tale"
    assert row.newest == dt.date(2006, 8, 7)
    assert row.price == Decimal("7.99")
    assert (row.series_id, row.series_position) == (page.series_id, Decimal(3))
    assert (
        row.facets == f" f:paperback l:en a:now p:1 e:paperback,en,now,1 t:{tags[0]} t:{tags[1]} b:{page.publisher_id} "
    )
    assert row.names.split("\n") == [
        "the eclairs tale", "a novel", "j r r tolkien", "jrr", "martin beck", "virago", "9780306406157 0306406152",
    ]  # fmt: skip
    assert row.body == "crime sweden sweet short one cream bun"
    assert row.face["people"] == [["J. R. R. Tolkien", "j.-r.-r.-tolkien", "author"]]
    assert "7.99" not in str(row.face)
    assert SearchWord.objects.filter(word__in=["tolkien", "jrr", "eclairs", "9780306406157"]).count() == 3


def test_a_thousand_books_cost_as_many_queries_as_one(shop):
    pages = [book(f"Book {number}", editions=2).pk for number in range(4)]
    with CaptureQueriesContext(connection) as one:
        indexing.refresh(pages[:1])
    with CaptureQueriesContext(connection) as four:
        indexing.refresh(pages)

    assert len(one) == len(four)


def test_unpublishing_hides_a_book_and_publishing_shows_it(shop, django_capture_on_commit_callbacks):
    page = book()
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()
    assert listing(page).is_live is False
    assert page.pk not in facets.index.state().live

    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()
    assert listing(page).is_live is True
    assert page.pk in facets.index.state().live


def test_a_deleted_book_leaves_every_process(shop, django_capture_on_commit_callbacks):
    page = book()
    other_process = facets.FacetIndex()
    assert page.pk in other_process.state().live

    with django_capture_on_commit_callbacks(execute=True):
        Page.objects.get(pk=page.pk).delete()

    row = BookListing.objects.get(pk=page.pk)
    assert (row.is_live, row.facets, row.names, row.face, row.offers) == (False, "", "", {}, [])
    assert page.pk not in other_process.state().live


def test_deleting_a_parent_page_removes_its_books(shop, django_capture_on_commit_callbacks):
    page = book()
    with django_capture_on_commit_callbacks(execute=True):
        CatalogPage.objects.get().delete()

    assert BookListing.objects.get(pk=page.pk).is_live is False


def test_a_draft_changes_nothing(shop, django_capture_on_commit_callbacks):
    page = book("Persuasion")
    page.title = "Persuaded"
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision()
    indexing.refresh([page.pk])

    assert listing(page).face["title"] == "Persuasion"


@pytest.mark.parametrize("change", ["price", "edition", "stock", "stock module"])
def test_what_is_sold_reaches_the_row(shop, django_capture_on_commit_callbacks, change):
    page = book(price="7.99", in_stock=5)
    edition = Edition.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        if change == "price":
            Price.objects.create(edition=edition, amount=Decimal("5.00"), currency="GBP")
        elif change == "edition":
            edition.format = "hardback"
            edition.save()
        elif change == "stock":
            StockRecord.objects.get().delete()
        else:
            stock.allocate({edition.pk: 5})

    row = listing(page)
    expected = {
        "price": (Decimal("5.00"), " f:paperback l:en a:now p:1 e:paperback,en,now,1 "),
        "edition": (Decimal("7.99"), " f:hardback l:en a:now p:1 e:hardback,en,now,1 "),
        "stock": (None, " f:paperback l:en e:paperback,en,, "),
        "stock module": (None, " f:paperback l:en e:paperback,en,, "),
    }
    assert (row.price, row.facets) == expected[change]


def test_names_follow_their_owners(shop, django_capture_on_commit_callbacks):
    page = book(contributors=["Jane Austen"], publisher="Virago", tags=["Crime"], series="Novels")
    for model, name in ((Contributor, "J. Austen"), (Publisher, "Virago Press")):
        row = model.objects.get()
        row.name = name
        with django_capture_on_commit_callbacks(execute=True):
            row.save()
    tag = page.book_tags.first().tag
    tag.name = "Noir"
    with django_capture_on_commit_callbacks(execute=True):
        tag.save()
    with django_capture_on_commit_callbacks(execute=True):
        page.series.delete()

    face = listing(page).face
    assert [person[0] for person in face["people"]] == ["J. Austen"]
    assert face["publisher"][0] == "Virago Press"
    assert face["tags"][0][1] == "Noir"
    assert face["series"] is None


def test_a_deleted_contributor_is_forgotten(shop, django_capture_on_commit_callbacks):
    page = book(contributors=["Jane Austen", "Ann Lee"])
    with django_capture_on_commit_callbacks(execute=True):
        Contributor.objects.get(name="Ann Lee").delete()

    assert [person[0] for person in listing(page).face["people"]] == ["Jane Austen"]


def test_private_books_are_in_no_list(shop, django_capture_on_commit_callbacks):
    page = book()
    with django_capture_on_commit_callbacks(execute=True):
        restriction = PageViewRestriction.objects.create(page=page, restriction_type="login")
    assert listing(page).is_live is False

    with django_capture_on_commit_callbacks(execute=True):
        restriction.delete()
    assert listing(page).is_live is True


def test_time_changes_rows_when_the_clock_comes_by(shop):
    with time_machine.travel(dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC), tick=False):
        page = book(in_stock=5, publication_date=dt.date(2026, 3, 12))
        row = listing(page)
        assert " a:pre-order " in row.facets
        assert row.next_change_at == dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
        assert indexing.refresh_due() == 0
    with time_machine.travel(dt.datetime(2026, 3, 12, 0, 0, 1, tzinfo=dt.UTC), tick=False):
        assert indexing.refresh_due() == 1
        row = listing(page)
        assert " a:now " in row.facets
        assert row.next_change_at is None


def test_rebuilding_writes_every_row(shop):
    page = book()
    BookListing.objects.filter(pk=page.pk).update(face={}, names="", is_live=False)

    assert indexing.rebuild() == 1
    assert listing(page).face["title"] == "Persuasion"


def test_a_new_price_updates_the_book(shop):
    page = book("Persuasion", price="7.99")
    Edition.objects.update(updated_at=timezone.now() - dt.timedelta(days=9))
    Page.objects.update(last_published_at=timezone.now() - dt.timedelta(days=9))

    Price.objects.update(source=Price.Source.FEED)
    prices.replace_feed_prices({page.editions.get().pk: []})

    assert timezone.now() - ProductPage.objects.get().date_updated < dt.timedelta(minutes=1)


def test_date_updated_is_the_latest_of_page_and_editions(shop):
    page = ProductPage.objects.get(pk=book().pk)
    later = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    assert page.date_updated >= page.last_published_at

    Edition.objects.update(updated_at=later)

    assert page.date_updated == later
