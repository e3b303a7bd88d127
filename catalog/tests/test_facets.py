"""The index of facets in the memory of a process."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyroaring import BitMap

from catalog import facets, indexing
from catalog.models import BookListing, Edition, ListingVersion
from catalog.tests.factories import EditionFactory, book


def test_an_empty_shop_has_no_facets(db):
    state = facets.FacetIndex().state()

    assert (state.live, state.keys) == (BitMap(), {})


def test_counts_apply_what_is_chosen_of_the_other_kinds(shop):
    for number in range(3):
        book(f"P{number}", format="paperback", language="en")
    book("H1", format="hardback", language="en")
    book("H2", format="hardback", language="fr")
    state = facets.FacetIndex().state()
    choice = {"f": ("f:hardback",), "l": ("l:en",)}

    counts = state.counts(state.live, choice)

    assert counts["f"] == {"f:paperback": 3, "f:hardback": 1}
    assert counts["l"] == {"l:en": 1, "l:fr": 1}
    assert counts["a"] == {"a:now": 1}
    assert len(state.chosen(state.live, choice)) == 1
    assert len(state.chosen(state.live, {"f": ("f:hardback", "f:paperback")})) == 5
    assert len(state.chosen(state.live, {"f": ("f:map",)})) == 0


def test_what_is_chosen_together_is_had_by_one_edition(shop):
    page = book("Emma", format="hardback", price="30.00", in_stock=0)
    EditionFactory(product=page, format="ebook", price="2.99", in_stock=0)
    state = facets.FacetIndex().state()
    cheap_hardback = {"f": ("f:hardback",), "p": ("p:0",)}

    assert len(state.chosen(state.live, {"f": ("f:hardback",)})) == len(state.chosen(state.live, {"p": ("p:0",)})) == 1
    assert len(state.chosen(state.live, cheap_hardback)) == 0
    assert len(state.chosen(state.live, {"f": ("f:hardback", "f:ebook"), "p": ("p:0",), "a": ("a:now",)})) == 1
    assert len(state.chosen(state.live, {"f": ("f:hardback",), "a": ("a:now",)})) == 0
    counts = state.counts(state.live, cheap_hardback)
    assert counts["f"] == {"f:ebook": 1}
    assert "p:0" not in counts["p"]
    assert counts["l"] == {}


def test_one_query_brings_what_is_newer(shop):
    book("One")
    index = facets.FacetIndex()
    before = index.state()
    assert index.state() is before

    page = book("Two")
    with CaptureQueriesContext(connection) as queries:
        after = index.state()

    assert len(queries) == 1
    assert page.pk in after.live
    assert page.pk not in before.live


def test_a_changed_book_leaves_its_old_values(shop):
    page = book(format="paperback")
    index = facets.FacetIndex()
    assert page.pk in index.state().having("f:paperback")

    Edition.objects.update(format="hardback")
    indexing.refresh([page.pk])

    state = index.state()
    assert page.pk in state.having("f:hardback")
    assert "f:paperback" not in state.keys


def test_another_database_is_read_from_the_beginning(shop):
    page = book()
    index = facets.FacetIndex()
    index.state()

    ListingVersion.objects.update(epoch="another", number=1)
    BookListing.objects.update(version=1, facets=" f:map ")

    assert index.state().having("f:map") == BitMap([page.pk])
