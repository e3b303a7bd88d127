"""Lists of books: filters, order, pages and the links between them."""

from __future__ import annotations

import datetime as dt

import pytest

from catalog import listing as lists
from catalog.choices import Format
from catalog.models import Contributor, Publisher, Series, TagIndexPage, TagPage
from catalog.tests.factories import EditionFactory, TagFactory, book, shelf


@pytest.fixture
def four(shop):
    """Four books that differ in everything a list can sort and filter by."""
    book("Delta", format="paperback", price="4.99", language="en", publication_date=dt.date(2001, 1, 1), tags=["Crime"])
    book("Alpha", format="hardback", price="25.00", language="fr", publication_date=dt.date(2004, 1, 1), tags=["Crime"])
    book("Charlie", format="ebook", price="9.99", language="en", publication_date=dt.date(2003, 1, 1), tags=["Noir"])
    book("Bravo", format="paperback", in_stock=0, language="en", publication_date=dt.date(2002, 1, 1))


@pytest.fixture(params=["picked", "walked", "far"])
def every_way(request, monkeypatch):
    """Few books are picked by id, many found along the sort index or in the whole order: the lists are the same."""
    if request.param != "picked":
        monkeypatch.setattr(lists, "FEW", 0)
    if request.param == "far":
        monkeypatch.setattr(lists, "FAR", 0)


def listing_at(client, address: str):
    response = client.get(address)
    assert response.status_code == 200
    return response.context["listing"]


def titles(client, address: str) -> list[str]:
    return [card.title for card in listing_at(client, address).cards]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Alpha", "Charlie", "Bravo", "Delta"]),
        ("?sort=newest", ["Alpha", "Charlie", "Bravo", "Delta"]),
        ("?sort=title", ["Alpha", "Bravo", "Charlie", "Delta"]),
        ("?sort=price", ["Delta", "Charlie", "Alpha", "Bravo"]),
        ("?sort=price-desc", ["Alpha", "Charlie", "Delta", "Bravo"]),
        ("?sort=password", ["Alpha", "Charlie", "Bravo", "Delta"]),
        ("?sort=relevance", ["Alpha", "Charlie", "Bravo", "Delta"]),
        ("?format=paperback", ["Bravo", "Delta"]),
        ("?format=paperback&format=hardback", ["Alpha", "Bravo", "Delta"]),
        ("?format=paperback&language=fr", []),
        ("?format=paperback&sort=price", ["Delta", "Bravo"]),
        ("?language=en&sort=price-desc", ["Charlie", "Delta", "Bravo"]),
        ("?availability=now", ["Alpha", "Charlie", "Delta"]),
        ("?price=under-5&price=20-and-over", ["Alpha", "Delta"]),
        ("?price=5-10", ["Charlie"]),
        ("?tag=crime", ["Alpha", "Delta"]),
        ("?tag=crime&tag=noir&sort=title", ["Alpha", "Charlie", "Delta"]),
        (
            "?format=nonsense&tag=nonsense&language=%00&price=-1&tag=%00&page=abc",
            ["Alpha", "Charlie", "Bravo", "Delta"],
        ),
    ],
)
def test_a_list_shows_what_its_address_asks_for(client, four, every_way, query, expected):
    assert titles(client, f"/books/{query}") == expected


@pytest.mark.parametrize("page", ["0", "-1", "abc", "", "1", "%00", "1.5", "٣", "00001"])
def test_a_strange_page_is_the_first_one(client, four, page):
    assert listing_at(client, f"/books/?page={page}").first == 1


@pytest.mark.parametrize("page", ["2", "1000000000000", "1e12x9", "9" * 5000])
def test_a_page_beyond_the_last_is_not_found(client, four, page):
    assert client.get(f"/books/?page={page}").status_code == (200 if not page.isdigit() else 404)


def test_pages_hold_24_books_and_every_book_once(client, shop, every_way):
    shelf(
        [f"Book {number:02d}" for number in range(50)],
        format=lambda title: Format.PAPERBACK if int(title[-1]) % 2 else Format.HARDBACK,
    )

    shown = [title for page in (1, 2, 3) for title in titles(client, f"/books/?sort=title&page={page}")]
    odd = [title for page in (1, 2) for title in titles(client, f"/books/?format=paperback&sort=title&page={page}")]

    assert shown == [f"Book {number:02d}" for number in range(50)]
    assert odd == [f"Book {number:02d}" for number in range(1, 50, 2)]
    listing = listing_at(client, "/books/?page=2")
    assert (listing.total, listing.first, listing.last) == (50, 25, 48)
    assert listing.pages["previous"] == "/books/"
    assert listing.pages["next"] == "/books/?page=3"
    assert [link["url"] for link in listing.pages["links"]] == ["/books/", "/books/?page=2", "/books/?page=3"]
    assert [link["current"] for link in listing.pages["links"]] == [False, True, False]


def test_links_to_pages_leave_gaps():
    wanted = lists.Wanted(path="/books/", page=10)
    labels = [link and link["label"] for link in lists._pages(wanted, 20)["links"]]
    assert labels == ["1", None, "8", "9", "10", "11", "12", None, "20"]


def test_facets_count_what_choosing_them_would_show(client, four):
    listing = listing_at(client, "/books/?language=en")

    shown = {
        group["name"]: [(value["label"], value["count"], value["selected"]) for value in group["values"]]
        for group in listing.facets
    }
    assert shown == {
        "format": [("Paperback", 2, False), ("eBook", 1, False)],
        "availability": [("In stock or download", 2, False)],
        "price": [("Under £5.00", 1, False), ("£5.00 to £10.00", 1, False)],
        "language": [("English", 3, True), ("French", 1, False)],
        "tag": [("Crime", 1, False), ("Noir", 1, False)],
    }
    assert listing.chosen == [{"label": "English", "url": "/books/"}]
    assert listing.clear_url == "/books/"


def test_addresses_name_parameters_in_one_order(client, four):
    listing = listing_at(client, "/books/?sort=title&tag=crime&format=paperback&page=1&x=1")

    formats = next(group for group in listing.facets if group["name"] == "format")
    assert formats["values"][0]["url"] == "/books/?format=hardback&format=paperback&tag=crime&sort=title"
    assert listing.form_hidden == [("format", "paperback"), ("tag", "crime")]
    assert [(sort["value"], sort["url"], sort["selected"]) for sort in listing.sorts] == [
        ("newest", "/books/?format=paperback&tag=crime", False),
        ("title", "/books/?format=paperback&tag=crime&sort=title", True),
        ("price", "/books/?format=paperback&tag=crime&sort=price", False),
        ("price-desc", "/books/?format=paperback&tag=crime&sort=price-desc", False),
    ]


def test_filtered_lists_are_kept_from_search_engines(client, four):
    plain, filtered = client.get("/books/"), client.get("/books/?format=paperback&page=1")

    assert (plain.context["noindex"], plain.context["canonical_url"]) == (False, "http://testserver/books/")
    assert (filtered.context["noindex"], filtered.context["canonical_url"]) == (True, "http://testserver/books/")


def test_a_card_says_the_price_of_the_moment_and_where_editions_differ(client, shop):
    page = book("Emma", price="9.99", tags=["Classics"], contributors=["Jane Austen"])
    book("Persuasion", editions=2, price="5.00")
    EditionFactory(product=page, price="4.99", format="ebook", in_stock=0)

    emma = next(card for card in listing_at(client, "/books/").cards if card.title == "Emma")
    other = next(card for card in listing_at(client, "/books/").cards if card.title == "Persuasion")

    assert (str(emma.price), emma.price_from) == ("£4.99", True)
    assert (emma.byline, emma.url, emma.formats) == ("Jane Austen", "/books/emma/", "Paperback · eBook")
    assert emma.availability.code == "download"
    assert (str(other.price), other.price_from) == ("£5.00", False)


def test_a_card_says_of_the_same_edition_what_it_costs_and_whether_it_is_there(client, shop):
    page = book("Emma", price="12.99", in_stock=1)
    EditionFactory(product=page, price="4.99", in_stock=8)

    emma = listing_at(client, "/books/").cards[0]

    assert (str(emma.price), emma.availability.label) == ("£4.99", "In stock")


def test_a_tag_has_a_page_with_or_without_an_editor(client, four):
    TagIndexPage.objects.get().add_child(
        instance=TagPage(title="Crime stories", slug="crime", tag=TagFactory(name="Crime"))
    )

    edited, bare = client.get("/tags/crime/"), client.get("/tags/noir/")

    assert edited.context["page"].title == "Crime stories"
    assert [card.title for card in edited.context["listing"].cards] == ["Alpha", "Delta"]
    assert [crumb["label"] for crumb in edited.context["breadcrumbs"]] == ["BookTime", "Tags", "Crime stories"]
    assert bare.context["page"].title == "Noir"
    assert [card.title for card in bare.context["listing"].cards] == ["Charlie"]
    assert bare.context["breadcrumbs"][1] == {"label": "Tags", "url": "/tags/"}
    assert all(group["name"] != "tag" for group in bare.context["listing"].facets)
    assert client.get("/tags/nothing/").status_code == 404


def test_a_tag_without_books_has_no_page_of_its_own(client, four):
    TagFactory(name="Empty")
    assert client.get("/tags/empty/").status_code == 404


def test_the_tag_index_counts_books(client, four):
    tags = client.get("/tags/").context["tags"]

    assert [(tag["name"], tag["url"], tag["count"]) for tag in tags] == [
        ("Crime", "/tags/crime/", 2),
        ("Noir", "/tags/noir/", 1),
    ]


def test_a_series_is_listed_in_its_order(client, shop):
    for title, number in (("Ten", "10"), ("Two", "Book 2"), ("Half", "2.5"), ("Loose", "")):
        book(title, series="Martin Beck", series_number=number)

    assert titles(client, "/series/martin-beck/") == ["Two", "Half", "Ten", "Loose"]
    assert titles(client, "/series/martin-beck/?sort=title") == ["Half", "Loose", "Ten", "Two"]
    assert listing_at(client, "/series/martin-beck/").sorts[0]["value"] == "series"


def test_people_and_houses_list_their_books(client, shop):
    book("Emma", contributors=["Jane Austen"], publisher="Virago")
    book("Roseanna", contributors=["Maj Sjöwall"])

    assert titles(client, "/contributors/jane-austen/") == ["Emma"]
    assert titles(client, "/publishers/virago/") == ["Emma"]


def test_people_houses_and_series_without_a_live_book_are_not_found(client, shop, django_capture_on_commit_callbacks):
    page = book("Emma", contributors=["Jane Austen"], publisher="Virago", series="Novels")
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()

    assert (Contributor.objects.count(), Publisher.objects.count(), Series.objects.count()) == (1, 1, 1)
    for address in ("/contributors/jane-austen/", "/publishers/virago/", "/series/novels/", "/series/none/"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("slug", ["%00", "a%00b", "..", "%2e%2e", "a'b"])
@pytest.mark.parametrize("room", ["books", "tags", "contributors", "publishers", "series"])
def test_strange_slugs_are_not_found(client, shop, room, slug):
    assert client.get(f"/{room}/{slug}/").status_code == 404
