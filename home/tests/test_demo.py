"""The demo shop: complete, loaded once, and never where strangers could sign in."""

from __future__ import annotations

import io

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from wagtail.models import Page, Revision

from accounts.forms import AddressForm
from accounts.models import Address, User
from catalog.models import Edition, ProductPage, Tag, TagPage
from home.demo import load
from home.models import FooterSettings, HomePage, Menus


def demo(**options) -> str:
    out = io.StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def local(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"


def test_the_demo_shop_is_complete_its_shelves_are_full_and_a_second_run_changes_nothing(shop, local, client):
    said = demo()

    assert "The demo shop is ready." in said
    for person in load.PEOPLE:
        assert person.email in said
        assert authenticate(username=person.email, password="booktime-demo").email == person.email
        assert EmailAddress.objects.get(email=person.email).verified
        groups = list(User.objects.get(email=person.email).groups.values_list("name", flat=True))
        assert groups == ([person.group] if person.group else [])
    assert list(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == ["owner@booktime.example"]
    reader = Address.objects.get()
    assert reader.user.email == "reader@booktime.example"
    typed = {name: getattr(reader, name) for name in ("full_name", "line_1", "line_2", "town", "postcode")}
    assert AddressForm({**typed, "country": "GB"}, instance=reader).errors == {}
    assert Edition.objects.count() == 150
    assert TagPage.objects.count() == Tag.objects.count() == 12
    assert not TagPage.objects.filter(introduction="").exists()
    assert {block.block_type for block in HomePage.objects.get().body} == {
        "hero", "shelf", "staff_picks", "quote", "latest", "text",
    }  # fmt: skip
    assert (Menus.objects.get().main_items.count(), Menus.objects.get().footer_items.count()) == (4, 4)
    assert FooterSettings.objects.get().phone == "01632 960417"

    for path in ("/", "/books/", "/tags/", "/tags/women-who-wrote/", "/about-us/", "/contact-us/",
                 "/delivery-and-returns/", "/privacy/", "/books/the-odyssey/"):  # fmt: skip
        response = client.get(path)
        assert (path, response.status_code) == (path, 200)
        assert "&lt;p&gt;" not in response.content.decode(), path
    promised = client.get("/delivery-and-returns/").content.decode()
    assert "Choose collection in the checkout" in promised
    assert "BookTime, Merrowbridge" in list(
        apps.get_model("commerce", "PickupPoint").objects.values_list("name", flat=True)
    )
    content = client.get("/").content.decode()
    assert "The long way home" in content
    assert "Nell, who owns the place" in content

    contexts = [block.block.get_context(block.value) for block in HomePage.objects.get().body]
    assert len(next(context["picks"] for context in contexts if "picks" in context)) == 6
    assert all(len(context["cards"]) >= 4 for context in contexts if "cards" in context)
    assert next(context["card"] for context in contexts if "card" in context).title == "The Odyssey"

    counts = [model.objects.count() for model in (Page, Revision, Edition, User)]
    assert "The demo shop is there already." in demo()
    assert [model.objects.count() for model in (Page, Revision, Edition, User)] == counts


def test_invented_titles_are_added_once(shop, local, monkeypatch):
    monkeypatch.setattr(load, "load", lambda: None)

    demo(books=20)
    titles, editions = ProductPage.objects.count(), Edition.objects.count()
    said = demo(books=20)

    assert titles == 20
    assert f"Invented editions: 0 made, {editions} there already." in said
    assert (ProductPage.objects.count(), Edition.objects.count()) == (titles, editions)


def test_it_refuses_where_the_shop_is_open_to_strangers(shop, settings):
    settings.SITE_URL, settings.DEBUG = "https://books.example.com", False

    with pytest.raises(CommandError, match="--force"):
        demo()

    assert not User.objects.exists()
    assert not ProductPage.objects.exists()


@pytest.mark.parametrize(
    ("site_url", "debug", "force"),
    [
        ("http://localhost:8000", False, False),
        ("http://[::1]:8000", False, False),
        ("http://shop.localhost", False, False),
        ("https://books.example.com", True, False),
        ("https://books.example.com", False, True),
    ],
)
def test_it_loads_on_this_machine_while_developing_or_by_force(shop, settings, monkeypatch, site_url, debug, force):
    settings.SITE_URL, settings.DEBUG = site_url, debug
    monkeypatch.setattr(load, "load", lambda: None)

    assert "The demo shop is ready." in demo(force=force)
