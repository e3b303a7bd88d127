"""Contributors, publishers, series and tags whose slug was changed are found under their earlier address."""

from __future__ import annotations

import pytest
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from catalog.models import Contributor, Publisher, Series, Tag
from catalog.tests.factories import ContributorFactory, TagFactory, book


@pytest.fixture
def persuasion(shop):
    """A book with one of each."""
    return book("Persuasion", contributors=["Jane Austen"], tags=["Classics"], publisher="Virago", series="Novels")


def rename(thing, slug: str) -> None:
    thing.slug = slug
    thing.save()


def led(client, address: str) -> list[str]:
    """The steps from an address to a page that is there."""
    response = client.get(address, follow=True)
    assert response.status_code == 200
    assert all(status == 301 for _url, status in response.redirect_chain)
    return [url for url, _status in response.redirect_chain]


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        (Contributor, "/contributors/jane-austen/", "/contributors/moved/"),
        (Publisher, "/publishers/virago/", "/publishers/moved/"),
        (Series, "/series/novels/", "/series/moved/"),
        (Tag, "/tags/classics/", "/tags/moved/"),
        (Tag, "/feeds/tags/classics.rss", "/feeds/tags/moved.rss"),
        (Tag, "/feeds/tags/classics.atom", "/feeds/tags/moved.atom"),
    ],
)
def test_an_earlier_address_leads_to_the_new_one(client, persuasion, model, old, new):
    rename(model.objects.get(), "moved")

    assert led(client, old) == [new]


def test_an_address_keeps_what_is_asked_of_it_for_machines_and_people(client, persuasion):
    rename(Contributor.objects.get(), "jané-austen")

    assert led(client, "/contributors/jane-austen/?utm_source=letter") == ["/contributors/jan%C3%A9-austen/"]


def test_whatever_the_number_of_changes_there_is_one_step(client, persuasion):
    person = Contributor.objects.get()
    Redirect.objects.create(old_path="/jane", redirect_link="http://localhost/contributors/jane-austen/")
    for slug in ("austen", "miss-austen", "a-lady"):
        rename(person, slug)

    for earlier in ("jane-austen", "austen", "miss-austen"):
        assert led(client, f"/contributors/{earlier}/") == ["/contributors/a-lady/"]
    assert led(client, "/jane/") == ["http://localhost/contributors/a-lady/"]


def test_a_slug_that_is_taken_back_leads_nowhere_else(client, persuasion):
    person = Contributor.objects.get()
    rename(person, "miss-austen")
    rename(person, "jane-austen")

    assert led(client, "/contributors/jane-austen/") == []
    assert led(client, "/contributors/miss-austen/") == ["/contributors/jane-austen/"]


def test_a_slug_that_somebody_else_takes_is_theirs(client, persuasion):
    rename(Contributor.objects.get(), "miss-austen")
    book("Sanditon", contributors=["Jane Austen"])

    assert led(client, "/contributors/jane-austen/") == []

    rename(Contributor.objects.get(slug="jane-austen"), "another-lady")

    assert led(client, "/contributors/jane-austen/") == ["/contributors/another-lady/"]
    assert led(client, "/contributors/miss-austen/") == []


def test_two_who_swap_their_slugs_do_not_lead_in_a_circle(client, persuasion):
    one = Contributor.objects.get()
    book("Emma", contributors=["A Lady"])
    other = Contributor.objects.get(slug="a-lady")
    for thing, slug in ((one, "for-a-moment"), (other, "jane-austen"), (one, "a-lady")):
        rename(thing, slug)

    assert led(client, "/contributors/jane-austen/") == led(client, "/contributors/a-lady/") == []
    assert led(client, "/contributors/for-a-moment/") == ["/contributors/a-lady/"]


def test_every_site_has_redirects_of_its_own(client, persuasion, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
    rename(Contributor.objects.get(), "miss-austen")

    for host in ("localhost", "other.example"):
        response = client.get("/contributors/jane-austen/", headers={"host": host})
        assert (response.status_code, response["Location"]) == (301, "/contributors/miss-austen/")


def test_a_new_name_alone_moves_nothing(shop):
    person, tag = ContributorFactory(), TagFactory()
    person.name = tag.name = "Another name"
    person.save()
    tag.slug = "unsaved"
    tag.save(update_fields=["name"])

    assert not Redirect.objects.exists()


def test_an_address_too_long_for_a_redirect_is_no_hindrance(shop):
    rename(tag := TagFactory(slug="x" * 255), "short")

    tag.refresh_from_db()
    assert tag.slug == "short"
