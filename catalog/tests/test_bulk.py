"""Pages in bulk: a sound tree, complete indexes, and pages like any other afterwards."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection, transaction
from modelsearch.backends import get_search_backend
from wagtail.models import Page, PageLogEntry, ReferenceIndex

from catalog.importers.bulk import add_children, add_to_references, add_to_search, rows_by_page
from catalog.importers.slugs import free_slugs, slug_of
from catalog.models import BookTag, CatalogPage, Contribution, Contributor, ProductImage, ProductPage, Tag
from catalog.tests.factories import book

NO_PROBLEMS = ([], [], [], [], [])


def bulk(parent: CatalogPage, *titles: str) -> list[ProductPage]:
    pages = [ProductPage(title=title, slug=slug_of(title)) for title in titles]
    with transaction.atomic():
        add_children(parent.pk, pages)
    return pages


def test_a_bulk_of_pages_leaves_a_sound_tree(books_page):
    book("Emma")

    bulk(books_page, "Ulysses", "Dubliners")
    bulk(books_page, "Exiles")

    assert Page.find_problems() == NO_PROBLEMS
    books_page.refresh_from_db()
    assert books_page.numchild == 4
    assert [page.title for page in books_page.get_children()] == ["Emma", "Ulysses", "Dubliners", "Exiles"]


def test_a_page_of_a_bulk_has_what_wagtail_would_have_given_it(books_page):
    (page,) = bulk(books_page, "Ulysses")

    row = ProductPage.objects.get(pk=page.pk)
    assert row.specific_class is ProductPage
    assert (row.live, row.has_unpublished_changes, row.url_path) == (True, False, f"{books_page.url_path}ulysses/")
    assert (row.draft_title, row.locale_id, row.depth) == ("Ulysses", books_page.locale_id, books_page.depth + 1)
    assert row.first_published_at == row.last_published_at is not None
    assert [entry.action for entry in PageLogEntry.objects.filter(page=row)] == ["wagtail.create"]


@pytest.mark.parametrize(
    "title", [r"\N", r"C:\new\table", "a\ttab", "two\nlines", "a\r\nb", "", "“Éa” 'b' \"c\" €", "\\."]
)
def test_every_character_arrives_as_it_was_written(books_page, title):
    page = ProductPage(title=title, slug="book", description=json.dumps([{"type": "text", "value": f"<p>{title}</p>"}]))

    with transaction.atomic():
        add_children(books_page.pk, [page])

    row = ProductPage.objects.get()
    assert (row.title, row.description.raw_data[0]["value"]) == (title, f"<p>{title}</p>")
    assert PageLogEntry.objects.get(page=row).data == {}


def test_pages_of_a_bulk_can_be_edited_published_copied_moved_and_deleted(books_page):
    edited, copied, moved, deleted = bulk(books_page, "One", "Two", "Three", "Four")

    page = ProductPage.objects.get(pk=edited.pk)
    page.title = "One again"
    page.save_revision().publish()
    ProductPage.objects.get(pk=copied.pk).copy(update_attrs={"slug": "two-copy"})
    Page.objects.get(pk=moved.pk).move(Page.objects.get(pk=edited.pk), "left")
    ProductPage.objects.get(pk=deleted.pk).delete()

    assert Page.find_problems() == NO_PROBLEMS
    titles = [page.title for page in CatalogPage.objects.get().get_children()]
    assert titles == ["Three", "One again", "Two", "Two"]


def test_an_empty_bulk_is_nothing(books_page):
    assert bulk(books_page) == []


def test_pages_of_a_bulk_are_found_in_the_search_of_the_admin(books_page):
    pages = bulk(books_page, "Ulysses", "Dubliners")

    add_to_search(ProductPage, pages)

    assert list(ProductPage.objects.search("ulysses")) == [pages[0]]
    assert list(ProductPage.objects.autocomplete("dubl")) == [pages[1]]


@pytest.mark.services
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the index of PostgreSQL")
def test_the_index_holds_what_the_library_would_have_written(books_page):
    from modelsearch.backends.database.postgres.postgres import IndexEntry, PostgresIndex

    pages = [*bulk(books_page, "The Sea, the Sea", "Œuvres"), book("Emma", subtitle="A comedy")]
    pages = list(ProductPage.objects.filter(pk__in=[page.pk for page in pages]))
    columns = ("object_id", "title", "autocomplete", "body", "title_text", "body_text")
    index = get_search_backend().get_index_for_model(ProductPage)

    PostgresIndex.add_items(index, ProductPage, pages)
    theirs = list(IndexEntry.objects.order_by("object_id").values_list(*columns))
    IndexEntry.objects.filter(object_id__in=[page.pk for page in pages]).update(title_text="", body_text="")
    index.add_items(ProductPage, pages)

    assert list(IndexEntry.objects.order_by("object_id").values_list(*columns)) == theirs


def references() -> set[tuple[str, str, str]]:
    return set(ReferenceIndex.objects.values_list("object_id", "to_object_id", "content_path"))


def test_references_are_those_that_wagtail_finds_page_by_page(books_page):
    page = book("Emma", tags=["Classics", "Love"], publisher="Virago", series="Novels")
    ReferenceIndex.create_or_update_for_object(page)
    theirs = references()
    ReferenceIndex.objects.all().delete()

    for _again in range(2):
        found = list(ProductPage.objects.filter(pk=page.pk))
        children = {
            "contributions": rows_by_page(Contribution, [page.pk]),
            "pictures": rows_by_page(ProductImage, [page.pk]),
            "book_tags": rows_by_page(BookTag, [page.pk]),
            "wagtail_admin_comments": {},
        }
        add_to_references(found, children)

        assert references() == {row for row in theirs if row[0] == str(page.pk)}


def test_references_that_are_gone_leave_the_index(books_page):
    (page,) = bulk(books_page, "Emma")
    tag = Tag.objects.create(name="Love", slug="love")
    row = BookTag.objects.create(page_id=page.pk, tag=tag)
    add_to_references(
        [page], {"book_tags": {page.pk: [row]}, "contributions": {}, "pictures": {}, "wagtail_admin_comments": {}}
    )
    assert len(references()) == 1

    add_to_references([page], {"book_tags": {}, "contributions": {}, "pictures": {}, "wagtail_admin_comments": {}})

    assert references() == set()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Pride & Prejudice", "pride-prejudice"),
        ("Война и мир", "война-и-мир"),
        ("紅樓夢", "紅樓夢"),
        ("¿?", "book"),
        ("-- Dash --", "dash"),
        ("x" * 300, "x" * 200),
        ("word " * 100, "-".join(["word"] * 40)),
    ],
)
def test_slugs_keep_letters_of_every_script(name, slug):
    assert slug_of(name, otherwise="book") == slug


def test_taken_slugs_get_the_surname_and_then_a_number():
    asked = []

    def taken(slugs):
        asked.append(set(slugs))
        return {"emma", "emma-austen-2"} & set(slugs)

    wishes = [["emma", "emma-austen"], ["emma", "emma-austen"], ["ulysses"], ["ulysses"], ["emma", "emma-austen"]]
    slugs = free_slugs(wishes, taken)

    assert slugs == ["emma-austen", "emma-austen-3", "ulysses", "ulysses-2", "emma-austen-4"]
    assert len(asked) == 3


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer; two only queue")
def test_two_bulks_and_an_editor_at_once_leave_a_sound_tree(shop):
    parent = CatalogPage.objects.get()
    barrier = threading.Barrier(3)
    failures = []

    def write(name):
        try:
            barrier.wait(timeout=20)
            for number in range(10):
                if name == "editor":
                    CatalogPage.objects.get().add_child(instance=ProductPage(title=f"{name} {number}"))
                else:
                    bulk(parent, *[f"{name} {number} {place}" for place in range(30)])
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two", "editor")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Page.find_problems() == NO_PROBLEMS
    assert CatalogPage.objects.get().numchild == 610


def test_new_names_are_found_in_the_search_of_the_admin(books_page):
    person = Contributor.objects.create(name="Maj Sjöwall", slug="maj-sjowall")

    add_to_search(Contributor, [person])

    backend = get_search_backend()
    assert list(backend.autocomplete("sjöw", Contributor)) == [person]
