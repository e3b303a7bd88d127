"""What one process changes, the others do not remember."""

from __future__ import annotations

from django.core.cache import caches
from wagtail.models import Site

from catalog.tests.factories import book
from core import generations
from core.models import SearchEngineSettings
from core.tests.processes import another_process
from home.models import HomePage


def test_a_process_begins_a_generation_for_all(db):
    before = generations.generation(generations.SITE)

    with another_process():
        generations.begin(generations.SITE)

    assert generations.generation(generations.SITE) != before


def test_a_generation_lasts_until_something_changes():
    assert generations.generation(generations.SITE) == generations.generation(generations.SITE)


def test_a_lost_mark_brings_nothing_old_back():
    first = generations.generation(generations.SITE)
    caches["pages"].clear()

    second = generations.generation(generations.SITE)
    caches["pages"].clear()

    assert len({first, second, generations.generation(generations.SITE)}) == 3


def test_a_home_page_published_by_the_clock_is_in_the_breadcrumbs_of_the_server(client, shop):
    book("Persuasion")
    assert client.get("/books/persuasion/").context["breadcrumbs"][0]["label"] == "BookTime"

    with another_process():
        home = HomePage.objects.get()
        home.title = "Home again"
        home.save_revision().publish()

    assert client.get("/books/persuasion/").context["breadcrumbs"][0]["label"] == "Home again"


def test_settings_for_search_engines_saved_elsewhere_hold_at_once(client, shop):
    client.get("/robots.txt")

    with another_process():
        SearchEngineSettings.objects.create(site=Site.objects.get(), robots_txt="User-agent: *\nDisallow: /private/\n")

    assert "Disallow: /private/" in client.get("/robots.txt").content.decode()
