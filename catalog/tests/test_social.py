"""Drawn pictures for social networks."""

from __future__ import annotations

from io import BytesIO

import pytest
from lxml import html
from PIL import Image, ImageFont

from catalog import social
from catalog.models import ProductPage
from catalog.tests.factories import book
from catalog.tests.test_feeds import pictured


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
