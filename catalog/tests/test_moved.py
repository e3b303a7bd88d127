"""Contributors, publishers, series and tags whose slug was changed are found under their earlier address."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from catalog.models import Contributor, Publisher, Series, Tag, TagIndexPage, TagPage
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


@pytest.mark.parametrize("prefix", ["", "/fr"])
def test_a_list_that_was_filtered_by_a_tag_still_is(client, persuasion, prefix):
    book("Emma", tags=["Comedies"])
    rename(Tag.objects.get(slug="classics"), "ältere")

    [card] = client.get(f"{prefix}/books/?tag=classics").context["listing"].cards

    assert card.title == "Persuasion"


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


def tag_page(tag: Tag, **fields) -> TagPage:
    page = TagIndexPage.objects.get().add_child(instance=TagPage(**{"title": tag.name, "tag": tag, **fields}))
    page.save_revision().publish()
    return page


def test_the_page_of_a_tag_moves_with_it(client, persuasion, django_capture_on_commit_callbacks):
    page = tag_page(Tag.objects.get(), introduction="<p>Read for a hundred years.</p>")
    draft = page.save_revision()

    with django_capture_on_commit_callbacks(execute=True):
        rename(Tag.objects.get(), "moved")

    assert led(client, "/tags/classics/") in (["/tags/moved/"], ["http://localhost/tags/moved/"])
    assert "<p>Read for a hundred years.</p>" in client.get("/tags/moved/").content.decode()
    draft.publish()
    assert TagPage.objects.get().slug == "moved"


def test_a_tag_page_stands_at_its_tag_whatever_its_slug_was_to_be(client, persuasion):
    page = tag_page(Tag.objects.get(), slug="old-books", title="Old books")
    assert (page.slug, page.url) == ("classics", "/tags/classics/")

    page.slug = "older-books"
    page.save_revision().publish()

    assert TagPage.objects.get().url == "/tags/classics/"
    assert client.get("/tags/older-books/").status_code == 404


def test_a_tag_has_one_page(admin_client, persuasion):
    index = TagIndexPage.objects.get()
    tag_page(Tag.objects.get())
    form = {"title": "Again", "tag": str(Tag.objects.get().pk), "introduction": "null", "action-publish": "1",
            "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0"}  # fmt: skip

    refused = admin_client.post(f"/admin/pages/add/catalog/tagpage/{index.pk}/", form)
    other = admin_client.post(
        f"/admin/pages/add/catalog/tagpage/{index.pk}/", {**form, "tag": str(TagFactory(name="Poems").pk)}
    )

    assert refused.context["form"].errors == {"tag": ["That tag has a page already."]}
    assert other.status_code == 302
    assert list(TagPage.objects.order_by("pk").values_list("slug", flat=True)) == ["classics", "poems"]


def test_pages_that_stood_elsewhere_are_moved_with_a_redirect_and_a_second_one_is_left(client, persuasion):
    """As shops have them that were made before."""
    index, tag = TagIndexPage.objects.get(), Tag.objects.get()
    page = tag_page(tag)
    TagPage.objects.update(slug="old-books", url_path=f"{index.url_path}old-books/")
    migration = import_module("catalog.migrations.0012_tag_pages_at_their_tags")

    migration.move(apps, None)

    assert TagPage.objects.get().url == "/tags/classics/"
    assert led(client, "/tags/old-books/") == ["/tags/classics/"]

    second = tag_page(TagFactory(name="Poems"))
    TagPage.objects.filter(pk=second.pk).update(tag=tag)

    migration.move(apps, None)

    assert sorted(TagPage.objects.values_list("slug", flat=True)) == ["classics", "poems"]
    assert page.pk == TagPage.objects.get(slug="classics").pk
