"""What is looked at before a page is published."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.urls import reverse
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.test.utils.form_data import nested_form_data

from catalog.models import Edition, Price, ProductImage, ProductPage
from catalog.tests.factories import book
from catalog.tests.test_product import picture
from core.checks import RULES, problems_of
from home.models import StandardPage

GOOD = {"tags": ["Classics"], "short_description": "Eight years later."}


def codes_of(page) -> list[str]:
    return [problem.code for problem in problems_of(page.specific_class.objects.get(pk=page.pk))]


def test_a_book_in_order_has_no_problem(shop):
    assert codes_of(book("Persuasion", **GOOD)) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"tags": []}, ["no-tag"]),
        ({"editions": 0}, ["no-edition"]),
        ({"short_description": ""}, ["no-description"]),
        ({"isbn": "9780306406158"}, ["isbn-wrong"]),
        ({"seo_title": "x" * 70}, ["title-length"]),
        ({"search_description": "Too short."}, ["description-length"]),
        ({"description": [("text", '<p><a linktype="page" id="99999">x</a></p>')]}, ["link-broken"]),
        ({"description": [("text", '<p><a linktype="document" id="99999">x</a></p>')]}, ["link-broken"]),
    ],
)
def test_each_problem_is_found(shop, given, expected):
    assert codes_of(book("Persuasion", **{**GOOD, **given})) == expected


def test_an_edition_without_a_price_is_found_but_not_one_that_may_not_be_sold(shop):
    page = book("Persuasion", **GOOD)
    Price.objects.all().delete()
    assert codes_of(page) == ["no-price"]

    Edition.objects.update(not_for_sale="No rights here")
    assert codes_of(page) == []


def test_a_picture_needs_words_of_its_own_or_of_its_image(shop):
    page = book("Persuasion", **GOOD)
    ProductImage.objects.create(page=page, image=picture())
    assert codes_of(page) == ["picture-alt"]

    ProductImage.objects.update(alt="A teal cover")
    assert codes_of(page) == []


@pytest.mark.parametrize("described_by", ["alt", "description"])
def test_a_picture_on_a_company_page_needs_words_too(client, shop, described_by):
    image = picture()
    page = shop.add_child(instance=StandardPage(title="About us", slug="about-us"))
    page.body = [("picture", {"image": image, "alt": "", "caption": ""})]
    page.save()
    assert codes_of(page) == ["picture-alt"]

    if described_by == "alt":
        page.body = [("picture", {"image": image, "alt": "A teal cover", "caption": ""})]
        page.save()
    else:
        image.description = "A teal cover"
        image.save()

    assert codes_of(page) == []
    assert 'alt="A teal cover"' in client.get("/about-us/").content.decode()


def test_a_picture_on_the_home_page_or_in_a_description_needs_words(shop):
    shop.body = [("picture", {"image": picture(), "alt": "", "caption": ""})]
    shop.save()
    assert codes_of(shop) == ["picture-alt"]
    assert codes_of(book("Persuasion", description=[("picture", picture())], **GOOD)) == ["picture-alt"]


def test_two_pages_of_one_title_or_description_are_found(shop):
    description = "A page about the shop that is as long as search engines like them to be, no more."
    first, second = (
        shop.add_child(instance=StandardPage(title="About us", slug=slug, search_description=description))
        for slug in ("about-us", "about")
    )

    assert codes_of(first) == codes_of(second) == ["title-duplicate", "description-duplicate"]


def test_books_of_one_title_by_different_authors_are_no_duplicates(shop):
    book("Poems", slug="poems-1", contributors=["Emily Dickinson"], **GOOD)
    assert codes_of(book("Poems", slug="poems-2", contributors=["John Keats"], **GOOD)) == []


def test_a_link_to_a_draft_is_said(shop):
    draft = shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    page = book("Persuasion", description=[("text", f'<p><a linktype="page" id="{draft.pk}">x</a></p>')], **GOOD)
    assert codes_of(page) == ["link-unpublished"]


@pytest.fixture
def says(shop):
    """`says(href)` is what is wrong with a page that links there."""
    place = shop.add_child(instance=StandardPage(title="Links", slug="links"))

    def says(href: str) -> list[str]:
        place.intro = f'<p><a href="{href}">there</a></p>'
        place.save()
        return codes_of(place)

    return says


@pytest.fixture
def around(shop):
    """What a link of the shop may lead to."""
    book("Persuasion", slug="persuasion", tags=["Classics"], publisher="Virago", series="Novels", **{
        name: text for name, text in GOOD.items() if name != "tags"
    })  # fmt: skip
    shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    Redirect.add_redirect("/summer/", "/books/")
    document = get_document_model().objects.create(title="Terms", file=ContentFile(b"Terms", name="terms.txt"))
    return {"document": document.url}


@pytest.mark.parametrize(
    "href",
    [
        "/", "/books/", "/books/?sort=newest&amp;format=paperback", "/books/persuasion/", "/books/persuasion",
        "/tags/classics/", "/contributors/jane-austen/", "/publishers/virago/", "/series/novels/",
        "/feeds/tags/classics.rss", "/basket/", "/account/login/", "/cookies/", "/summer/", "/links/", "#top",
        "?page=2", "http://localhost/books/persuasion/", "https://localhost/", "mailto:hello@booktime.example",
        "tel:+441632960417", "https://elsewhere.example/no-such-page", "//elsewhere.example/",
    ],
)  # fmt: skip
def test_a_typed_link_that_leads_somewhere_is_in_order(says, around, href):
    assert says(href) == []


@pytest.mark.parametrize(
    "href",
    [
        "/no-such-page/", "/books/no-such-book/", "/tags/no-such-tag/", "/contributors/nobody/", "/publishers/nobody/",
        "/series/none/", "/feeds/tags/none.rss", "/feeds/none.rss", "/documents/99999/terms.txt",
        "http://localhost/books/no-such-book/", "www.elsewhere.example", "http:///books/", "http://[broken",
        "/books/%00/",
    ],
)  # fmt: skip
def test_a_typed_link_that_leads_nowhere_is_found(says, around, href):
    assert says(href) == ["link-broken"]


def test_a_typed_link_to_a_document_is_looked_up(says, around):
    assert says(around["document"]) == []


def test_a_typed_link_to_a_draft_is_said_but_stops_nothing(says, around):
    assert says("/draft/") == ["link-unpublished"]


def test_a_new_page_may_link_to_itself(shop):
    page = shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    page.intro = '<p><a href="/draft/#more">more</a></p>'
    page.save()
    assert codes_of(page) == []


def test_links_of_a_page_that_is_not_saved_yet_are_looked_up(shop):
    page = StandardPage(title="New", slug="new", intro='<p><a href="/nowhere/">x</a> <a href="/books/">y</a></p>')
    assert [(problem.code, problem.detail) for problem in problems_of(page)] == [("link-broken", "/nowhere/")]


@pytest.fixture
def editor(client, db):
    client.force_login(get_user_model().objects.create_superuser(email="owner@booktime.example", password="x" * 14))
    return client


def form_of(page, **changes) -> dict[str, str]:
    return nested_form_data({"title": page.title, "slug": page.slug, "body-count": "0", "intro": "null", **changes})


def publish(editor, page, intro: str):
    data = form_of(page, intro=intro) | {
        "action-publish": "1", "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0",
    }  # fmt: skip
    return editor.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), data, follow=True)


def contentstate(pk: int) -> str:
    return (
        '{"blocks":[{"key":"a","text":"x","type":"unstyled","depth":0,"inlineStyleRanges":[],'
        '"entityRanges":[{"offset":0,"length":1,"key":0}]}],'
        f'"entityMap":{{"0":{{"type":"LINK","mutability":"MUTABLE","data":{{"id":{pk},"url":"/x/"}}}}}}}}'
    )


def test_a_broken_link_keeps_the_page_a_draft(editor, shop):
    page = shop.add_child(instance=StandardPage(title="About us", slug="about-us"))
    page.save_revision().publish()

    response = publish(editor, page, contentstate(99999))

    page = StandardPage.objects.get(pk=page.pk)
    assert "is saved as a draft, not published" in response.content.decode()
    assert page.intro == ""
    assert "99999" in page.get_latest_revision_as_object().intro


def test_a_warning_does_not_stop(editor, shop):
    draft = shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    page = shop.add_child(instance=StandardPage(title="About us", slug="about-us"))
    page.save_revision().publish()

    response = publish(editor, page, contentstate(draft.pk))

    assert "could be better" in response.content.decode()
    assert str(draft.pk) in StandardPage.objects.get(pk=page.pk).intro


def test_the_editor_and_its_preview_name_the_problems(editor, shop):
    page = ProductPage.objects.get(pk=book("Persuasion").pk)

    form = editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    preview = page.make_preview_request(preview_mode="").rendered_content

    assert "The book has no tag" in form
    assert '"shop-no-tag"' in form
    assert 'data-publish-check="no-tag"' in preview
    assert "data-publish-check" not in editor.get("/books/persuasion/").content.decode()


def test_many_pages_are_not_published_while_one_of_them_has_a_problem_that_stops(editor, shop):
    page = ProductPage.objects.get(pk=book("Persuasion", isbn="9780306406158").pk)
    page.unpublish()

    editor.post(f"{reverse('wagtail_bulk_action', args=['wagtailcore', 'page', 'publish'])}?id={page.pk}")

    assert ProductPage.objects.get(pk=page.pk).live is False


def test_every_rule_says_what_to_do():
    assert all(str(rule.label) and str(rule.help) for rule in RULES.values())
