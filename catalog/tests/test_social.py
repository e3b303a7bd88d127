"""Drawn pictures for social networks."""

from __future__ import annotations

from io import BytesIO

import pytest
from lxml import html
from PIL import Image, ImageFont

from catalog import indexing, social, tasks
from catalog.models import Contributor, ProductPage, Publisher
from catalog.tests.factories import book
from catalog.tests.test_feeds import pictured
from catalog.tests.test_product import picture


def card_of(client, address: str) -> str:
    page = html.fromstring(client.get(address).content.decode())
    assert page.xpath("//meta[@name='twitter:card']/@content") == ["summary_large_image"]
    return page.xpath("//meta[@property='og:image']/@content")[0]


def test_a_book_without_a_picture_has_a_drawn_one(client, shop):
    book("Persuasion")

    url = card_of(client, "/books/persuasion/").removeprefix("http://localhost")
    drawn, kept = client.get(url), client.get(url)

    image = Image.open(BytesIO(drawn.content))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    assert drawn["Cache-Control"] == "public, max-age=31536000, immutable"
    assert b"".join(kept.streaming_content) == drawn.content
    assert len(drawn.content) < 60_000


def test_a_book_with_a_picture_shows_it(client, shop):
    pictured("Persuasion")
    assert "/media/images/" in card_of(client, "/books/persuasion/")


def test_other_words_make_another_address_and_the_old_one_leads_there(client, shop):
    page = book("Persuasion")
    old = social.card_url(ProductPage.objects.get(pk=page.pk))
    ProductPage.objects.filter(pk=page.pk).update(title="Persuaded")
    new = social.card_url(ProductPage.objects.get(pk=page.pk))

    response = client.get(old)

    assert old != new
    assert (response.status_code, response["Location"]) == (302, new)


def test_a_hidden_book_has_no_card(client, shop):
    page = book("Persuasion")
    url = social.card_url(ProductPage.objects.get(pk=page.pk))
    ProductPage.objects.filter(pk=page.pk).update(live=False)
    assert client.get(url).status_code == 404


def test_every_page_has_a_picture(client, shop):
    book("Persuasion")
    for address in ("/", "/books/", "/tags/"):
        assert client.get(card_of(client, address).removeprefix("http://localhost")).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/contributors/jane-austen/", "/publishers/virago/", "/series/novels/", "/tags/classics/"],
)
def test_who_and_what_books_have_in_common_have_a_drawn_picture(client, shop, address):
    page = book("Persuasion", publisher="Virago", series="Novels", tags=["Classics"])

    url = card_of(client, address).removeprefix("http://localhost")
    drawn = client.get(url)

    assert Image.open(BytesIO(drawn.content)).size == (1200, 630)
    assert drawn["Cache-Control"] == "public, max-age=31536000, immutable"
    assert len({card_of(client, address), card_of(client, "/books/persuasion/"), card_of(client, "/books/")}) == 3
    ProductPage.objects.filter(pk=page.pk).update(live=False)
    indexing.refresh([page.pk])
    assert client.get(url).status_code == 404


def test_another_name_makes_another_address_and_the_old_one_leads_there(client, shop):
    book("Persuasion", publisher="Virago")
    house = Publisher.objects.get()
    old = social.card_url(house)
    house.name = "Virago Press"
    house.save()

    response = client.get(old)

    assert (response.status_code, response["Location"]) == (302, social.card_url(house))
    assert social.words_of(house) == ("Virago Press", "Publisher")


def test_a_contributor_with_a_photo_shows_it(client, shop):
    book("Persuasion")
    image = picture(900, 1200, "A lady")
    Contributor.objects.update(photo=image)
    tasks.make_portrait.call(image_id=image.pk)
    assert "/media/images/" in card_of(client, "/contributors/jane-austen/")


@pytest.mark.parametrize(
    "title", ["", "A", "Été", "日本語の本", "كتاب", "x" * 300, "word " * 200, "Llanfairpwllgwyngyll" * 9, "\U0001f600"]
)
def test_any_title_is_drawn(title):
    assert Image.open(BytesIO(social.draw(title, "Jane Austen"))).size == (1200, 630)


def test_a_machine_without_fonts_draws_with_the_one_of_pillow(monkeypatch):
    monkeypatch.setattr(social, "_FONT_FOLDERS", ("/nowhere/",))
    social._font.cache_clear()
    try:
        assert isinstance(social._font("DejaVuSerif.ttf", 40), ImageFont.FreeTypeFont | ImageFont.ImageFont)
        assert Image.open(BytesIO(social.draw("Persuasion", "Jane Austen"))).size == (1200, 630)
    finally:
        social._font.cache_clear()
