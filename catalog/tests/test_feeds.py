"""Feeds for readers and for Google Merchant Center."""

from __future__ import annotations

import datetime as dt
import gzip
from io import StringIO

import feedparser
import pytest
from django.core.management import call_command
from django.utils import timezone
from lxml import etree

from catalog import feeds, tasks
from catalog.models import Edition, FeedFile, Price, ProductImage
from catalog.tests.factories import EditionFactory, TagFactory, book
from catalog.tests.schemas import valid
from catalog.tests.test_product import picture

ATOM = "{http://www.w3.org/2005/Atom}"
G = f"{{{feeds.GOOGLE}}}"


def xml_of(client, address: str) -> etree._Element:
    """A feed as its specification wants it."""
    response = client.get(address)
    assert response.status_code == 200
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return valid(content, "merchant" if "merchant" in address else address.rpartition(".")[2])


def pictured(title: str, **kwargs):
    page = book(title, **kwargs)
    ProductImage.objects.create(page=page, image=picture(900, 1200, "A cover"))
    tasks.make_renditions.call(page_ids=[page.pk])
    return page


def items_of(client) -> list[dict[str, str]]:
    feeds.write_merchant_feed(always=True)
    """Each item; its ways of delivery are in commerce/tests/test_delivery_terms.py."""
    root = xml_of(client, "/feeds/google-merchant.xml")
    return [
        {child.tag.removeprefix(G): child.text for child in item if child.tag != f"{G}shipping"}
        for item in root.iter("item")
    ]


def test_new_books_are_in_both_feeds_newest_first_and_awaited_ones_are_not(client, shop):
    book("Emma", publication_date=dt.date(2020, 1, 1), short_description="A match & a mismatch.")
    book("Persuasion", publication_date=dt.date(2024, 1, 1))
    book("Sanditon", publication_date=timezone.localdate() + dt.timedelta(days=30))

    rss, atom = xml_of(client, "/feeds/books.rss"), xml_of(client, "/feeds/books.atom")

    assert [item.findtext("title") for item in rss.iter("item")] == ["Persuasion – Jane Austen", "Emma – Jane Austen"]
    assert [item.findtext("link") for item in rss.iter("item")][1] == "http://localhost/books/emma/"
    assert "A match &amp; a mismatch." in [item.findtext("description") for item in rss.iter("item")][1]
    assert [entry.findtext(f"{ATOM}title") for entry in atom.iter(f"{ATOM}entry")][0] == "Persuasion – Jane Austen"
    assert atom.find(f"{ATOM}author/{ATOM}name").text == "BookTime"


@pytest.mark.parametrize(("kind", "version"), [("rss", "rss20"), ("atom", "atom10")])
def test_a_reader_of_feeds_understands_them(client, shop, kind, version):
    pictured("Été", slug="été", publication_date=dt.date(2024, 1, 1), short_description="One & all", tags=["A&B"])

    response = client.get(f"/feeds/books.{kind}")
    read = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
    (entry,) = read.entries

    assert (read.bozo, read.version, read.feed.title) == (False, version, "BookTime: new books")
    assert {link.href for link in read.feed.links} == {
        "http://localhost/books/",
        f"http://localhost/feeds/books.{kind}",
    }
    assert entry.title == "Été – Jane Austen"
    assert entry.link == entry.id == "http://localhost/books/%C3%A9t%C3%A9/"
    assert entry.published_parsed[:3] == (2024, 1, 1)
    assert [tag.term for tag in entry.tags] == ["A&B"]
    assert 'src="http://localhost/media/images/' in entry.summary
    assert "<p>One &amp; all</p>" in entry.summary


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("/feeds/books.rss", "guid"),
        ("/feeds/books.rss", "description"),
        ("/feeds/books.atom", f"{ATOM}id"),
        ("/feeds/books.atom", f"{ATOM}updated"),
        ("/feeds/google-merchant.xml", f"{G}price"),
        ("/feeds/google-merchant.xml", f"{G}gtin"),
    ],
)
def test_a_feed_that_lacks_a_part_is_refused(client, shop, address, part):
    pictured("Emma")
    feeds.write_merchant_feed(always=True)
    root = xml_of(client, address)

    lacking = next(root.iter(part))
    lacking.getparent().remove(lacking)

    with pytest.raises(AssertionError):
        valid(etree.tostring(root), "merchant" if "merchant" in address else address.rpartition(".")[2])


def test_a_tag_has_feeds_of_its_own(client, shop):
    book("Emma", tags=["Classics"])
    book("Roseanna", tags=["Crime"])

    rss = xml_of(client, "/feeds/tags/crime.rss")

    assert [item.findtext("link") for item in rss.iter("item")] == ["http://localhost/books/roseanna/"]
    assert client.get("/feeds/tags/nothing.rss").status_code == 404


def test_a_tag_without_books_has_an_empty_feed(client, shop):
    TagFactory(name="Crime")
    for kind, entry in (("atom", f"{ATOM}entry"), ("rss", "item")):
        assert not list(xml_of(client, f"/feeds/tags/crime.{kind}").iter(entry))


def test_a_feed_is_sent_once(client, shop):
    book("Emma")
    etag = client.get("/feeds/books.rss")["ETag"]
    assert client.get("/feeds/books.rss", headers={"If-None-Match": etag}).status_code == 304


def test_no_text_breaks_a_feed(client, shop):
    wicked = "]]></title><script>alert(1)</script>\x0b&"
    page = pictured(wicked[:60], slug="wicked", short_description=wicked, tags=["A & B"])
    assert page.pk

    rss = xml_of(client, "/feeds/books.rss")
    description = rss.find(".//item/description").text

    assert "<script" not in description
    assert "&lt;script" not in description or "alert" in description
    assert items_of(client)[0]["title"].startswith("]]>")


def test_the_merchant_feed_has_what_the_page_says(client, shop):
    page = pictured(
        "Persuasion", editions=0, short_description="Eight years later.", tags=["Classics"], publisher="Virago"
    )
    EditionFactory(product=page, isbn="9780306406157", price="7.99")

    (item,) = items_of(client)
    shown = client.get("/books/persuasion/?edition=9780306406157").context["book"].edition

    assert item == {
        "id": "9780306406157",
        "title": "Persuasion (Paperback)",
        "description": "Eight years later.",
        "link": "http://localhost/books/persuasion/?edition=9780306406157",
        "image_link": item["image_link"],
        "availability": "in_stock",
        "price": f"{shown.price.amount} GBP",
        "condition": "new",
        "gtin": "9780306406157",
        "brand": "Virago",
        "google_product_category": "Media > Books > Print Books",
        "product_type": "Books > Classics",
        "shipping_weight": "250 g",
    }
    assert item["image_link"].startswith("http://localhost/media/images/")


def test_what_google_would_refuse_is_left_out_and_counted(client, shop):
    book("No picture")
    page = pictured("Persuasion", editions=0)
    unpriced, untaxed, undated = (EditionFactory(product=page, in_stock=0) for _number in range(3))
    Price.objects.filter(edition=unpriced).delete()
    Price.objects.filter(edition=untaxed).update(tax_included=False)
    Edition.objects.filter(pk=undated.pk).update(availability="forthcoming", publication_date=None)

    assert items_of(client) == []
    assert FeedFile.objects.get().left_out == {
        "no picture": 1, "no price": 1, "price without tax": 1, "pre-order without a date": 1,
    }  # fmt: skip


def test_what_is_not_here_yet_has_a_day(client, shop):
    page = pictured("Persuasion", editions=0)
    year = timezone.localdate().year + 1
    EditionFactory(
        product=page, in_stock=0, availability="forthcoming", publication_date=dt.date(year, 2, 1),
        publication_precision="month",
    )  # fmt: skip
    EditionFactory(product=page, in_stock=0, availability="available")

    awaited, ordered = items_of(client)

    assert (awaited["availability"], awaited["availability_date"][:10]) == ("preorder", f"{year}-02-28") or (
        awaited["availability_date"][:10] == f"{year}-02-29"
    )
    assert ordered["availability"] == "backorder"
    assert ordered["availability_date"][:10] == (timezone.localdate() + dt.timedelta(days=4)).isoformat()


def test_the_merchant_feed_is_made_only_where_something_changed(client, shop, django_capture_on_commit_callbacks):
    assert client.get("/feeds/google-merchant.xml").status_code == 503
    pictured("Persuasion")
    with django_capture_on_commit_callbacks(execute=True):
        first = feeds.write_merchant_feed()
        assert feeds.write_merchant_feed() is None
        book("Emma")
        second = feeds.write_merchant_feed()

    assert first is not None
    assert second is not None
    assert not second.file.storage.exists(first.file.name)
    packed = client.get("/feeds/google-merchant.xml", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(packed.streaming_content)).endswith(b"</rss>\n")
    unchanged = client.get("/feeds/google-merchant.xml", headers={"If-None-Match": packed["ETag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize("option", ["--always", "--queue"])
def test_the_clock_makes_the_feeds(shop, option):
    pictured("Persuasion")
    out = StringIO()
    call_command("write_feeds", option, stdout=out)
    assert FeedFile.objects.get().items == 1
    assert ("1 items" in out.getvalue()) is (option == "--always")
