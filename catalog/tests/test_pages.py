"""Pages of the catalogue: that they answer, at what cost, and under which address."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import TagIndexPage, TagPage
from catalog.tests.factories import TagFactory, book, shelf

LISTS = ("/books/", "/tags/crime/", "/search/?q=persuasion", "/contributors/jane-austen/", "/publishers/virago/")


def queries_of(client, address: str) -> int:
    """Queries of a page that is rendered anew while site, menus and settings are remembered."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200
    return len(queries)


@pytest.fixture
def crime(shop) -> TagPage:
    page = TagPage(title="Crime", slug="crime", tag=TagFactory(name="Crime"))
    TagIndexPage.objects.get().add_child(instance=page)
    return page


def test_lists_cost_no_more_queries_for_60_books_than_for_1(client, shop, crime):
    book(tags=["Crime"], publisher="Virago")
    few = {address: queries_of(client, address) for address in LISTS}

    shelf([f"Persuasion {number}" for number in range(59)], tags=lambda _: ["Crime"], publisher=lambda _: "Virago")
    many = {address: queries_of(client, address) for address in LISTS}

    # A search that finds little looks once more, so it may cost less where there is more.
    assert {address: max(many[address], few[address]) for address in LISTS} == few
    assert max(few.values()) <= 10, few


def test_a_book_costs_six_queries(client, shop):
    book(tags=["Crime"], publisher="Virago", series="Novels", editions=3)
    for number in range(5):
        book(f"Emma {number}", tags=["Crime"], series="Novels")

    assert queries_of(client, "/books/persuasion/") <= 6
