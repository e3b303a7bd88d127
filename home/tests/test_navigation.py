"""Menus and footer: what they show, and that a change is seen at once."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from wagtail.models import Site

from catalog.models import CatalogPage
from catalog.tests.factories import book
from core.tests.processes import another_process
from home.context_processors import site as context_of
from home.models import FooterMenuItem, FooterSettings, MainMenuItem, Menus
from home.tests.factories import standard_page


@pytest.fixture
def menus(shop):
    return Menus.for_site(Site.objects.get())


@pytest.fixture
def read(rf, shop):
    """Menus and footer as a template is given them."""

    def read() -> dict:
        return context_of(rf.get("/", HTTP_HOST="localhost"))

    return read


OF_EVERY_SHOP = [("Books", "/books/"), ("Tags", "/tags/")]


def labels(entries):
    return [(entry["label"], entry["url"]) for entry in entries]


def test_without_any_setting_the_menu_shows_the_pages_that_ask_for_it(read, shop):
    standard_page(shop, show_in_menus=True)
    standard_page(shop, title="Privacy", slug="privacy")
    draft = standard_page(shop, title="Draft", slug="draft", show_in_menus=True)
    draft.unpublish()

    context = read()

    assert labels(context["menus"]["main"]) == [*OF_EVERY_SHOP, ("About us", "/about-us/")]
    assert context["menus"]["footer"] == []
    assert context["footer"]["phone"] == ""
    assert (context["site_name"], context["currency"]) == ("BookTime", "GBP")


def test_menus_show_pages_and_addresses_in_the_order_of_the_editor(read, menus):
    books = CatalogPage.objects.get()
    menus.main_items = [
        MainMenuItem(path="/books/?sort=newest", label="New", sort_order=0),
        MainMenuItem(page_id=books.pk, sort_order=1),
        MainMenuItem(page_id=books.pk, label="All our books", sort_order=2),
    ]
    menus.footer_items = [FooterMenuItem(path="https://example.org/", label="Elsewhere", sort_order=0)]
    menus.save()

    context = read()

    assert labels(context["menus"]["main"]) == [
        ("New", "/books/?sort=newest"),
        ("Books", "/books/"),
        ("All our books", "/books/"),
    ]
    assert labels(context["menus"]["footer"]) == [("Elsewhere", "https://example.org/")]


def test_an_unpublished_page_leaves_the_menu_and_a_deleted_one_too(read, menus, shop):
    about, privacy = standard_page(shop), standard_page(shop, title="Privacy", slug="privacy")
    menus.main_items = [
        MainMenuItem(path="/books/", label="Books"),
        MainMenuItem(page_id=about.pk),
        MainMenuItem(page_id=privacy.pk),
    ]
    menus.save()
    assert len(read()["menus"]["main"]) == 3

    about.unpublish()
    assert labels(read()["menus"]["main"]) == [("Books", "/books/"), ("Privacy", "/privacy/")]

    privacy.delete()
    assert labels(read()["menus"]["main"]) == [("Books", "/books/")]


def test_a_new_title_or_address_of_a_page_is_in_the_menu_at_once(read, menus, shop):
    about = standard_page(shop)
    menus.main_items = [MainMenuItem(page_id=about.pk)]
    menus.save()
    assert labels(read()["menus"]["main"]) == [("About us", "/about-us/")]

    about.title, about.slug = "Who we are", "who-we-are"
    about.save_revision().publish()

    assert labels(read()["menus"]["main"]) == [("Who we are", "/who-we-are/")]


def test_what_the_clock_publishes_or_withdraws_is_in_the_menu_of_the_server_at_once(read, menus, shop):
    about = standard_page(shop)
    menus.main_items = [MainMenuItem(page_id=about.pk)]
    menus.save()
    read()["menus"]["main"][0]

    with another_process():
        about.title = "Who we are"
        about.save_revision().publish()
    assert labels(read()["menus"]["main"]) == [("Who we are", "/about-us/")]

    with another_process():
        about.unpublish()
    assert labels(read()["menus"]["main"]) == OF_EVERY_SHOP, "as where there is no menu"


def test_a_book_in_the_menu_follows_its_page(read, menus, shop):
    page = book("Persuasion")
    menus.main_items = [MainMenuItem(page_id=page.pk), MainMenuItem(path="/books/", label="Books")]
    menus.save()
    assert labels(read()["menus"]["main"])[0] == ("Persuasion", "/books/persuasion/")

    page.title, page.slug = "Persuaded", "persuaded"
    page.save_revision().publish()
    assert labels(read()["menus"]["main"])[0] == ("Persuaded", "/books/persuaded/")

    page.unpublish()
    assert labels(read()["menus"]["main"]) == [("Books", "/books/")]


def test_a_change_of_the_footer_is_seen_at_once(read, shop):
    assert read()["footer"]["phone"] == ""

    footer = FooterSettings.for_site(Site.objects.get())
    footer.phone = "01632 960417"
    footer.save()

    assert read()["footer"]["phone"] == "01632 960417"


def test_warm_menus_need_no_query(read, rf, menus, django_assert_num_queries):
    request = rf.get("/", HTTP_HOST="localhost")
    request._wagtail_site = Site.objects.get()
    str(read()["menus"]["main"])

    with django_assert_num_queries(0):
        context = context_of(request)
        assert (context["menus"]["footer"], context["footer"]["about"]) == ([], "")


def test_nothing_is_read_where_nothing_is_shown(rf, shop, django_assert_num_queries):
    with django_assert_num_queries(0):
        context_of(rf.get("/"))


def test_a_request_without_a_site_gets_empty_menus(rf, db):
    Site.objects.all().delete()

    context = context_of(rf.get("/"))

    assert (context["menus"]["main"], context["footer"].get("about")) == ([], None)


@pytest.mark.parametrize(
    "path", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "books/", "/a b"]
)
def test_an_entry_leads_to_a_path_of_the_shop_or_to_a_web_address(menus, path):
    with pytest.raises(ValidationError, match="Begin with /"):
        MainMenuItem(menus=menus, path=path, label="Books").full_clean()


def test_an_entry_is_a_page_or_an_address_with_a_label(menus):
    books = CatalogPage.objects.get()
    for wrong in ({}, {"page": books, "path": "/books/", "label": "Books"}, {"path": "/books/"}):
        with pytest.raises(ValidationError):
            MainMenuItem(menus=menus, **wrong).full_clean()
    MainMenuItem(menus=menus, page=books.page_ptr).full_clean()
    MainMenuItem(menus=menus, path="/books/", label="Books").full_clean()


@pytest.mark.parametrize("name", ["menus", "footersettings"])
def test_editors_find_menus_and_footer_among_the_settings(admin_client, shop, name):
    response = admin_client.get(f"/admin/settings/home/{name}/", follow=True)

    assert response.status_code == 200
