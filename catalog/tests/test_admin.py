"""The catalogue in the Wagtail admin."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from accounts.models import User
from catalog import stock
from catalog.models import CatalogPage, Edition, ProductPage, SectionPage, Tag, TagIndexPage
from catalog.tests.factories import TagFactory, book, isbn, shelf


@pytest.fixture
def owner(client, db):
    """Somebody who may do everything, signed in."""
    user = User.objects.create_superuser("owner@booktime.example", "secret-for-tests")
    client.force_login(user)
    return user


def edition_form(edition: Edition, **changes) -> dict[str, object]:
    """What a browser sends back for the form of an edition."""
    return {
        "product": edition.product_id,
        "isbn": edition.isbn,
        "sku": edition.sku,
        "format": edition.format,
        "condition": edition.condition,
        "is_active": "on",
        "availability": edition.availability,
        "publication_precision": "day",
        "on_hand": "5",
        "on_hand_shown": "5",
        **changes,
    }


def edit_url(edition: Edition) -> str:
    return reverse("wagtailsnippets_catalog_edition:edit", args=[edition.pk])


def test_publishing_an_old_draft_changes_neither_price_nor_stock(books_page):
    page = book("Persuasion", price="7.99", in_stock=5)
    draft = page.save_revision()
    edition = page.editions.get()
    edition.prices.update(amount=Decimal("9.99"))
    stock.adjust(edition.pk, -2)

    draft.publish()

    edition = Edition.objects.get()
    assert edition.price("GBP").amount == Decimal("9.99")
    assert edition.stock.on_hand == 3


def test_a_copied_book_has_its_text_and_no_editions(books_page):
    page = book("Persuasion", tags=["Classics"])

    copy = page.copy(update_attrs={"slug": "persuasion-copy", "title": "Persuasion, annotated"})

    assert copy.editions.count() == 0
    assert [tag.tag.name for tag in copy.book_tags.all()] == ["Classics"]
    assert page.editions.count() == 1


def test_a_changed_slug_leaves_a_redirect(books_page, client, django_capture_on_commit_callbacks):
    page = book("Persuasion")

    page.slug = "persuasion-a-novel"
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()

    assert client.get("/books/persuasion-a-novel/").status_code == 200
    assert Redirect.objects.get().old_path == "/books/persuasion"
    moved = client.get("/books/persuasion/")
    assert (moved.status_code, moved["Location"]) == (301, "/books/persuasion-a-novel/")


def test_two_books_never_share_an_address(books_page, owner, client):
    book("Persuasion", slug="persuasion")
    other = book("Emma", slug="emma")

    other.slug = "persuasion"

    with pytest.raises(Exception, match="Another book has the address|already in use"):
        other.full_clean()


def test_the_page_editor_shows_editions_with_price_and_stock_and_links_to_their_forms(books_page, owner, client):
    page = book("Persuasion", price="7.99", in_stock=5)

    editor = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    assert edit_url(page.editions.get()) in editor
    assert f"?product={page.pk}" in editor
    assert "£7.99" in editor


def test_staff_set_the_stock_in_the_form_of_the_edition_and_prices_elsewhere(books_page, owner, client):
    edition = book("Persuasion", price="7.99", in_stock=5).editions.get()

    answer = client.post(edit_url(edition), edition_form(edition, shop_price="8.50", on_hand="12"))

    assert answer.status_code == 302
    edition = Edition.objects.get()
    assert edition.price("GBP").amount == Decimal("7.99")
    assert edition.stock.on_hand == 12


@pytest.mark.parametrize("model", [CatalogPage, TagIndexPage])
def test_the_pages_that_addresses_begin_with_stay_where_they_are(shop, model):
    page = model.objects.get()
    page.slug = "elsewhere"

    with pytest.raises(ValidationError, match="the addresses below it begin so"):
        page.full_clean()


def test_a_sale_while_the_form_was_open_is_not_undone(books_page, owner, client):
    edition = book("Persuasion", in_stock=5).editions.get()
    stock.allocate({edition.pk: 2})
    stock.consume({edition.pk: 2})

    client.post(edit_url(edition), edition_form(edition, on_hand="15", on_hand_shown="5"))

    assert Edition.objects.get().stock.on_hand == 13


def test_fewer_copies_than_are_promised_are_refused_with_the_number(books_page, owner, client):
    edition = book("Persuasion", in_stock=5).editions.get()
    stock.allocate({edition.pk: 4})

    answer = client.post(edit_url(edition), edition_form(edition, on_hand="3"))

    assert answer.status_code == 200
    assert "4 copies are promised" in answer.content.decode()
    assert Edition.objects.get().stock.on_hand == 5


def test_a_wrong_isbn_is_refused_with_its_value(books_page, owner, client):
    edition = book("Persuasion").editions.get()

    answer = client.post(edit_url(edition), edition_form(edition, isbn="978-0-14-143968-0"))

    assert answer.status_code == 200
    assert "978-0-14-143968-0" in answer.content.decode()


def test_an_isbn_with_hyphens_is_kept_as_thirteen_digits(books_page, owner, client):
    edition = book("Persuasion").editions.get()

    client.post(edit_url(edition), edition_form(edition, isbn="978-0-14-143968-6"))

    assert Edition.objects.get().isbn == "9780141439686"


def test_an_edition_is_added_from_the_page_of_its_book(books_page, owner, client):
    page = book("Persuasion", editions=0)
    add = reverse("wagtailsnippets_catalog_edition:add")

    assert f'value="{page.pk}"' in client.get(f"{add}?product={page.pk}").content.decode()
    new = Edition(product=page, isbn=isbn(77), format="hardback")
    client.post(add, edition_form(new, sku="", on_hand_shown="", shop_price="7.99"))

    edition = Edition.objects.get()
    assert (edition.product, edition.sku, edition.stock.on_hand) == (page, isbn(77), 5)
    assert edition.price("GBP").amount == Decimal("7.99")


def test_a_book_with_promised_copies_cannot_be_deleted(books_page, owner, client):
    page = book("Persuasion", in_stock=5)
    stock.allocate({page.editions.get().pk: 1})

    client.post(reverse("wagtailadmin_pages:delete", args=[page.pk]))

    assert ProductPage.objects.filter(pk=page.pk).exists()


def test_books_with_promised_copies_are_not_deleted_together_with_others(books_page, owner, client):
    promised, other = book("Persuasion", in_stock=5), book("Emma", in_stock=5)
    stock.allocate({promised.editions.get().pk: 1})
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"])

    back = reverse("wagtailadmin_explore", args=[books_page.pk])
    answer = client.post(f"{address}?id={promised.pk}&id={other.pk}&next={back}", follow=True)

    assert set(ProductPage.objects.all()) == {promised, other}
    assert "copies of “Persuasion” are promised to customers" in answer.content.decode()


@pytest.mark.parametrize("name", ["wagtailsnippets_catalog_edition:delete", "wagtail_bulk_action"])
def test_an_edition_with_promised_copies_cannot_be_deleted(books_page, owner, client, name):
    edition = book("Persuasion", in_stock=5).editions.get()
    stock.allocate({edition.pk: 1})
    arguments = [edition.pk] if name.startswith("wagtailsnippets") else ["catalog", "edition", "delete"]

    client.post(f"{reverse(name, args=arguments)}?id={edition.pk}")

    assert Edition.objects.filter(pk=edition.pk).exists()
    stock.release({edition.pk: 1})
    client.post(f"{reverse(name, args=arguments)}?id={edition.pk}")
    assert not Edition.objects.exists()


def test_a_section_with_a_book_of_promised_copies_cannot_be_deleted(books_page, owner, client):
    section = books_page.add_child(instance=SectionPage(title="Fiction", slug="fiction"))
    stock.allocate({book("Persuasion", parent=section, in_stock=5).editions.get().pk: 1})

    client.post(reverse("wagtailadmin_pages:delete", args=[section.pk]))

    assert ProductPage.objects.exists()


def test_the_explorer_of_the_catalogue_offers_no_manual_order(books_page, owner, client):
    shelf(f"Book {number}" for number in range(51))

    listing = client.get(reverse("wagtailadmin_explore", args=[books_page.pk]), {"ordering": "ord"})

    assert len(listing.context["object_list"]) == 50


@pytest.mark.parametrize(
    "name",
    ["books:index", "wagtailsnippets_catalog_edition:list", "wagtailsnippets_catalog_contributor:list",
     "wagtailsnippets_catalog_publisher:list", "wagtailsnippets_catalog_series:list",
     "wagtailsnippets_catalog_tag:list"],
)  # fmt: skip
def test_a_list_of_the_catalogue_costs_the_same_for_one_and_for_twenty(
    books_page, owner, client, name, django_assert_max_num_queries
):
    shelf(
        [f"Book {number}" for number in range(20)],
        contributors=lambda title: [f"Writer of {title}"],
        publisher=lambda title: f"House of {title}",
        series=lambda title: f"Series of {title}",
        tags=lambda title: [f"Tag of {title}"],
    )

    with django_assert_max_num_queries(32):
        assert client.get(reverse(name)).status_code == 200


def test_tags_move_between_databases_by_natural_key(db, tmp_path):
    TagFactory(name="Crime", description="Who did it")
    fixture = tmp_path / "tags.json"
    call_command("dumpdata", "catalog.tag", natural_primary=True, output=str(fixture))
    Tag.objects.all().delete()
    TagFactory(name="Crime", description="old words")

    call_command("loaddata", str(fixture))

    assert "pk" not in json.loads(fixture.read_text())[0]
    assert Tag.objects.get().description == "Who did it"
    assert [tag.object.slug for tag in serializers.deserialize("json", fixture.read_text())] == ["crime"]


def test_a_book_goes_through_the_editors_workflow(books_page, owner):
    page = book("Persuasion")
    page.title = "Persuasion, revised"
    revision = page.save_revision()

    workflow = page.get_workflow()
    state = workflow.start(page, owner)
    assert ProductPage.objects.get(pk=page.pk).title == "Persuasion"
    state.current_task_state.approve(user=owner)

    assert revision.pk == ProductPage.objects.get(pk=page.pk).live_revision_id
    assert ProductPage.objects.get(pk=page.pk).title == "Persuasion, revised"


def test_every_page_type_of_the_catalogue_has_search_and_card_fields(db):
    for model in Page.__subclasses__():
        assert ContentType.objects.get_for_model(model)
    for model in (ProductPage,):
        assert {field.name for field in model._meta.get_fields()} >= {"search_image", "search_description", "seo_title"}
