"""The page of a book."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.images import ImageFile
from django.utils import timezone
from PIL import Image
from wagtail.contrib.redirects.models import Redirect
from wagtail.images import get_image_model
from wagtail.models import PageLogEntry, Revision

from catalog import indexing, tasks
from catalog.choices import Role
from catalog.faces import byline
from catalog.models import Contribution, Edition, ProductImage, ProductPage
from catalog.tests.factories import ContributorFactory, EditionFactory, book, shelf


def picture(width: int = 900, height: int = 1200, description: str = "") -> object:
    file = BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    file.seek(0)
    return get_image_model().objects.create(title="A cover", description=description, file=ImageFile(file, "cover.png"))


def page_of(client, address: str = "/books/persuasion/"):
    response = client.get(address)
    assert response.status_code == 200
    return response


def test_a_book_shows_its_face(client, shop):
    book(
        "Persuasion", subtitle="A novel", tags=["Classics"], publisher="Virago", imprint="Green", series="Novels",
        series_number="6", short_description="Eight years later.",
    )  # fmt: skip

    response = page_of(client)
    shown = response.context["book"]

    assert (shown.title, shown.subtitle, shown.byline, shown.imprint) == (
        "Persuasion",
        "A novel",
        "Jane Austen",
        "Green",
    )
    assert shown.publisher == {"name": "Virago", "url": "/publishers/virago/"}
    assert shown.series == {"name": "Novels", "url": "/series/novels/", "number": "6"}
    assert shown.tags == [{"name": "Classics", "url": "/tags/classics/"}]
    assert shown.contributor_lines[0]["label"] == "By"
    assert shown.contributors[0]["role_label"] == "Author"
    assert response.context["canonical_url"] == "http://localhost/books/persuasion/"
    assert response.context["breadcrumbs"] == [
        {"label": "BookTime", "url": "/"},
        {"label": "Books", "url": "/books/"},
        {"label": "Persuasion", "url": ""},
    ]
    page = response.content.decode()
    assert '<meta name="description" content="Eight years later.">' in page
    assert "data-price" in page
    assert "data-availability" in page


def test_an_edition_is_chosen_by_its_number(client, shop):
    page = book("Persuasion", editions=0)
    EditionFactory(
        product=page, format="hardback", isbn="9780306406157", price="20.00", pages=1320, height_mm=198, width_mm=129
    )
    paperback = EditionFactory(product=page, format="paperback", price="7.99")

    first = page_of(client).context["book"]
    chosen = page_of(client, "/books/persuasion/?edition=9780306406157").context["book"]
    unknown = page_of(client, "/books/persuasion/?edition=%00nothing").context["book"]

    assert [edition.format_label for edition in first.editions] == ["Paperback", "Hardback"]
    assert (first.edition.pk, unknown.edition.pk) == (paperback.pk, paperback.pk)
    assert (chosen.edition.isbn_hyphenated, str(chosen.edition.price)) == ("978-0-306-40615-7", "£20.00")
    assert chosen.edition.url == "/books/persuasion/?edition=9780306406157"
    assert (chosen.edition.can_buy, chosen.edition.buy_label) == (True, "Add to basket")
    assert {fact["label"]: fact["value"] for fact in chosen.edition.facts} == {
        "Published": "7 August 2006",
        "Pages": "1,320",
        "Language": "English",
        "ISBN": "978-0-306-40615-7",
        "Dimensions": "198 × 129 mm",
        "Weight": "250 g",
    }
    assert chosen.editions[1].selected is True


def test_pictures_belong_to_the_edition_that_was_chosen_and_a_series_to_the_books_of_its_publisher(client, shop):
    page = book("Persuasion", editions=0, publisher="Penguin", series="Penguin Classics")
    EditionFactory(product=page, imprint="Penguin", format="paperback")
    EditionFactory(product=page, imprint="Naxos", format="audio-cd", isbn="9780306406157")
    for image in (picture(300, 400), picture(300, 400)):
        ProductImage.objects.create(page=page, image=image)
    indexing.refresh([page.pk])
    tasks.make_renditions.call(page_ids=[page.pk])

    first, second = page_of(client), page_of(client, "/books/persuasion/?edition=9780306406157")

    assert [one["page_url"] for one in first.context["book"].gallery] == ["?picture=1", "?picture=2"]
    assert second.context["book"].gallery[1]["page_url"] == "?edition=9780306406157&picture=2"
    both = page_of(client, "/books/persuasion/?edition=9780306406157&picture=2").context["book"]
    assert (both.edition.format, both.picture) == ("audio-cd", 1)
    said = 'class="product__series"'
    assert (said in first.content.decode(), said in second.content.decode()) == (True, False)


def test_an_edition_that_is_off_sale_is_not_shown_and_one_that_may_not_be_sold_cannot_be_bought(client, shop):
    page = book("Persuasion", editions=0)
    off = EditionFactory(product=page, format="hardback")
    kept = EditionFactory(product=page, format="paperback")
    Edition.objects.filter(pk=off.pk).update(is_active=False)
    Edition.objects.filter(pk=kept.pk).update(not_for_sale="No rights here")

    shown = page_of(client).context["book"]

    assert [(edition.pk, edition.can_buy, edition.availability.label) for edition in shown.editions] == [
        (kept.pk, False, "Not available to buy")
    ]


def test_a_book_without_editions_is_shown(client, shop):
    book("Persuasion", editions=0)

    shown = page_of(client).context["book"]

    assert (shown.edition, shown.price, shown.availability.label) == (None, None, "Not available to buy")


def test_the_series_comes_in_order_and_other_books_share_tags(client, shop):
    book("Persuasion", series="Novels", series_number="6", tags=["Classics", "Bath"])
    book("Emma", series="Novels", series_number="5")
    book("Lady Susan", series="Novels", series_number="10")
    book("Evelina", tags=["Classics"])
    book("Northanger Abbey", tags=["Classics", "Bath"])
    book("Roseanna", tags=["Crime"])

    shown = page_of(client).context["book"]

    assert [card.title for card in shown.neighbours] == ["Emma", "Lady Susan"]
    assert [card.title for card in shown.more] == ["Northanger Abbey", "Evelina"]


def test_a_long_series_is_shown_around_the_book(client, shop):
    book("Persuasion", series="Novels", series_number="30")
    shelf(
        [f"Novel {number}" for number in [*range(1, 30), *range(31, 61)]],
        series=lambda _title: "Novels",
        series_number=lambda title: title.removeprefix("Novel "),
    )
    book("A companion", series="Novels")

    shown = page_of(client).context["book"]

    assert [card.title for card in shown.neighbours] == [f"Novel {n}" for n in range(24, 37) if n != 30]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([], ""),
        ([("Jane Austen", "author")], "Jane Austen"),
        ([("Maj Sjöwall", "author"), ("Per Wahlöö", "author")], "Maj Sjöwall and Per Wahlöö"),
        ([("A", "author"), ("B", "author"), ("C", "author")], "A, B and C"),
        ([("A", "author"), ("B", "author"), ("C", "author"), ("D", "author")], "A and others"),
        ([("Homer", "author"), ("Emily Wilson", "translator")], "Homer, translated by Emily Wilson"),
        ([("Ann Lee", "editor")], "Edited by Ann Lee"),
        ([("Jane Austen", "author"), ("Ann Lee", "editor")], "Jane Austen"),
        ([("Ann Lee", "illustrator")], "Illustrated by Ann Lee"),
    ],
)
def test_bylines_read_as_on_a_cover(people, expected):
    assert byline([(name, name.lower(), role) for name, role in people]) == expected


def test_a_preview_shows_the_draft_and_the_public_page_does_not(client, shop):
    page = ProductPage.objects.get(pk=book("Persuasion", tags=["Classics"], publisher="Virago").pk)
    page.title = "Persuaded"
    page.contributions.add(
        Contribution(contributor=ContributorFactory(name="Ann Lee"), role=Role.TRANSLATOR, sort_order=9)
    )
    page.publisher = None
    page.save_revision()
    draft = page.get_latest_revision_as_object()

    preview = draft.make_preview_request(preview_mode="")

    assert preview.context_data["book"].title == "Persuaded"
    assert preview.context_data["book"].byline == "Jane Austen, translated by Ann Lee"
    assert preview.context_data["book"].publisher is None
    assert preview.context_data["book"].edition.price.amount == Decimal("7.99")
    assert page_of(client).context["book"].title == "Persuasion"


def test_a_book_that_was_never_published_has_a_preview(shop, books_page):
    page = ProductPage(title="New", slug="new", live=False)
    books_page.add_child(instance=page)

    assert page.make_preview_request(preview_mode="").status_code == 200


def test_the_address_does_not_depend_on_the_tree(client, shop, books_page):
    page = book("Persuasion")
    parent = book("Shelf")
    page.move(parent, pos="last-child")
    page = ProductPage.objects.get(pk=page.pk)

    assert page.url == "/books/persuasion/"
    assert page.full_url == "http://localhost/books/persuasion/"
    assert Edition.objects.filter(product=page).get().get_absolute_url().startswith("/books/persuasion/?edition=978")
    assert page_of(client).context["book"].title == "Persuasion"
    assert not Redirect.objects.exists()


def test_an_old_address_leads_to_the_new_one(client, shop, django_capture_on_commit_callbacks):
    page = ProductPage.objects.get(pk=book("Persuasion").pk)
    page.slug = "persuaded"
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()

    response = client.get("/books/persuasion/")

    assert (response.status_code, response["Location"]) == (301, "/books/persuaded/")
    assert [card.url for card in client.get("/books/").context["listing"].cards] == ["/books/persuaded/"]


def test_a_change_that_is_scheduled_leaves_the_imported_page_as_it_stands_until_then(client, shop):
    page = book("Persuasion")
    page.title, page.go_live_at = "Persuasion, again", timezone.now() + dt.timedelta(days=3)
    page.save_revision().publish()

    assert page_of(client).context["book"].title == "Persuasion"
    first, second = Revision.page_revisions.filter(object_id=str(page.pk)).order_by("created_at")
    assert (first.as_object().title, second.as_object().title) == ("Persuasion", "Persuasion, again")
    stored = ProductPage.objects.get()
    assert (stored.live, stored.live_revision, stored.latest_revision) == (True, first, second)
    told = PageLogEntry.objects.filter(page=page.pk, revision=first).get()
    assert (told.action, told.timestamp) == ("wagtail.publish", first.created_at), "the history offers to bring it back"

    stored.get_latest_revision_as_object().save_revision()
    assert Revision.page_revisions.filter(object_id=str(page.pk)).count() == 3, "what is public is kept once"


def test_a_slug_that_went_there_and_back_leads_in_no_circle(client, shop, django_capture_on_commit_callbacks):
    page = book("Moby-Dick")
    page.slug = "wal-ärger"
    page.save()
    for slug in ("mb2", "wal-ärger", "moby-dick", "mb2", "moby-dick"):
        page.slug = slug
        with django_capture_on_commit_callbacks(execute=True):
            page.save_revision().publish()

    assert client.get("/books/mb2/", follow=True).redirect_chain == [("/books/moby-dick/", 301)]
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()
    assert client.get("/books/moby-dick/").status_code == 404
    Redirect.add_redirect("/books/moby-dick/", page)
    assert client.get("/books/moby-dick/").status_code == 404


def test_slugs_of_other_scripts_are_served(client, shop):
    page = book("Été", slug="été")

    assert page_of(client, "/books/%C3%A9t%C3%A9/").context["book"].url == "/books/%C3%A9t%C3%A9/"
    assert ProductPage.objects.get(pk=page.pk).url == "/books/%C3%A9t%C3%A9/"


def test_hidden_books_are_not_found(client, shop, django_capture_on_commit_callbacks):
    page = book("Persuasion")
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()

    assert client.get("/books/persuasion/").status_code == 404


def test_pictures_are_made_outside_the_request_and_never_enlarged(client, shop):
    page = book("Persuasion")
    for image in (picture(900, 1200, "A teal cover"), picture(300, 400)):
        ProductImage.objects.create(page=page, image=image)
    indexing.refresh([page.pk])
    assert page_of(client).context["book"].cover is None

    assert tasks.make_renditions.call(page_ids=[page.pk]) == 16
    assert tasks.make_renditions.call(page_ids=[page.pk]) == 0

    shown = page_of(client, "/books/persuasion/?picture=2").context["book"]
    cover, small = shown.gallery
    assert (cover["alt"], cover["width"], cover["height"]) == ("A teal cover", 400, 533)
    assert [source["type"] for source in cover["sources"]] == ["image/avif", "image/webp"]
    assert [part.split()[1] for part in cover["sources"][0]["srcset"].split(", ")] == ["200w", "400w", "800w"]
    assert (cover["large"]["width"], cover["page_url"]) == (800, "?picture=1")
    assert (small["width"], small["large"]["width"]) == (300, 300)
    assert [part.split()[1] for part in small["sources"][0]["srcset"].split(", ")] == ["200w", "300w"]
    assert shown.picture == 1
    assert client.get("/tags/").status_code == 200
    content = page_of(client).content.decode()
    assert f'<meta property="og:image" content="http://testserver{cover["large"]["src"]}">' in content


@pytest.mark.parametrize("given", ["0", "-1", "abc", "99", "%00", "9" * 500])
def test_a_strange_picture_is_the_cover(client, shop, given):
    book("Persuasion")
    assert page_of(client, f"/books/persuasion/?picture={given}").context["book"].picture == 0


def test_two_editions_of_one_format_are_told_apart_by_statement_or_imprint(client, books_page):
    page = book("The Odyssey", contributors=["Homer"], editions=0)
    EditionFactory(product=page, edition_statement="Translated by Emily Wilson", imprint="W. W. Norton")
    EditionFactory(product=page, imprint="Penguin Classics")
    EditionFactory(product=page, imprint="Everyman", format="hardback")

    tiles = client.get("/books/the-odyssey/").context["book"].editions

    assert {tile.difference for tile in tiles} == {"Translated by Emily Wilson", "Penguin Classics", ""}
