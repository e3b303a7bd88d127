"""What every test may ask for."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from wagtail.models import Locale, Page, Site

from catalog.models import CatalogPage, TagIndexPage
from home.models import HomePage

pytest_plugins = ["tests.providers.fixtures"]

# --- A migrated SQLite database is kept for the next run: to migrate takes most of a minute ------------------------


def _kept_database() -> Path:
    """Where it is: named after all that it follows from."""
    sources = [*settings.BASE_DIR.glob("*/migrations/*.py"), *settings.BASE_DIR.glob("booktime/settings/*.py")]
    follows_from = b"".join(path.read_bytes() for path in [settings.BASE_DIR / "requirements.txt", *sorted(sources)])
    return settings.BASE_DIR / "var" / f"migrated-{hashlib.sha256(follows_from).hexdigest()[:16]}.sqlite3"


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    return connection.vendor == "sqlite" or request.config.getoption("reuse_db")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    if connection.vendor == "sqlite" and (kept := _kept_database()).exists():
        shutil.copy(kept, connection.settings_dict["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    if connection.vendor == "sqlite" and not (kept := _kept_database()).exists():
        kept.parent.mkdir(exist_ok=True)
        mine = kept.with_suffix(f".{os.getpid()}")
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(mine)])
        for outdated in kept.parent.glob("migrated-*.sqlite3"):
            outdated.unlink(missing_ok=True)
        mine.replace(kept)


# --- What tests ask for --------------------------------------------------------------------------------------------


@pytest.fixture
def shop(db) -> HomePage:
    """The pages that every shop has: home, books, tags, and a site that begins at home.

    The migrations made them. They are made again where a test before this one emptied the tables.
    """
    home = HomePage.objects.first() or _first_pages()
    Site.objects.update(hostname="localhost", port=80)
    return home


def _first_pages() -> HomePage:
    Locale.objects.get_or_create(language_code="en-gb")
    root = Page.objects.filter(depth=1).first() or Page.add_root(title="Root")
    home = root.add_child(instance=HomePage(title="BookTime", slug="home"))
    home.add_child(instance=CatalogPage(title="Books", slug="books", show_in_menus=True))
    home.add_child(instance=TagIndexPage(title="Tags", slug="tags", show_in_menus=True))
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
