"""The sitemap, robots.txt, OpenSearch, and the addresses of deleted books."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from lxml import etree
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from catalog import sitemaps, tasks
from catalog.models import GoneAddress, ProductImage, ProductPage, TagIndexPage, TagPage
from catalog.tests.factories import TagFactory, book
from catalog.tests.test_product import picture
from core.models import SearchEngineSettings, validate_addresses, validate_robots_txt
from home.models import StandardPage

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"
LASTMOD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\Z")


def files_of(client) -> dict[str, etree._Element]:
    """The files of the sitemap by the end of their address, each checked against the protocol."""
    index = etree.fromstring(client.get("/sitemap.xml").content)
    assert index.tag == f"{S}sitemapindex"
    found = {}
    for location in index.iter(f"{S}loc"):
        assert location.text.startswith("http://localhost/sitemap-")
        path = location.text.removeprefix("http://localhost")
        root = etree.fromstring(client.get(path).content)
        assert root.tag == f"{S}urlset"
        assert 1 <= len(root) <= 10_000
        for url in root:
            tags = [child.tag for child in url]
            assert tags[0] == f"{S}loc"
            assert set(tags[1:]) <= {f"{S}lastmod", f"{IMAGE}image"}
            assert url[0].text.startswith("http://localhost/")
            assert all(LASTMOD.match(changed.text) for changed in url.iter(f"{S}lastmod"))
        found[path] = root
    return found


def addresses_of(client) -> list[str]:
    return [
        url.text.removeprefix("http://localhost") for root in files_of(client).values() for url in root.iter(f"{S}loc")
    ]


def test_every_address_is_in_the_sitemap_once_and_answers(client, shop):
    shop.add_child(instance=StandardPage(title="About us", slug="about-us"))
    shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    TagIndexPage.objects.get().add_child(instance=TagPage(title="Crime", slug="crime", tag=TagFactory(name="Crime")))
    book("Persuasion", tags=["Crime", "Classics"], publisher="Virago", series="Novels")
    book("Été", slug="été", contributors=["Zoë Ångström"])
    TagFactory(name="Empty")

    found = addresses_of(client)

    assert sorted(found) == sorted(
        [
            "/", "/books/", "/tags/", "/about-us/", "/tags/crime/", "/tags/classics/", "/books/persuasion/",
            "/books/%C3%A9t%C3%A9/", "/contributors/jane-austen/", "/contributors/zo%C3%AB-%C3%A5ngstr%C3%B6m/",
            "/publishers/virago/", "/series/novels/",
        ]
    )  # fmt: skip
    for address in found:
        assert client.get(address).status_code == 200, address


def test_books_have_pictures_and_the_day_of_their_last_change(client, shop):
    page = book("Persuasion")
    ProductImage.objects.create(page=page, image=picture(900, 1200, "A cover"))
    tasks.make_renditions.call(page_ids=[page.pk])

    (url,) = files_of(client)["/sitemap-books-1.xml"]

    assert url.find(f"{IMAGE}image/{IMAGE}loc").text.startswith("http://localhost/media/images/")
    assert url.find(f"{S}lastmod") is not None


def test_files_hold_no_more_than_they_may(client, shop, monkeypatch):
    monkeypatch.setattr(sitemaps, "FILE", 2)
    for number in range(5):
        book(f"Emma {number}")

    files = files_of(client)

    assert [len(files[f"/sitemap-books-{number}.xml"]) for number in (1, 2, 3)] == [2, 2, 1]
    assert client.get("/sitemap-books-4.xml").status_code == 404
    assert client.get("/sitemap-strange-1.xml").status_code == 404


def test_a_new_book_and_a_new_page_are_there_at_once(client, shop, django_capture_on_commit_callbacks):
    book("Emma")
    addresses_of(client)

    with django_capture_on_commit_callbacks(execute=True):
        book("Persuasion")
        shop.add_child(instance=StandardPage(title="About us", slug="about-us")).save_revision().publish()

    assert {"/books/persuasion/", "/about-us/"} <= set(addresses_of(client))


def test_robots_txt_is_edited_as_a_setting_and_names_the_sitemap(client, shop):
    assert "Disallow: /basket/" in client.get("/robots.txt").content.decode()

    SearchEngineSettings.objects.create(site=Site.objects.get(), robots_txt="User-agent: *\nDisallow: /private/\n")
    text = client.get("/robots.txt").content.decode()

    assert text == "User-agent: *\nDisallow: /private/\n\nSitemap: http://localhost/sitemap.xml\n"


@pytest.mark.parametrize("text", ["hello", "User-agent *", "Sitemap: https://books.example/sitemap.xml"])
def test_a_strange_line_of_robots_txt_is_refused(text):
    with pytest.raises(ValidationError):
        validate_robots_txt(text)


def test_profiles_are_web_addresses():
    validate_addresses("https://social.example/@shop\nhttps://photos.example/shop")
    with pytest.raises(ValidationError):
        validate_addresses("javascript:alert(1)")


def test_a_browser_learns_how_to_search(client, shop):
    root = etree.fromstring(client.get("/opensearch.xml").content)
    namespace = "{http://a9.com/-/spec/opensearch/1.1/}"
    assert root.find(f"{namespace}Url").get("template") == "http://localhost/search/?q={searchTerms}"
    assert 1 <= len(root.findtext(f"{namespace}ShortName")) <= 16


def test_a_deleted_book_is_gone_and_so_are_its_earlier_addresses(client, shop, django_capture_on_commit_callbacks):
    page = ProductPage.objects.get(pk=book("Persuasion").pk)
    page.slug = "persuaded"
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()
    with django_capture_on_commit_callbacks(execute=True):
        ProductPage.objects.get(pk=page.pk).delete()

    answers = [client.get(f"/books/{slug}/").status_code for slug in ("persuaded", "persuasion", "never-was")]

    assert answers == [410, 410, 404]


def test_a_deleted_book_that_leads_elsewhere_is_not_gone(client, shop):
    book("Emma")
    GoneAddress.objects.create(slug="persuasion")
    Redirect.objects.create(old_path="/books/persuasion", redirect_link="/books/emma/")

    response = client.get("/books/persuasion/")

    assert (response.status_code, response["Location"]) == (301, "/books/emma/")


def test_a_book_that_takes_a_gone_address_is_shown_and_only_hidden_when_unpublished(client, shop):
    GoneAddress.objects.create(slug="persuasion")
    page = book("Persuasion")
    assert client.get("/books/persuasion/").status_code == 200

    ProductPage.objects.filter(pk=page.pk).update(live=False)

    assert client.get("/books/persuasion/").status_code == 404


def test_a_draft_that_never_was_published_leaves_nothing(shop, books_page):
    page = books_page.add_child(instance=ProductPage(title="Draft", slug="draft", live=False))
    page.delete()
    assert not GoneAddress.objects.exists()
