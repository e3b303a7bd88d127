"""The sitemap, robots.txt, OpenSearch, and the addresses of deleted books."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from lxml import etree
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from catalog import indexing, sitemaps, tasks
from catalog.models import GoneAddress, ProductImage, ProductPage, Tag, TagIndexPage, TagPage
from catalog.tests.factories import TagFactory, book
from catalog.tests.schemas import valid
from catalog.tests.test_product import picture
from core.models import SearchEngineSettings, validate_addresses, validate_robots_txt
from home.models import StandardPage

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"
MONDAY, TUESDAY, WEDNESDAY = (dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC) for day in (2, 3, 4))


def files_of(client) -> dict[str, etree._Element]:
    """The files of the sitemap by the end of their address, each as the protocol wants it.

    The index says of each file when anything in it last changed.
    """
    index = valid(client.get("/sitemap.xml").content, "sitemap")
    assert index.tag == f"{S}sitemapindex"
    found = {}
    for entry in index:
        location = entry.findtext(f"{S}loc")
        assert location.startswith("http://localhost/sitemap-")
        path = location.removeprefix("http://localhost")
        root = valid(client.get(path).content, "sitemap")
        assert root.tag == f"{S}urlset"
        assert len(root) <= 10_000
        assert all(url.findtext(f"{S}loc").startswith("http://localhost/") for url in root)
        assert moments_of(entry) == sorted(moments_of(root))[-1:]
        found[path] = root
    return found


def moments_of(node: etree._Element) -> list[dt.datetime]:
    return [dt.datetime.fromisoformat(changed.text) for changed in node.iter(f"{S}lastmod")]


def changes_of(client, path: str) -> dict[str, dt.datetime]:
    """When each address of a file last changed; every one says so."""
    urls = {url.findtext(f"{S}loc"): moments_of(url) for url in files_of(client)[path]}
    return {location.removeprefix("http://localhost"): moment for location, (moment,) in urls.items()}


@pytest.mark.parametrize(
    "wrong",
    [
        "<urlset {ns}/>",
        "<urlset {ns}><url><lastmod>2026-03-02</lastmod></url></urlset>",
        "<urlset {ns}><url><loc>/books/</loc></url></urlset>",
        "<urlset {ns}><url><loc>http://localhost/été/</loc></url></urlset>",
        "<urlset {ns}><url><loc>http://localhost/</loc><lastmod>yesterday</lastmod></url></urlset>",
        "<sitemapindex {ns}><url><loc>http://localhost/</loc></url></sitemapindex>",
    ],
)
def test_the_schema_refuses_what_is_no_sitemap(wrong):
    with pytest.raises(AssertionError):
        valid(wrong.format(ns=f'xmlns="{S.strip("{}")}"').encode(), "sitemap")


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


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("/sitemap-contributors-1.xml", "/contributors/john-keats/", "/contributors/jane-austen/"),
        ("/sitemap-publishers-1.xml", "/publishers/faber/", "/publishers/virago/"),
        ("/sitemap-series-1.xml", "/series/odes/", "/series/novels/"),
        ("/sitemap-tags-1.xml", "/tags/poems/", "/tags/classics/"),
    ],
)
def test_who_and_what_books_have_in_common_changes_with_the_newest_of_them(client, shop, path, old, new):
    with time_machine.travel(MONDAY, tick=False):
        book("Lamia", contributors=["John Keats"], publisher="Faber", series="Odes", tags=["Poems"])
        about = {"contributors": ["Jane Austen"], "publisher": "Virago", "series": "Novels", "tags": ["Classics"]}
        changed, _unchanged = book("Emma", **about), book("Sanditon", **about)
    with time_machine.travel(TUESDAY, tick=False):
        changed.editions.get().save()
        indexing.refresh([changed.pk])
    assert changes_of(client, path) == {old: MONDAY, new: TUESDAY}

    with time_machine.travel(WEDNESDAY, tick=False):
        changed.save_revision().publish()
        indexing.refresh([changed.pk])
    assert changes_of(client, path) == {old: MONDAY, new: WEDNESDAY}


def test_a_tag_whose_page_was_to_stand_elsewhere_is_named_once(client, shop):
    book("Persuasion", tags=["Crime"])
    page = TagIndexPage.objects.get().add_child(
        instance=TagPage(title="Who did it?", slug="who-did-it", tag=TagFactory(name="Crime"))
    )
    page.save_revision().publish()

    assert "who-did-it" not in client.get("/sitemap-pages-1.xml").content.decode()
    assert list(changes_of(client, "/sitemap-tags-1.xml")) == ["/tags/crime/"]
    assert client.get("/tags/").content.decode().partition("<main")[2].count('href="/tags/crime/"') == 1
    assert "Who did it?" in client.get("/tags/crime/").content.decode()


def test_a_tag_changes_with_the_page_that_an_editor_made_for_it(client, shop):
    with time_machine.travel(MONDAY, tick=False):
        book("Emma", tags=["Classics"])
    with time_machine.travel(TUESDAY, tick=False):
        page = TagPage(title="Classics", slug="classics", tag=Tag.objects.get())
        TagIndexPage.objects.get().add_child(instance=page).save_revision().publish()

    assert changes_of(client, "/sitemap-tags-1.xml") == {"/tags/classics/": TUESDAY}


def test_what_is_not_published_or_not_sold_any_more_makes_nothing_new(client, shop):
    with time_machine.travel(MONDAY, tick=False):
        page, draft = book("Emma", editions=2), book("Sanditon")
    with time_machine.travel(TUESDAY, tick=False):
        edition = page.editions.first()
        edition.is_active = False
        edition.save()
        draft.save_revision().publish()
        draft.unpublish()
        indexing.refresh([page.pk, draft.pk])

    assert changes_of(client, "/sitemap-contributors-1.xml") == {"/contributors/jane-austen/": MONDAY}
    assert changes_of(client, "/sitemap-books-1.xml") == {"/books/emma/": MONDAY}


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

    assert (
        text == "User-agent: *\nDisallow: /private/\nDisallow: /fr/private/\n\nSitemap: http://localhost/sitemap.xml\n"
    )


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
