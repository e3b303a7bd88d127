"""Names and pictures on pages that were stored before they changed."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.core.cache import caches
from django.core.files.images import ImageFile
from django.urls import reverse
from PIL import Image

from catalog import indexing, tasks
from catalog.choices import Format
from catalog.models import Contributor, ProductImage, Publisher, SectionPage, Series, Tag, TagIndexPage, TagPage
from catalog.tests.factories import TagFactory, book
from catalog.tests.test_product import picture
from core import page_cache
from home.models import StandardPage
from home.tests.factories import contact_page, standard_page


@pytest.fixture(autouse=True)
def stored(settings):
    """Pages are stored, and no worker runs."""
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default", "slow"]}}


@pytest.fixture
def kept(monkeypatch) -> list[str]:
    """The keys of the pages that were stored."""
    keys: list[str] = []
    original = type(caches["pages"]).set

    def note(self, key, value, *args, **kwargs):
        if isinstance(value, page_cache.Entry):
            keys.append(key)
        return original(self, key, value, *args, **kwargs)

    monkeypatch.setattr(type(caches["pages"]), "set", note)
    return keys


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` what waits for the commit happens at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def persuasion(shop):
    """A book with one of each name, and a cover."""
    page = book("Persuasion", tags=["Classics"], publisher="Virago", series="Novels")
    ProductImage.objects.create(page=page, image=picture(description="A teal cover"))
    tasks.make_renditions.call(page_ids=[page.pk])
    return page


def text(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("model", "address"),
    [
        (Contributor, "/contributors/jane-austen/"),
        (Publisher, "/publishers/virago/"),
        (Series, "/series/novels/"),
        (Tag, "/tags/classics/"),
    ],
)
def test_a_new_name_is_on_its_page_and_its_books_without_waiting_for_the_worker(
    client, persuasion, commits, model, address
):
    shown = (address, "/books/persuasion/", "/books/")
    assert not any("Renamed" in text(client, path) for path in shown)

    with commits():
        thing = model.objects.get()
        thing.name = "Renamed"
        thing.save()

    assert "Renamed" in text(client, address)
    assert "Renamed" in text(client, "/books/persuasion/")
    assert ("Renamed" in text(client, "/books/")) is (model in {Contributor, Tag})


def test_of_many_books_the_worker_writes_the_names(client, persuasion, commits, monkeypatch):
    monkeypatch.setattr(indexing, "MANY", 0)
    text(client, "/contributors/jane-austen/")

    with commits():
        person = Contributor.objects.get()
        person.name = "Miss Austen"
        person.save()

    assert "Miss Austen" in text(client, "/contributors/jane-austen/")
    assert "Miss Austen" not in text(client, "/books/persuasion/")
    with commits():
        tasks.refresh_books_of.call(kind="contributor", pk=person.pk)
    assert "Miss Austen" in text(client, "/books/persuasion/")


def test_a_tag_without_books_follows_its_words(client, shop, commits):
    tag = TagFactory(name="Crime", description="Who did it?")
    page = TagPage(title="Crime", slug="crime", tag=tag)
    TagIndexPage.objects.get().add_child(instance=page).save_revision().publish()
    assert "Who did it?" in text(client, "/tags/crime/")

    with commits():
        tag.description = "And why?"
        tag.save()

    assert "And why?" in text(client, "/tags/crime/")


def test_an_earlier_address_leads_on_at_once(client, persuasion, commits):
    text(client, "/contributors/jane-austen/")

    with commits():
        person = Contributor.objects.get()
        person.slug = "miss-austen"
        person.save()

    response = client.get("/contributors/jane-austen/")
    assert (response.status_code, response["Location"]) == (301, "/contributors/miss-austen/")
    assert "/contributors/miss-austen/" in text(client, "/books/persuasion/")


def test_a_tag_that_was_deleted_is_gone_from_the_lists(client, persuasion, commits):
    assert "Classics" in text(client, "/tags/")

    with commits():
        Tag.objects.get().delete()

    assert "Classics" not in text(client, "/tags/")
    assert "Classics" not in text(client, "/books/persuasion/")


def test_a_portrait_is_on_its_page_as_soon_as_it_is_made(client, persuasion, commits):
    person = Contributor.objects.get()
    person.photo = picture(description="Jane Austen in a chair")
    with commits():
        person.save()
    assert "in a chair" not in text(client, "/contributors/jane-austen/")

    with commits():
        tasks.make_portrait.call(image_id=person.photo_id)

    assert "in a chair" in text(client, "/contributors/jane-austen/")


def test_a_new_description_of_a_picture_is_wherever_it_is_read_out(client, persuasion, commits):
    cover = ProductImage.objects.get().image
    Contributor.objects.update(photo=cover)
    shown = ("/books/persuasion/", "/contributors/jane-austen/")
    assert all("A teal cover" in text(client, path) for path in shown)

    with commits():
        cover.description = "A green cover"
        cover.save()

    for path in shown:
        assert "A green cover" in text(client, path)
        assert "A teal cover" not in text(client, path)


@pytest.fixture
def company_page(shop):
    """`company_page(image)` is a page of the company with a picture."""

    def make(image):
        page = StandardPage(title="About us", slug="about-us")
        page.body = [("picture", {"image": image, "alt": "A cover", "caption": ""})]
        shop.add_child(instance=page).save_revision().publish()
        return page

    return make


def files_on(client, address: str) -> set[str]:
    """The names of the pictures on a page."""
    return set(re.findall(r"/media/images/[^ \"]+", text(client, address)))


def test_a_picture_that_was_deleted_is_on_no_page(client, persuasion, company_page, commits):
    image = ProductImage.objects.get().image
    company_page(image)
    shown = ("/books/persuasion/", "/books/", "/about-us/")
    assert all(files_on(client, path) for path in shown)

    with commits():
        image.delete()

    assert not any(files_on(client, path) for path in shown)


def test_no_page_shows_a_file_that_an_editor_replaced(admin_client, client, persuasion, company_page, commits):
    image = ProductImage.objects.get().image
    company_page(image)
    shown = ("/books/persuasion/", "/books/", "/about-us/")
    before = {path: files_on(client, path) for path in shown}
    assert all(before.values())
    file = BytesIO()
    Image.new("RGB", (900, 1200), "navy").save(file, "PNG")
    file.seek(0)

    with commits():
        changed = {"title": "A cover", "description": "A navy cover", "file": ImageFile(file, "navy.png"), "tags": ""}
        response = admin_client.post(reverse("wagtailimages:edit", args=[image.pk]), changed)

    assert response.status_code == 302
    assert not any(files_on(client, path) & before[path] for path in shown)
    with commits():
        tasks.make_renditions.call(page_ids=[persuasion.pk])
    assert all(files_on(client, path) for path in shown)


# --- What is asked for and what is not there -----------------------------------------------------


@pytest.fixture
def address(persuasion, shop):
    """`address("/books/…")`: the number of the edition filled in."""
    standard_page(shop)
    contact_page(shop)
    isbn = persuasion.editions.get().isbn
    return lambda text: text.replace("ISBN", isbn)


@pytest.mark.parametrize(
    "asked",
    [
        "/books/", "/books/?page=1", "/books/?sort=newest", "/books/?sort=title", "/books/?format=paperback",
        "/books/?format=paperback&format=hardback&availability=now&price=5-10", "/books/?language=en",
        "/books/?tag=classics", "/tags/classics/?language=en", "/contributors/jane-austen/?sort=price",
        "/books/persuasion/?edition=ISBN", "/books/persuasion/?picture=1", "/contact-us/?sent=1",
        "/about-us/?utm_source=letter",
    ],
)  # fmt: skip
def test_what_a_page_understands_is_stored(client, address, kept, asked, django_assert_num_queries):
    client.get(address(asked))

    assert len(kept) == 1
    with django_assert_num_queries(0):
        assert client.get(address(asked)).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        "/books/?page=001", "/books/?sort=strange", "/books/?format=scroll", "/books/?format=paperback&format=scroll",
        "/books/?language=tlh", "/books/?tag=no-such-tag", "/tags/classics/?availability=x",
        "/contributors/jane-austen/?edition=1", "/books/persuasion/?edition=9780000000000",
        "/books/persuasion/?picture=2", "/books/persuasion/?picture=01", "/books/persuasion/?page=2",
        "/contact-us/?sent=2", "/about-us/?edition=ISBN", "/?tag=classics", "/tags/?sort=title",
    ],
)  # fmt: skip
def test_what_a_page_does_not_understand_fills_no_cache(client, address, kept, asked):
    assert client.get(address(asked)).status_code == 200

    assert kept == []


def test_a_value_longer_than_any_name_is_not_seen(client, address, django_assert_num_queries):
    client.get("/books/")

    with django_assert_num_queries(0):
        assert "xxxx" not in text(client, f"/books/?tag={'x' * 256}")


def test_a_value_said_twice_is_said_once(client, address, django_assert_num_queries):
    client.get("/books/?format=paperback")

    with django_assert_num_queries(0):
        client.get("/books/?format=paperback&format=paperback")


def test_a_list_of_every_format_is_stored_once(client, address, kept):
    for values in (Format.values, reversed(Format.values)):
        client.get(f"/books/?{'&'.join(f'format={value}' for value in values)}")

    assert len(kept) == 1


def test_a_section_is_on_the_stored_catalogue_as_it_is(books_page, client, commits):
    assert "Fiction" not in client.get("/books/").content.decode()

    with commits():
        section = books_page.add_child(instance=SectionPage(title="Fiction", slug="fiction", live=False))
        section.save_revision().publish()
    assert 'href="/books/fiction/"' in client.get("/books/").content.decode()

    with commits():
        section.refresh_from_db()
        section.title = "Novels"
        section.save_revision().publish()
    assert "Novels" in client.get("/books/").content.decode()

    with commits():
        SectionPage.objects.get().delete()
    assert "/books/fiction/" not in client.get("/books/").content.decode()
