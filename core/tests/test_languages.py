"""The language is in the address, and in everything that the shop says and links to behind it."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import translation
from lxml import html

from catalog.models import ProductPage
from catalog.tests.factories import book
from commerce.tests.factories import UserFactory
from core import languages
from core.languages import speaking
from core.links import Goal, goal_of


def page_at(client, address):
    return html.fromstring(client.get(address).content.decode())


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/", ("en-gb", "/")),
        ("/books/emma/", ("en-gb", "/books/emma/")),
        ("/fr/", ("fr", "/")),
        ("/fr/books/emma/", ("fr", "/books/emma/")),
        ("/fr", ("en-gb", "/fr")),
        ("/french-novels/", ("en-gb", "/french-novels/")),
        ("/en-gb/books/", ("en-gb", "/en-gb/books/")),
        ("/de/books/", ("en-gb", "/de/books/")),
        ("//fr/x/", ("en-gb", "//fr/x/")),
    ],
)
def test_a_path_names_a_language_of_the_shop_or_it_is_the_first(path, told):
    assert languages.split(path) == told


def test_an_address_is_known_in_every_language_with_what_it_asks():
    both = [("en-gb", "/books/?page=2"), ("fr", "/fr/books/?page=2")]
    assert [(one.code, one.path) for one in languages.translations("/books/?page=2")] == both
    assert [(one.code, one.path) for one in languages.translations("/fr/books/?page=2")] == both


def test_a_shop_with_one_language_offers_no_other(client, shop, settings):
    settings.LANGUAGES = [("en-gb", "English")]

    assert languages.translations("/books/") == []
    assert client.get("/fr/books/").status_code == 404
    assert page_at(client, "/books/").xpath("//*[@hreflang]") == []


def test_a_page_speaks_the_language_of_its_address_and_stays_in_it(client, shop):
    book("Persuasion", editions=1)

    page = page_at(client, "/fr/books/persuasion/")

    assert page.get("lang") == "fr"
    assert page.xpath("//button[contains(., 'Ajouter au panier')]")
    inside = [link for link in page.xpath("//a/@href | //form/@action") if link.startswith("/")]
    assert [link for link in inside if not link.startswith("/fr/")] == ["/books/persuasion/"], "the way to English"
    assert page.xpath("//link[@rel='canonical']/@href") == ["http://localhost/fr/books/persuasion/"]


def test_the_next_visitor_is_spoken_to_in_the_language_of_their_own_address(client, shop):
    book("Persuasion", editions=1)
    for _ in range(2):  # the second time from the cache
        assert page_at(client, "/fr/books/persuasion/").get("lang") == "fr"
        assert page_at(client, "/books/persuasion/").get("lang") == "en-gb"
    assert (translation.get_language(), reverse("commerce:basket")) == ("en-gb", "/basket/")


def test_neither_the_browser_s_languages_nor_a_cookie_decide(client, shop):
    client.cookies["django_language"] = "fr"
    answer = client.get("/books/", headers={"accept-language": "fr"})

    assert b'lang="en-gb"' in answer.content
    assert "Accept-Language" not in answer.headers.get("Vary", "")


def test_a_path_without_its_slash_and_a_page_that_is_not_there(client, shop):
    assert client.get("/fr").headers["Location"] == "/fr/"
    assert client.get("/fr/books").headers["Location"] == "/fr/books/"
    missing = client.get("/fr/no-such-page/")
    assert (missing.status_code, b'lang="fr"' in missing.content) == (404, True)


def test_a_renamed_and_a_deleted_book_are_so_in_every_language(client, shop, django_capture_on_commit_callbacks):
    renamed, deleted = ProductPage.objects.get(pk=book("Persuasion").pk), book("Emma")
    renamed.slug = "persuasion-a-novel"
    with django_capture_on_commit_callbacks(execute=True):
        renamed.save_revision().publish()
        deleted.delete()

    answer = client.get("/fr/books/persuasion/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/fr/books/persuasion-a-novel/")
    assert client.get("/fr/books/emma/").status_code == 410


@pytest.mark.parametrize("path", ["/fr/basket/", "/fr/checkout/", "/fr/account/login/", "/fr/gift-cards/"])
def test_what_is_personal_is_so_in_every_language(client, shop, path):
    answer = client.get(path)

    assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_link_that_an_editor_writes_leads_somewhere_in_any_language(shop):
    book("Persuasion")

    goals = [goal_of(f"{where}/books/persuasion/", shop) for where in ("", "/fr", "/de")]

    assert goals == [Goal.THERE, Goal.THERE, Goal.NOWHERE]


def test_robots_are_kept_out_in_every_language(client, shop):
    rules = client.get("/robots.txt").content.decode()

    assert "Disallow: /account/\nDisallow: /fr/account/\n" in rules
    assert "\nSitemap: http://localhost/sitemap.xml\n" in rules


def test_who_signs_out_stays_in_the_language(client, shop):
    client.force_login(UserFactory())

    assert client.post("/fr/account/logout/").headers["Location"] == "/fr/"


@pytest.mark.parametrize("path", ["/fr/admin/", "/fr/django-admin/login/"])
def test_the_office_has_one_address(client, db, path):
    assert client.get(f"{path}?next=x").headers["Location"] == f"{path.removeprefix('/fr')}?next=x"


def test_words_and_addresses_of_a_language_end_with_it(db):
    with speaking("fr"):
        assert (translation.get_language(), reverse("commerce:basket")) == ("fr", "/fr/basket/")
        with speaking("tlh"):
            assert (translation.get_language(), reverse("commerce:basket")) == ("en-gb", "/basket/")
        assert reverse("commerce:basket") == "/fr/basket/"
    assert (translation.get_language(), reverse("commerce:basket")) == ("en-gb", "/basket/")


def test_who_signs_up_in_french_is_written_to_in_french(client, shop, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/fr/account/signup/", {"email": "ada@reader.example", "password1": "difference-engine-1843"})

    [letter] = mail.outbox
    assert "/fr/account/confirm-email/" in letter.body
    assert letter.subject.startswith("Confirmez")
