"""What every test may ask for."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import caches
from wagtail.models import Locale, Page, Site

from catalog.models import CatalogPage, TagIndexPage
from home.models import HomePage

pytest_plugins = ["tests.providers.fixtures"]


@pytest.fixture
def shop(db) -> HomePage:
    """The pages that every shop has: home, books, tags, and a site that begins at home."""
    Locale.objects.get_or_create(language_code="en-gb")
    root = Page.objects.filter(depth=1).first() or Page.add_root(title="Root")
    Page.objects.filter(depth=2).delete()
    root = Page.objects.get(pk=root.pk)
    home = root.add_child(instance=HomePage(title="BookTime", slug="home"))
    home.add_child(instance=CatalogPage(title="Books", slug="books"))
    home.add_child(instance=TagIndexPage(title="Tags", slug="tags"))
    Site.objects.all().delete()
    Site.objects.create(hostname="localhost", port=80, root_page=home, is_default_site=True, site_name="BookTime")
    return home


@pytest.fixture
def books_page(shop: HomePage) -> CatalogPage:
    """The catalogue of the shop."""
    return CatalogPage.objects.get()


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    """No test sees what another one remembered."""
    for name in settings.CACHES:
        caches[name].clear()
