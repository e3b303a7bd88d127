"""A fresh database is a usable site, before anybody has set anything up."""

from __future__ import annotations

import importlib

from django.apps import apps
from wagtail.models import Page, Site

from catalog.models import CatalogPage, TagIndexPage
from catalog.tests.factories import book
from home.models import HomePage

first_pages = importlib.import_module("home.migrations.0002_first_pages")


def test_a_fresh_database_has_home_catalogue_and_tags_under_the_default_site(db, client):
    home = HomePage.objects.get()

    assert Site.objects.get(is_default_site=True).root_page_id == home.pk
    assert CatalogPage.objects.child_of(home).get().url == "/books/"
    assert TagIndexPage.objects.child_of(home).get().url == "/tags/"
    assert Page.find_problems() == ([], [], [], [], [])
    assert [client.get(path).status_code for path in ("/", "/books/", "/tags/")] == [200, 200, 200]


def test_books_can_be_put_under_the_first_catalogue(db, client):
    book("Persuasion")

    assert client.get("/books/persuasion/").status_code == 200


def test_a_site_that_somebody_made_is_left_alone(shop):
    before = list(Page.objects.values_list("pk", "title"))

    first_pages.make_first_pages(apps, None)

    assert list(Page.objects.values_list("pk", "title")) == before
