"""What machines are told of each kind of page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from lxml import html

from catalog import indexing, tasks
from catalog.choices import Role
from catalog.models import (
    CatalogPage,
    Contribution,
    Edition,
    Price,
    ProductImage,
    ProductPage,
    SectionPage,
    TagIndexPage,
    TagPage,
)
from catalog.tests.factories import ContributorFactory, EditionFactory, TagFactory, book, shelf
from catalog.tests.schema_org import faults_of, graph_of, types_of
from catalog.tests.test_product import picture
from home.models import ContactPage, HomePage, StandardPage

ADDRESSES = {
    "/": {"Organization", "WebSite"},
    "/books/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/books/?page=2": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/books/fiction/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/books/persuasion/": {"Book", "BreadcrumbList"},
    "/tags/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/tags/crime/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/tags/classics/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/contributors/jane-austen/": {"ProfilePage", "BreadcrumbList", "ItemList"},
    "/publishers/virago/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/series/novels/": {"CollectionPage", "BreadcrumbList", "ItemList"},
    "/about-us/": {"WebPage", "BreadcrumbList"},
    "/contact-us/": {"ContactPage", "BreadcrumbList"},
}


def pictured(page: ProductPage) -> None:
    ProductImage.objects.create(page=page, image=picture(900, 1200, "A teal cover"))
    tasks.make_renditions.call(page_ids=[page.pk])


def nodes_of(client, address: str = "/books/persuasion/") -> list[dict]:
    response = client.get(address)
    assert response.status_code == 200, address
    nodes = graph_of(response.content.decode())
    assert faults_of(nodes) == []
    return nodes


def editions_of(nodes: list[dict]) -> list[dict]:
    return [node for node in nodes if "offers" in node]


@pytest.fixture
def whole_shop(shop: HomePage) -> HomePage:
    shop.add_child(instance=StandardPage(title="About us", slug="about-us"))
    shop.add_child(instance=ContactPage(title="Contact us", slug="contact-us"))
    TagIndexPage.objects.get().add_child(instance=TagPage(title="Crime", slug="crime", tag=TagFactory(name="Crime")))
    fiction = CatalogPage.objects.get().add_child(instance=SectionPage(title="Fiction", slug="fiction"))
    book("Emma", parent=fiction)
    book("Persuasion", tags=["Crime", "Classics"], publisher="Virago", series="Novels", series_number="6", editions=3)
    shelf([f"Emma {number}" for number in range(30)], tags=lambda _title: ["Classics"])
    return shop


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_kind_of_page_is_said_in_words_that_schema_org_and_google_know(client, whole_shop, address):
    response = client.get(address)
    page = html.fromstring(response.content.decode())
    nodes = nodes_of(client, address)

    assert {kind for node in nodes for kind in types_of(node)} == ADDRESSES[address]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"http://localhost{address}"]
    assert len(page.xpath("//title")) == 1
    assert page.xpath("//meta[@property='og:title']/@content")
    assert page.xpath("//meta[@property='og:url']/@content") == [f"http://localhost{address.partition('?')[0]}"] or (
        "page=2" in address
    )
    assert not page.xpath("//meta[@itemprop]")
    assert not page.xpath("//meta[@name='robots']")
    assert page.xpath("//link[@hreflang='fr']/@href") == [f"http://localhost/fr{address}"]
    assert page.xpath("//link[@hreflang='x-default']/@href") == page.xpath("//link[@hreflang='en-gb']/@href")
    assert page.xpath("//link[@type='application/opensearchdescription+xml']/@href") == ["/opensearch.xml"]


def test_a_book_says_what_its_page_shows(client, shop):
    page = book(
        "Persuasion", editions=0, subtitle="A novel", short_description="Eight years later.", tags=["Classics"],
        series="Novels", series_number="6", publisher="Virago",
    )  # fmt: skip
    EditionFactory(product=page, isbn="9780306406157", price="7.99", in_stock=5)
    pictured(page)

    work, edition, crumbs = nodes_of(client)
    shown = client.get("/books/persuasion/").context["book"]

    assert work["name"] == "Persuasion"
    assert work["author"] == [
        {"@type": "Person", "name": "Jane Austen", "url": "http://localhost/contributors/jane-austen/"}
    ]
    assert (work["genre"], work["position"], work["isPartOf"]["name"]) == (["Classics"], "6", "Novels")
    assert work["workExample"] == [{"@id": "http://localhost/books/persuasion/#9780306406157"}]
    assert edition["exampleOfWork"] == {"@id": "http://localhost/books/persuasion/#work"}
    assert edition["@type"] == ["Product", "Book"]
    assert edition["image"] == [f"http://localhost{shown.gallery[0]['large']['src']}"]
    assert (edition["isbn"], edition["gtin13"], edition["numberOfPages"]) == ("9780306406157", "9780306406157", 320)
    assert (edition["datePublished"], edition["inLanguage"]) == ("2006-08-07", "en")
    assert edition["bookFormat"] == "https://schema.org/Paperback"
    assert edition["publisher"]["name"] == "Virago"
    delivery = {"shippingDetails", "hasMerchantReturnPolicy"}  # commerce/tests/test_delivery_terms.py
    assert {name: value for name, value in edition["offers"].items() if name not in delivery} == {
        "@type": "Offer",
        "url": "http://localhost/books/persuasion/?edition=9780306406157",
        "price": str(shown.edition.price.amount),
        "priceCurrency": "GBP",
        "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/NewCondition",
        "seller": {"@type": "Organization", "@id": "http://localhost/#organization", "name": "BookTime"},
    }
    assert [crumb["name"] for crumb in crumbs["itemListElement"]] == ["BookTime", "Books", "Persuasion"]


def test_a_book_without_a_picture_is_no_product_of_google(client, shop):
    book("Persuasion")
    assert [types_of(node) for node in editions_of(nodes_of(client))] == [["Book"]]


@pytest.mark.parametrize("why", ["no price", "not for sale"])
def test_an_edition_that_is_not_offered_is_no_product_of_google(client, shop, why):
    page = book("Persuasion", editions=2)
    pictured(page)
    kept = page.editions.last()
    if why == "no price":
        Price.objects.filter(edition=kept).delete()
    else:
        Edition.objects.filter(pk=kept.pk).update(not_for_sale="No rights here")
    indexing.refresh([page.pk])

    assert {node["isbn"]: types_of(node) for node in nodes_of(client) if "isbn" in node} == {
        page.editions.first().isbn: ["Product", "Book"],
        kept.isbn: ["Book"],
    }


@pytest.mark.parametrize("has", ["picture", "offer"])
def test_what_is_no_book_is_not_spoken_of_without_a_picture_and_an_offer(client, shop, has):
    page = book("Tote bag", slug="tote-bag", format="gift", contributors=[])
    if has == "picture":
        pictured(page)
        Price.objects.all().delete()
        indexing.refresh([page.pk])

    assert [types_of(node) for node in nodes_of(client, "/books/tote-bag/")] == [["BreadcrumbList"]]


@pytest.mark.parametrize("missing", ["image", "offers"])
def test_the_judge_refuses_products_that_google_would_refuse(client, shop, missing):
    page = book("Persuasion")
    pictured(page)
    nodes = nodes_of(client)
    product = next(node for node in nodes if "Product" in types_of(node))

    del product[missing]

    assert faults_of(nodes) == [f"product without {missing}"]


def test_an_edition_without_a_price_or_right_of_sale_has_no_offer(client, shop):
    page = book("Persuasion", editions=0)
    free, kept, sold = (EditionFactory(product=page) for _number in range(3))
    Price.objects.filter(edition=free).delete()
    Edition.objects.filter(pk=kept.pk).update(not_for_sale="No rights here")
    indexing.refresh([page.pk])

    offered = [node["sku" if "sku" in node else "isbn"] for node in nodes_of(client) if "offers" in node]

    assert offered == [sold.isbn]


def test_a_pre_order_says_as_much_of_its_day_as_is_known(client, shop):
    page = book("Persuasion", editions=0)
    next_year = timezone.localdate().year + 1
    day = EditionFactory(
        product=page, publication_date=dt.date(next_year, 3, 14), availability="forthcoming", in_stock=0
    )
    month = EditionFactory(
        product=page, publication_date=dt.date(next_year, 5, 1), publication_precision="month",
        availability="forthcoming", in_stock=0,
    )  # fmt: skip

    starts = {
        node["isbn"]: (node["offers"]["availability"], node["offers"]["availabilityStarts"])
        for node in nodes_of(client)
        if "offers" in node
    }

    assert starts == {
        day.isbn: ("https://schema.org/PreOrder", f"{next_year}-03-14"),
        month.isbn: ("https://schema.org/PreOrder", f"{next_year}-05"),
    }


@pytest.mark.parametrize(
    ("supplier", "copies", "expected"),
    [
        ("stock-only", 5, "InStock"),
        ("stock-only", 1, "LimitedAvailability"),
        ("available", 0, "BackOrder"),
        ("print-on-demand", 0, "BackOrder"),
        ("temporarily-out", 0, "OutOfStock"),
        ("out-of-print", 0, "Discontinued"),
    ],
)
def test_availability_is_said_in_words_that_google_knows(client, shop, supplier, copies, expected):
    book("Persuasion", availability=supplier, in_stock=copies)
    offers = [node["offers"]["availability"] for node in nodes_of(client) if "offers" in node]
    assert offers == [f"https://schema.org/{expected}"]


def test_an_audiobook_says_who_reads_it_and_how_long(client, shop):
    page = book("Persuasion", format="audiobook", in_stock=0)
    Contribution.objects.create(
        page=page, contributor=ContributorFactory(name="Juliet Stevenson"), role=Role.NARRATOR, sort_order=9
    )
    Edition.objects.update(duration_minutes=521)
    indexing.refresh([page.pk])

    (edition,) = (node for node in nodes_of(client) if "Audiobook" in types_of(node))

    assert (edition["duration"], edition["readBy"][0]["name"]) == ("PT8H41M", "Juliet Stevenson")


def test_what_is_no_book_is_a_product_without_a_work(client, shop):
    page = book("Tote bag", slug="tote-bag", format="gift", contributors=[])
    pictured(page)

    nodes = nodes_of(client, "/books/tote-bag/")

    assert [types_of(node) for node in nodes] == [["Product"], ["BreadcrumbList"]]


def test_a_price_that_ends_or_has_no_tax_in_it_says_so(client, shop):
    page = book("Persuasion", editions=0)
    edition = EditionFactory(product=page)
    until = timezone.now() + dt.timedelta(days=3)
    Price.objects.filter(edition=edition).update(amount=Decimal("5.00"), tax_included=False, ends_at=until)

    (offer,) = (node["offers"] for node in nodes_of(client) if "offers" in node)

    assert (offer["price"], offer["priceValidUntil"]) == ("5.00", until.date().isoformat())
    assert offer["priceSpecification"]["valueAddedTaxIncluded"] is False


def test_no_text_ends_the_script(client, shop):
    wicked = "</script><script>alert(1)</script><!-- & \u2028"
    page = book(wicked, slug="wicked", short_description=wicked, contributors=[])
    EditionFactory(product=page, edition_statement=wicked[:100])

    response = client.get("/books/wicked/").content.decode()
    scripts = html.fromstring(response).xpath('//script[@type="application/ld+json"]/text()')

    assert "<script>alert" not in response
    assert len(scripts) == 1
    assert "<" not in scripts[0]
    assert graph_of(response)[0]["name"] == wicked


def test_filtered_lists_and_searches_are_not_to_be_found(client, whole_shop):
    for address in ("/books/?format=paperback", "/tags/classics/?sort=title", "/search/?q=emma"):
        page = html.fromstring(client.get(address).content.decode())
        assert page.xpath("//meta[@name='robots']/@content")[0].startswith("noindex"), address
        assert not page.xpath("//link[@rel='canonical']"), address
        assert not page.xpath("//script[@type='application/ld+json']"), address


def test_an_edition_in_the_address_does_not_change_the_address_of_record(client, shop):
    book("Persuasion", isbn="9780306406157")
    page = html.fromstring(client.get("/books/persuasion/?edition=9780306406157&utm_source=x").content.decode())
    assert page.xpath("//link[@rel='canonical']/@href") == ["http://localhost/books/persuasion/"]


def test_the_description_falls_back_to_the_first_words_of_the_book(client, shop):
    text = "<p>Anne Elliot &amp; the navy.</p>" + "<p>Once upon a time in Bath there were many words.</p>" * 5
    book("Persuasion", description=[("text", text)])

    page = html.fromstring(client.get("/books/persuasion/").content.decode())
    (description,) = page.xpath("//meta[@name='description']/@content")

    assert description.startswith("Anne Elliot & the navy. Once upon")
    assert description.endswith("…")
    assert len(description) <= 155
    assert page.xpath("//title/text()") == ["Persuasion by Jane Austen · BookTime"]


def test_an_editor_s_own_title_is_taken_as_it_is(client, shop):
    book("Persuasion", seo_title="The last Austen")
    page = html.fromstring(client.get("/books/persuasion/").content.decode())
    assert page.xpath("//title/text()") == ["The last Austen"]
