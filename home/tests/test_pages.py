"""The pages around the shop: routes, rendering, and how much they ask of the database."""

from __future__ import annotations

import io

import pytest
from django.core.files.images import ImageFile
from PIL import Image
from wagtail.models import Page, PageViewRestriction

from catalog.models import Tag
from catalog.tests.factories import book
from core.models import ShopImage
from home.models import ContactPage, HomePage, StandardPage
from home.tests.factories import contact_page, standard_page


def picture(title: str = "The shop") -> ShopImage:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(file, "png")
    return ShopImage.objects.create(title=title, file=ImageFile(file, name=f"{title}.png"))


def every_block(persuasion, emma, tag) -> list:
    return [
        ("hero", {"heading": "The long way home", "text": "Monsters, islands.", "book": persuasion, "link_text": ""}),
        ("featured_books", {"heading": "On the front table", "books": [emma, persuasion]}),
        ("shelf", {"heading": "Classics here", "tag": tag, "number": 4}),
        ("latest", {"heading": "Just in", "number": 4}),
        (
            "staff_picks",
            {
                "heading": "Argued for",
                "picks": [{"book": emma, "bookseller": "Agnes", "note": "Read it at sixty-one."}],
            },
        ),
        ("text", "<p>Two rooms, one staircase.</p>"),
        ("picture", {"image": picture(), "alt": "The shop by the river", "caption": "In March"}),
        ("quote", {"text": "There is no Frigate like a Book", "source": "Emily Dickinson"}),
    ]


@pytest.fixture
def books(shop):
    return book("Persuasion", tags=["Classics"], price="7.99"), book("Emma", tags=["Classics"], price="6.50")


@pytest.fixture
def home(shop, books):
    shop.body = every_block(*books, Tag.objects.get())
    shop.save_revision().publish()
    return HomePage.objects.get()


def test_the_home_page_shows_every_kind_of_block(client, home):
    content = client.get("/").content.decode()

    for words in (
        "The long way home",
        "On the front table",
        "Classics here",
        "Just in",
        "Argued for",
        "Agnes",
        "Read it at sixty-one.",
        "Two rooms, one staircase.",
        'alt="The shop by the river"',
        "In March",
        "There is no Frigate like a Book",
        "Emily Dickinson",
        'href="/books/emma/"',
        'href="/tags/classics/"',
        "£7.99",
    ):
        assert words in content
    assert content.count("<h1") == 1


def test_blocks_give_the_templates_the_cards(home):
    contexts = {block.block_type: block.block.get_context(block.value) for block in home.body}

    assert contexts["hero"]["card"].title == "Persuasion"
    assert [card.title for card in contexts["featured_books"]["cards"]] == ["Emma", "Persuasion"]
    assert {card.title for card in contexts["shelf"]["cards"]} == {"Emma", "Persuasion"}
    assert contexts["shelf"]["more_url"] == "/tags/classics/"
    assert len(contexts["latest"]["cards"]) == 2
    [pick] = contexts["staff_picks"]["picks"]
    assert (pick["card"].title, pick["bookseller"], pick["note"]) == ("Emma", "Agnes", "Read it at sixty-one.")


def test_an_unpublished_or_deleted_book_leaves_the_home_page(client, home, books):
    persuasion, emma = books
    persuasion.unpublish()
    emma.delete()

    contexts = {block.block_type: block.block.get_context(block.value) for block in HomePage.objects.get().body}

    assert contexts["hero"]["card"] is None
    assert (contexts["featured_books"]["cards"], contexts["staff_picks"]["picks"]) == ([], [])
    assert client.get("/").status_code == 200


def test_a_home_page_with_every_kind_of_block_takes_eleven_queries(client, home, django_assert_num_queries):
    client.get("/")

    with django_assert_num_queries(11):
        client.get("/")


def test_more_heroes_picks_and_pictures_take_no_more_queries(client, home, books, django_assert_num_queries):
    blocks = every_block(*books, Tag.objects.get())
    home.body = blocks + [block for block in blocks if block[0] not in {"shelf", "latest"}]
    home.save_revision().publish()
    client.get("/")

    with django_assert_num_queries(11):
        client.get("/")


def test_a_published_change_of_the_home_page_is_seen_on_the_next_request(client, shop):
    client.get("/")
    shop.body = [("text", "<p>New today.</p>")]
    shop.save_revision().publish()

    assert "New today." in client.get("/").content.decode()


def test_a_saved_draft_is_not_shown(client, shop):
    shop.body = [("text", "<p>Not yet.</p>")]
    shop.save_revision()

    assert "Not yet." not in client.get("/").content.decode()


def test_an_unpublished_home_page_is_not_found_at_once(client, shop):
    client.get("/")
    shop.unpublish()

    assert client.get("/").status_code == 404


@pytest.mark.parametrize("path", ["/books/", "/tags/", "/about-us/", "/about-us/privacy/", "/contact-us/"])
def test_pages_of_the_site_are_found_by_their_address(client, shop, path):
    about = standard_page(shop)
    standard_page(about, title="Privacy", slug="privacy")
    contact_page(shop)

    assert client.get(path).status_code == 200


def test_a_standard_page_shows_its_blocks(client, shop):
    standard_page(
        shop,
        intro="<p>Two rooms.</p>",
        body=[
            ("text", "<h2>Our story</h2><p>A chandler's until 1987.</p>"),
            ("quote", {"text": "A book is a dream", "source": "N. G."}),
            ("details", {"summary": "May I bring the dog?", "text": "<p>Dogs are expected.</p>"}),
        ],
    )

    content = client.get("/about-us/").content.decode()

    for words in ("Two rooms.", "Our story", "A book is a dream", "May I bring the dog?", "Dogs are expected."):
        assert words in content
    assert "<details" in content


@pytest.mark.parametrize("path", ["/nothing/", "/about-us/nothing/", "/books/nothing/", "/tags/nothing/"])
def test_a_wrong_address_gets_the_shops_own_page(client, shop, path):
    standard_page(shop)

    response = client.get(path)

    content = response.content.decode()
    assert response.status_code == 404
    assert "<main" in content
    assert "BookTime" in content


def test_a_wrong_address_asks_little_of_the_database(client, shop, django_assert_max_num_queries):
    client.get("/nothing/")

    with django_assert_max_num_queries(4):
        client.get("/nothing/")


def test_a_fault_gets_a_page_that_needs_nothing(client, shop, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr(HomePage, "route", fail)
    client.raise_request_exception = False

    response = client.get("/")

    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


def test_every_page_type_of_the_site_opens_in_the_editor_and_in_preview(admin_client, home, shop):
    pages = [home, standard_page(shop), contact_page(shop)]

    for page in pages:
        assert admin_client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200
        assert page.make_preview_request().status_code == 200
    for model in (StandardPage, ContactPage):
        assert admin_client.get(f"/admin/pages/add/home/{model._meta.model_name}/{shop.pk}/").status_code == 200


def test_there_is_one_home_page_at_the_root(shop):
    assert HomePage.can_create_at(Page.objects.get(depth=1)) is False
    assert set(StandardPage.allowed_parent_page_models()) == {HomePage, StandardPage}
    assert ContactPage.allowed_subpage_models() == []


def test_a_restricted_home_page_asks_for_its_password(client, shop):
    PageViewRestriction.objects.create(page=shop, restriction_type="password", password="harbour-lights")

    content = client.get("/").content.decode()

    assert 'type="password"' in content
