"""Sections: editors arrange the catalogue like a shop, and no book's address changes."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from wagtail.actions.copy_page import CopyPageAction
from wagtail.actions.create_alias import CreatePageAliasAction
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction

from accounts.models import User
from catalog.importers.load import load
from catalog.importers.records import Record
from catalog.models import ListingVersion, ProductPage, SectionPage
from catalog.tests.factories import book, isbn

NO_PROBLEMS = ([], [], [], [], [])


@pytest.fixture
def fiction(books_page) -> SectionPage:
    return books_page.add_child(instance=SectionPage(title="Fiction", slug="fiction"))


@pytest.fixture
def classics(fiction) -> SectionPage:
    return fiction.add_child(instance=SectionPage(title="Classics", slug="classics"))


@pytest.fixture
def persuasion(books_page):
    return book("Persuasion", slug="persuasion")


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    return partial(django_capture_on_commit_callbacks, execute=True)


@pytest.fixture
def owner(client, db) -> User:
    user = User.objects.create_superuser("owner@example.org", "a password")
    client.force_login(user)
    return user


@pytest.fixture
def move(commits):
    def move(page: Page, target: Page) -> None:
        with commits():
            Page.objects.get(pk=page.pk).move(Page.objects.get(pk=target.pk), "last-child")

    return move


def listed(response) -> list[str]:
    return [card.title for card in response.context["listing"].cards]


def way(response) -> list[str]:
    return [crumb["label"] for crumb in response.context["breadcrumbs"]]


def test_a_book_that_moves_into_a_section_keeps_its_address(persuasion, classics, move, client):
    move(persuasion, classics)

    answer = client.get("/books/persuasion/")
    assert answer.status_code == 200
    assert ProductPage.objects.get().get_full_url() == "http://localhost/books/persuasion/"
    assert Page.find_problems() == NO_PROBLEMS
    assert not Redirect.objects.exists()


def test_it_is_listed_in_every_section_around_it_and_in_the_catalogue(persuasion, fiction, classics, move, client):
    book("Ulysses")
    move(persuasion, classics)

    assert listed(client.get("/books/fiction/")) == listed(client.get("/books/fiction/classics/")) == ["Persuasion"]
    assert sorted(listed(client.get("/books/"))) == ["Persuasion", "Ulysses"]


def test_it_leaves_the_section_when_it_moves_out_again(persuasion, books_page, fiction, move, client):
    move(persuasion, fiction)
    move(persuasion, books_page)

    assert listed(client.get("/books/fiction/")) == []
    assert way(client.get("/books/persuasion/")) == ["BookTime", "Books", "Persuasion"]


def test_the_way_to_a_book_leads_through_its_sections(persuasion, classics, move, client):
    move(persuasion, classics)

    crumbs = client.get("/books/persuasion/").context["breadcrumbs"]

    assert [crumb["label"] for crumb in crumbs] == ["BookTime", "Books", "Fiction", "Classics", "Persuasion"]
    assert [client.get(crumb["url"]).status_code for crumb in crumbs[:-1]] == [200] * 4


def test_a_book_has_no_second_address_in_its_section(persuasion, fiction, move, client):
    move(persuasion, fiction)

    assert client.get("/books/fiction/persuasion/").status_code == 404


def test_the_catalogue_and_sections_lead_to_the_sections_below_that_are_public(books_page, classics, client):
    books_page.add_child(instance=SectionPage(title="Soon", slug="soon", live=False))
    private = books_page.add_child(instance=SectionPage(title="For the trade", slug="trade"))
    PageViewRestriction.objects.create(page=private, restriction_type=PageViewRestriction.LOGIN)

    assert 'href="/books/fiction/"' in (catalogue := client.get("/books/").content.decode())
    assert "/books/soon/" not in catalogue
    assert "/books/trade/" not in catalogue
    assert 'href="/books/fiction/classics/"' in client.get("/books/fiction/").content.decode()


def test_a_section_s_list_is_filtered_like_any(fiction, move, client):
    for title, form in (("Persuasion", "paperback"), ("Emma", "hardback")):
        move(book(title, format=form), fiction)

    assert listed(client.get("/books/fiction/", {"format": "hardback"})) == ["Emma"]


def test_another_title_of_a_section_is_on_the_way_to_its_books(persuasion, fiction, move, client, commits):
    move(persuasion, fiction)

    with commits():
        fiction = SectionPage.objects.get()
        fiction.title = "Novels"
        fiction.save_revision().publish()

    assert way(client.get("/books/persuasion/")) == ["BookTime", "Books", "Novels", "Persuasion"]


def test_another_address_of_a_section_leaves_a_redirect_and_its_books_where_they_are(
    persuasion, fiction, move, client, commits
):
    move(persuasion, fiction)

    with commits():
        fiction = SectionPage.objects.get()
        fiction.slug = "novels"
        fiction.save_revision().publish()

    assert client.get("/books/fiction/", follow=True).redirect_chain == [("/books/novels/", 301)]
    answer = client.get("/books/persuasion/")
    assert answer.status_code == 200
    assert [crumb["url"] for crumb in answer.context["breadcrumbs"]][2] == "/books/novels/"
    assert Redirect.objects.count() == 1


def test_a_section_that_is_unpublished_is_not_on_the_way_and_its_books_stay(
    persuasion, classics, fiction, move, client, commits
):
    move(persuasion, classics)

    with commits():
        SectionPage.objects.get(pk=fiction.pk).unpublish()

    assert client.get("/books/fiction/").status_code == 404
    assert way(client.get("/books/persuasion/")) == ["BookTime", "Books", "Classics", "Persuasion"]
    assert way(client.get("/books/fiction/classics/")) == ["BookTime", "Books", "Classics"]


def test_the_books_of_a_private_section_are_nobody_else_s(persuasion, fiction, move, client, commits):
    move(persuasion, fiction)

    with commits():
        PageViewRestriction.objects.create(page=fiction, restriction_type=PageViewRestriction.LOGIN)

    assert client.get("/books/persuasion/").status_code == 302
    assert listed(client.get("/books/")) == []


@pytest.mark.parametrize(("first", "second"), [(ProductPage, SectionPage), (SectionPage, ProductPage)])
def test_a_book_and_a_section_never_have_the_same_slug(books_page, classics, first, second):
    classics.add_child(instance=first(title="Emma", slug="emma"))

    with pytest.raises(ValidationError, match="emma"):
        books_page.add_child(instance=second(title="Emma", slug="emma"))


def test_an_imported_book_does_not_take_the_address_of_a_section(fiction, client):
    load([Record(position=1, isbn=isbn(1), title="Fiction")], source="a file")

    assert ProductPage.objects.get().slug != "fiction"
    assert client.get("/books/fiction/").context["page"].specific == fiction


def test_a_section_is_copied_without_its_books(persuasion, fiction, move, owner, client):
    move(persuasion, fiction)
    address = reverse("wagtailadmin_pages:copy", args=[fiction.pk])

    assert not {"copy_subpages", "alias"} & client.get(address).context["form"].fields.keys()
    client.post(address, {"new_title": "Novels", "new_slug": "novels", "new_parent_page": fiction.get_parent().pk})

    assert SectionPage.objects.get(slug="novels").get_children().count() == 0


def test_a_copied_book_needs_an_address_that_no_other_book_has(persuasion, fiction, owner, client):
    copy = {"new_title": "Persuasion", "new_slug": "persuasion", "new_parent_page": fiction.pk}

    answer = client.post(reverse("wagtailadmin_pages:copy", args=[persuasion.pk]), copy)

    assert "persuasion" in str(answer.context["form"].errors["new_slug"])
    assert ProductPage.objects.count() == 1


def test_sections_in_different_places_may_have_the_same_name(classics, books_page, owner, client):
    children = books_page.add_child(instance=SectionPage(title="Children", slug="children"))
    copy = {"new_title": "Classics", "new_slug": "classics", "new_parent_page": children.pk}

    client.post(reverse("wagtailadmin_pages:copy", args=[classics.pk]), copy)

    assert SectionPage.objects.child_of(children).get().slug == "classics"


@pytest.mark.parametrize("action", [partial(CopyPageAction, keep_live=True), CreatePageAliasAction])
def test_no_copy_of_a_whole_section_gives_two_books_one_address(persuasion, fiction, move, action):
    move(persuasion, fiction)
    target = {"update_attrs": {"slug": "novels"}} if isinstance(action, partial) else {"update_slug": "novels"}

    with pytest.raises(ValidationError, match="persuasion"), transaction.atomic():
        action(SectionPage.objects.get(), recursive=True, **target).execute(skip_permission_checks=True)

    assert ProductPage.objects.count() == 1


def test_the_preview_of_a_new_section_is_empty(persuasion, books_page, rf):
    place = Page._get_path(books_page.path, books_page.depth + 1, 99)

    preview = SectionPage(title="Soon", path=place, depth=books_page.depth + 1).get_context(rf.get("/books/"))

    assert preview["listing"].cards == []


def test_words_of_a_section_that_books_do_not_show_leave_their_rows_alone(persuasion, fiction, move, commits):
    move(persuasion, fiction)
    before = ListingVersion.objects.get().number

    with commits():
        section = SectionPage.objects.get()
        section.introduction = "<p>Made up.</p>"
        section.save_revision().publish()

    assert ListingVersion.objects.get().number == before


def test_a_section_whose_address_a_deleted_book_had_is_not_gone_for_good(books_page, persuasion, client, commits):
    with commits():
        ProductPage.objects.get().delete()
    assert client.get("/books/persuasion/").status_code == 410

    books_page.add_child(instance=SectionPage(title="Persuasion", slug="persuasion", live=False))

    assert client.get("/books/persuasion/").status_code == 404


def test_the_way_through_a_section_with_accents_is_written_as_browsers_do(books_page, persuasion, move, client):
    move(persuasion, books_page.add_child(instance=SectionPage(title="Poésie", slug="poésie")))

    crumb = client.get("/books/persuasion/").context["breadcrumbs"][2]

    assert crumb == {"label": "Poésie", "url": "/books/po%C3%A9sie/"}
    assert client.get(crumb["url"]).status_code == 200


def test_the_explorer_is_filtered_by_kind_of_page(persuasion, books_page, fiction, owner, client):
    kind = ContentType.objects.get_for_model(SectionPage).pk

    listing = client.get(reverse("wagtailadmin_explore", args=[books_page.pk]), {"content_type": kind})

    assert [page.title for page in listing.context["object_list"]] == ["Fiction"]


def test_the_explorer_shows_books_and_sections_together(persuasion, books_page, fiction, classics, owner, client):
    for parent, inside in ((books_page, {"Persuasion", "Fiction"}), (fiction, {"Classics"})):
        listing = client.get(reverse("wagtailadmin_explore", args=[parent.pk]))
        assert {page.title for page in listing.context["object_list"]} == inside


@pytest.mark.parametrize("address", ["/books/", "/books/fiction/", "/books/fiction/classics/"])
def test_lists_take_few_queries_however_many_books_and_sections(
    classics, client, django_assert_max_num_queries, address
):
    for number in range(30):
        book(f"Book {number}", parent=classics, tags=["Novels"])
        classics.add_child(instance=SectionPage(title=f"Part {number}", slug=f"part-{number}"))
    client.get(address)

    with django_assert_max_num_queries(10):
        assert client.get(address, {"sort": "title", "page": 2, "tag": "novels"}).status_code == 200
