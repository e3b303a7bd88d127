"""How records become books, told from outside: what the shop shows after an import."""

from __future__ import annotations

import csv
import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from modelsearch.backends import get_search_backend
from PIL import Image
from wagtail.models import Page, Revision

from catalog.choices import DatePrecision, Format, Role, SupplierAvailability
from catalog.importers import queue
from catalog.importers.decisions import Outcome
from catalog.importers.generated import isbn as unassigned
from catalog.importers.generated import records as generated
from catalog.importers.load import NoCatalogue, load
from catalog.importers.records import (
    Block,
    ContributorRecord,
    Notification,
    PartialDate,
    PriceRecord,
    Record,
    Rejection,
)
from catalog.models import (
    BookListing,
    BookTag,
    CatalogPage,
    Contributor,
    Edition,
    FeedRecord,
    Price,
    ProductPage,
    Publisher,
    StockRecord,
    Tag,
    TagPage,
    Unindexed,
)
from catalog.tests.factories import book
from catalog.tests.factories import isbn as isbn_of
from core.models import ShopImage

NO_PROBLEMS = ([], [], [], [], [])
AUSTEN = ContributorRecord("Jane Austen", sort_name="Austen, Jane")


def record(number: int = 1, **facts) -> Record:
    """A plausible complete record of the number-th product."""
    plain = {
        "position": number,
        "isbn": unassigned(number),
        "reference": f"ref-{number}",
        "sender": "Virago",
        "title": "Emma",
        "contributors": [AUSTEN],
        "language": "en",
        "format": Format.PAPERBACK,
        "tags": ["Classics"],
        "description": "<p>A match is <em>made</em>.</p>",
        "short_description": "A match is made.",
        "publisher": "Virago",
        "pages": 320,
        "publication_date": PartialDate(dt.date(2026, 3, 31), DatePrecision.MONTH),
        "availability": SupplierAvailability.AVAILABLE,
        "prices": [PriceRecord(Decimal("7.99"), "GBP")],
    }
    return Record(**(plain | facts))


def bring(*items, source: str = "file", **options):
    """Import records and return the outcome of each with the totals: `outcomes, totals`."""
    results = []
    totals = load(items, source=source, tell=results.append, **options)
    return results, totals


def outcomes(*items, source: str = "file", **options) -> list[str]:
    return [str(result.outcome) for result in bring(*items, source=source, **options)[0]]


def warnings(*items, source: str = "file", **options) -> list[str]:
    return [warning for result in bring(*items, source=source, **options)[0] for warning in result.warnings]


def names(page: ProductPage) -> list[str]:
    return [row.contributor.name for row in page.contributions.all()]


def tags(page: ProductPage) -> list[str]:
    return [row.tag.name for row in page.book_tags.all()]


# --- A new book ----------------------------------------------------------------------------------


def test_a_record_becomes_a_published_book_with_all_it_says(books_page):
    said = record(
        subtitle="A novel",
        sort_title="Emma",
        contributors=[AUSTEN, ContributorRecord("Anna Muir", Role.TRANSLATOR)],
        series="Virago Classics",
        series_number="12",
        imprint="Virago Modern Classics",
        tags=["Classics", "Love"],
        weight_g=250,
        stock=4,
        not_for_sale="No rights here",
    )

    assert outcomes(said) == ["created"]

    page = ProductPage.objects.get()
    assert (page.title, page.subtitle, page.slug, page.live) == ("Emma", "A novel", "emma", True)
    assert [(block.block_type, block.value.source) for block in page.description] == [
        ("text", "<p>A match is <em>made</em>.</p>")
    ]
    assert [(row.contributor.name, row.role) for row in page.contributions.all()] == [
        ("Jane Austen", "author"),
        ("Anna Muir", "translator"),
    ]
    assert (page.publisher.name, page.imprint) == ("Virago", "Virago Modern Classics")
    assert (page.series.name, page.series_number, tags(page)) == ("Virago Classics", "12", ["Classics", "Love"])
    edition = page.editions.get()
    assert (edition.isbn, edition.sku, edition.format) == (said.isbn, said.isbn, "paperback")
    assert (edition.publication_date, edition.publication_precision) == (dt.date(2026, 3, 31), "month")
    assert (edition.pages, edition.weight_g, edition.language) == (320, 250, "en")
    assert (edition.availability, edition.not_for_sale) == ("available", "No rights here")
    assert [(price.amount, price.currency, price.source) for price in edition.prices.all()] == [
        (Decimal("7.990"), "GBP", "feed")
    ]
    assert edition.stock.on_hand == 4
    assert page.contributions.first().contributor.sort_name == "Austen, Jane"


def test_a_book_is_listed_searched_and_counted_after_the_import(books_page):
    bring(record())

    page = ProductPage.objects.get()
    assert BookListing.objects.get().pk == page.pk
    assert list(ProductPage.objects.search("emma")) == [page]
    assert list(get_search_backend().search(record().isbn, Edition)) == [page.editions.get()]
    assert Unindexed.objects.count() == 0


def test_tags_get_pages_of_their_own_once(books_page):
    _results, totals = bring(
        record(1, tags=["Crime Fiction", "Love"]), record(2, title="Ulysses", tags=["crime fiction"])
    )

    assert (totals.tags, totals.new_tags) == (3, {"crime-fiction", "love"})
    assert list(Tag.objects.values_list("name", "slug")) == [("Crime Fiction", "crime-fiction"), ("Love", "love")]
    assert [(page.title, page.slug, page.live) for page in TagPage.objects.order_by("title")] == [
        ("Crime Fiction", "crime-fiction", True),
        ("Love", "love", True),
    ]
    assert Page.find_problems() == NO_PROBLEMS


def test_digital_editions_have_no_stock(books_page):
    bring(record(1), record(2, format=Format.EBOOK, title="Ulysses", stock=3))

    assert list(StockRecord.objects.values_list("edition__isbn", "on_hand")) == [(unassigned(1), 0)]


def test_prices_with_days_hold_from_midnight_to_midnight_of_the_shop(books_page):
    offer = PriceRecord(Decimal("4.99"), "GBP", starts_on=dt.date(2026, 7, 1), ends_on=dt.date(2026, 7, 31), fixed=True)

    bring(record(prices=[PriceRecord(Decimal("7.99"), "GBP"), offer]))

    london = ZoneInfo("Europe/London")
    price = Price.objects.get(starts_at__isnull=False)
    assert price.starts_at == dt.datetime(2026, 7, 1, tzinfo=london)
    assert price.ends_at == dt.datetime(2026, 8, 1, tzinfo=london)
    assert price.is_fixed is True


def test_a_price_that_cannot_be_is_left_out_with_a_warning(books_page):
    backwards = PriceRecord(Decimal(5), "GBP", starts_on=dt.date(2026, 7, 2), ends_on=dt.date(2026, 7, 1))

    said = warnings(record(prices=[PriceRecord(Decimal(10**10), "GBP"), PriceRecord(Decimal(8), "GBP"), backwards]))

    assert len(said) == 2
    assert [price.amount for price in Price.objects.all()] == [Decimal(8)]


def test_without_a_catalogue_nothing_is_imported(db):
    CatalogPage.objects.all().delete()

    with pytest.raises(NoCatalogue):
        bring(record())


@pytest.mark.parametrize("title", ["Война и мир", "!!!", "x" * 400])
def test_every_title_finds_an_address(books_page, title):
    assert outcomes(record(title=title)) == ["created"]
    assert ProductPage.objects.get().slug in {"война-и-мир", unassigned(1), "x" * 200}


def test_texts_longer_than_their_column_are_cut_with_a_warning(books_page):
    said = warnings(record(title="x" * 300))

    assert said == ["“title” was cut to 255 characters"]
    assert len(ProductPage.objects.get().title) == 255


# --- Addresses -----------------------------------------------------------------------------------


def test_books_of_one_title_get_addresses_of_their_own(books_page):
    woolf = ContributorRecord("Leonard Woolf")
    book("Emma", contributors=["Somebody Else"])

    bring(
        record(1),
        record(2, contributors=[woolf]),
        record(3, contributors=[woolf], language="fr"),
        record(4, contributors=[]),
        record(5, contributors=[]),
    )

    slugs = list(ProductPage.objects.order_by("pk").values_list("slug", flat=True))
    assert slugs == ["emma", "emma-austen", "emma-woolf", "emma-woolf-2", "emma-2", "emma-3"]


def test_an_address_stays_when_the_title_changes(books_page):
    bring(record(title="Ema"))

    assert outcomes(record(title="Emma"), source="corrected") == ["updated"]

    page = ProductPage.objects.get()
    assert (page.title, page.draft_title, page.slug) == ("Emma", "Emma", "ema")


# --- Names ---------------------------------------------------------------------------------------


def test_one_name_is_one_person_and_one_house(books_page):
    bring(record(1), record(2, title="Persuasion"), record(3, title="Lady Susan"))

    assert list(Contributor.objects.values_list("name", "slug")) == [("Jane Austen", "jane-austen")]
    assert Publisher.objects.count() == 1


def test_an_identifier_joins_spellings_and_parts_namesakes(books_page):
    bring(
        record(1, contributors=[ContributorRecord("Maj Sjöwall", isni="0000000121234567")]),
        record(2, title="B", contributors=[ContributorRecord("Maj Sjowall", isni="0000000121234567")]),
        record(3, title="C", contributors=[ContributorRecord("Maj Sjöwall", isni="0000000999999999")]),
        record(4, title="D", contributors=[ContributorRecord("Maj Sjöwall")]),
    )

    people = list(Contributor.objects.order_by("pk").values_list("name", "slug", "isni"))
    assert people == [
        ("Maj Sjöwall", "maj-sjöwall", "0000000121234567"),
        ("Maj Sjöwall", "maj-sjöwall-2", "0000000999999999"),
    ]
    assert [len(row.contributions.all()) for row in Contributor.objects.order_by("pk")] == [3, 1]


def test_a_person_known_by_name_gets_the_identifier_that_comes_later(books_page):
    bring(record(1))

    bring(record(2, title="B", contributors=[replace(AUSTEN, isni="0000000121234567", biography="She wrote.")]))

    assert list(Contributor.objects.values_list("isni", "biography")) == [("0000000121234567", "She wrote.")]


def test_a_person_with_two_roles_is_one_person(books_page):
    drew = replace(AUSTEN, role=Role.ILLUSTRATOR)

    bring(record(contributors=[AUSTEN, drew, AUSTEN]))

    assert [(row.contributor.name, row.role) for row in ProductPage.objects.get().contributions.all()] == [
        ("Jane Austen", "author"),
        ("Jane Austen", "illustrator"),
    ]


# --- Works ---------------------------------------------------------------------------------------

OTHER = {"title": "Emma: Large print", "contributors": []}
SHARED = [
    pytest.param({"work_ids": frozenset({"01:W1"})}, {"work_ids": frozenset({"01:W1"}), **OTHER}, id="work"),
    pytest.param({}, {"related_isbns": frozenset({unassigned(1)}), **OTHER}, id="related"),
    pytest.param({"related_isbns": frozenset({unassigned(2)})}, OTHER, id="related the other way"),
    pytest.param({}, {"title": "EMMA", "language": "en-US"}, id="title"),
    pytest.param({}, {"format": Format.EBOOK, "publisher": "", "subtitle": "A novel"}, id="title, less said"),
]
APART = [
    pytest.param({}, {"contributors": [ContributorRecord("Leonard Woolf")]}, id="author"),
    pytest.param({}, {"contributors": [AUSTEN, ContributorRecord("A", Role.TRANSLATOR)]}, id="translator"),
    pytest.param({}, {"language": "fr"}, id="language"),
    pytest.param({}, {"language": ""}, id="unknown language"),
    pytest.param({}, {"publisher": "Penguin"}, id="publisher"),
    pytest.param({"subtitle": "Part one"}, {"subtitle": "Part two"}, id="subtitle"),
    pytest.param({"contributors": []}, {"contributors": []}, id="nobody"),
    pytest.param({}, {"edition_statement": "Abridged edition"}, id="abridged"),
    pytest.param({}, {"format": Format.SET}, id="set"),
    pytest.param(
        {"work_ids": frozenset({"01:W1"})}, {"work_ids": frozenset({"01:W1"}), "language": "fr"}, id="work, language"
    ),
    pytest.param(
        {"work_ids": frozenset({"01:W1"})}, {"work_ids": frozenset({"01:W1"}), "sender": "B", **OTHER}, id="sender"
    ),
    pytest.param({}, {"related_isbns": frozenset({unassigned(1)}), "title": "York Notes: Emma"}, id="study guide"),
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("first", "second"), SHARED)
def test_editions_of_one_work_share_a_page(books_page, first, second, at_once):
    one, two = record(1, **first), record(2, **second)

    if at_once:
        bring(one, two)
    else:
        bring(one)
        bring(two, source="later")

    assert [page.editions.count() for page in ProductPage.objects.all()] == [2]
    assert ProductPage.objects.get().title == "Emma"


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("first", "second"), APART)
def test_books_that_are_not_one_work_have_pages_of_their_own(books_page, first, second, at_once):
    one, two = record(1, **first), record(2, **second)

    if at_once:
        bring(one, two)
    else:
        bring(one)
        bring(two, source="later")

    assert [page.editions.count() for page in ProductPage.objects.all()] == [1, 1]


def test_what_only_looks_like_one_work_is_proposed(books_page):
    bring(record(1))

    assert warnings(record(2, publisher="Penguin")) == [
        "perhaps another edition of “Emma”: title and author agree, publisher or subtitle does not"
    ]


def test_a_second_edition_fills_what_the_page_lacks_and_changes_nothing_else(books_page):
    bring(record(1, work_ids=frozenset({"01:W1"}), description="", tags=[]))

    bring(record(2, work_ids=frozenset({"01:W1"}), title="EMMA", description="<p>Filled.</p>", tags=["Love"]))

    page = ProductPage.objects.get()
    assert (page.title, tags(page)) == ("Emma", ["Love"])
    assert [block.value.source for block in page.description] == ["<p>Filled.</p>"]


# --- Repeats -------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(books_page):
    file = [record(1), record(2, title="Ulysses"), Rejection(3, "ref-3", "no title")]
    bring(*file)
    before = list(ProductPage.objects.values()) + list(Edition.objects.values()) + list(Price.objects.values())

    _results, totals = bring(*file)

    assert (totals.processed, totals.created, totals.unchanged, totals.rejected) == (3, 0, 2, 1)
    assert list(ProductPage.objects.values()) + list(Edition.objects.values()) + list(Price.objects.values()) == before


def test_a_repeat_costs_the_same_number_of_queries_whatever_its_size(books_page, django_assert_num_queries):
    file = [record(number, title=f"Book {number}") for number in range(40)]
    bring(*file)

    with django_assert_num_queries(8):
        bring(*file)
    with django_assert_num_queries(8):
        bring(*file[:2])


def test_creating_costs_the_same_number_of_statements_for_ten_and_forty_books(
    books_page, django_assert_max_num_queries
):
    bring(*(record(number, title=f"Book {number}") for number in range(10)))

    with django_assert_max_num_queries(80):
        bring(*(record(number, title=f"Book {number}") for number in range(10, 50)))


def test_the_last_record_of_a_product_in_a_file_counts_and_is_one_repeat(books_page):
    file = [record(1, pages=1), record(2, title="Ulysses"), record(1, pages=2), record(1, pages=3)]

    assert outcomes(*file) == ["created", "created", "updated", "updated"]
    assert outcomes(*file) == ["unchanged"] * 4
    assert Edition.objects.get(isbn=unassigned(1)).pages == 3


def test_rows_of_one_book_in_several_categories_give_it_all_the_tags(books_page):
    file = [record(tags=["Classics"]), record(tags=["Love"]), record(tags=["Satire"])]

    assert outcomes(*file) == ["created", "updated", "updated"]
    assert tags(ProductPage.objects.get()) == ["Classics", "Love", "Satire"]
    assert outcomes(*file) == ["unchanged"] * 3


def test_a_category_that_a_new_file_leaves_out_goes(books_page):
    bring(record(tags=["Classics"]), record(tags=["Love"]))

    assert outcomes(record(tags=["Love"]), source="new") == ["updated"]

    assert tags(ProductPage.objects.get()) == ["Love"]


def test_one_book_twice_with_different_prices_is_reported(books_page):
    dearer = record(tags=["Love"], prices=[PriceRecord(Decimal("8.99"), "GBP")])

    said = warnings(record(), dearer)

    assert said == ["the book stands in the file more than once with different prices; the last one counts"]
    assert tags(ProductPage.objects.get()) == ["Classics", "Love"]
    assert [price.amount for price in Price.objects.all()] == [Decimal("8.99")]


def test_two_senders_who_repeat_themselves_do_not_take_turns(books_page):
    bring(record(sender="Penguin", pages=300), source="penguin")
    bring(record(sender="Gardners", pages=310), source="gardners")

    assert outcomes(record(sender="Penguin", pages=300), source="penguin") == ["unchanged"]
    assert outcomes(record(sender="Gardners", pages=310), source="gardners") == ["unchanged"]
    assert Edition.objects.get().pages == 310
    assert outcomes(record(sender="Penguin", pages=320), source="penguin, later") == ["updated"]


def test_a_file_of_yesterday_brings_yesterdays_data_back(books_page):
    bring(record(pages=1), source="yesterday")
    bring(record(pages=2), source="today")

    assert outcomes(record(pages=1), source="yesterday") == ["updated"]
    assert Edition.objects.get().pages == 1


# --- Updates -------------------------------------------------------------------------------------


def test_a_full_record_replaces_what_the_sender_said_before(books_page):
    bring(record(subtitle="A novel", tags=["Classics", "Love"], imprint="Green"))

    changed = record(
        subtitle="", tags=["Love", "Satire"], imprint="", contributors=[AUSTEN, ContributorRecord("Anna Muir")],
        description="<p>New.</p>", pages=None, publication_date=None, availability=SupplierAvailability.OUT_OF_PRINT,
        prices=[PriceRecord(Decimal("9.99"), "GBP")],
    )  # fmt: skip
    assert outcomes(changed, source="new") == ["updated"]

    page = ProductPage.objects.get()
    assert (page.subtitle, page.imprint, names(page)) == ("", "", ["Jane Austen", "Anna Muir"])
    assert tags(page) == ["Love", "Satire"]
    assert [block.value.source for block in page.description] == ["<p>New.</p>"]
    edition = page.editions.get()
    assert (edition.pages, edition.publication_date, edition.availability) == (None, None, "out-of-print")
    assert [price.amount for price in edition.prices.all()] == [Decimal("9.99")]
    assert BookListing.objects.get().names.count("muir") == 1


def test_the_shops_own_price_and_stock_stay(books_page):
    bring(record(stock=4))
    edition = Edition.objects.get()
    Price.objects.create(edition=edition, amount=Decimal(5), currency="GBP")
    StockRecord.objects.update(on_hand=9)

    bring(record(stock=2, prices=[PriceRecord(Decimal(6), "GBP")]), source="new")

    assert sorted((price.source, price.amount) for price in Price.objects.all()) == [("feed", 6), ("shop", 5)]
    assert StockRecord.objects.get().on_hand == 9


def edit(page: ProductPage, **changes) -> ProductPage:
    """What an editor does: change, save and publish."""
    page = ProductPage.objects.get(pk=page.pk)
    for name, value in changes.items():
        setattr(page, name, value)
    page.save_revision().publish()
    return page


def test_what_an_editor_changed_stays_and_the_report_says_what_the_feed_wants(books_page):
    bring(record())
    edit(ProductPage.objects.get(), title="Emma, of course", short_description="")

    said = warnings(record(title="Emma: a novel", short_description="Short.", subtitle="Sub"), source="new")

    page = ProductPage.objects.get()
    assert (page.title, page.short_description, page.subtitle) == ("Emma, of course", "", "Sub")
    assert said == [
        "“title” was changed by hand and stays; the feed says: Emma: a novel",
        "“in one sentence” was changed by hand and stays; the feed says: Short.",
    ]


def test_what_an_editor_changed_is_reported_only_when_the_feed_changes_it(books_page):
    bring(record())
    edit(ProductPage.objects.get(), title="Emma, of course")

    assert warnings(record(pages=11), source="new") == []
    assert ProductPage.objects.get().title == "Emma, of course"


def test_facts_of_an_edition_changed_by_hand_stay(books_page):
    bring(record(pages=320))
    Edition.objects.update(pages=333)

    said = warnings(record(pages=321, weight_g=200), source="new")

    assert list(Edition.objects.values_list("pages", "weight_g")) == [(333, 200)]
    assert said == ["“pages” was changed by hand and stays; the feed says: 321"]


def test_a_description_that_an_editor_only_saved_is_still_the_feeds(books_page):
    bring(record(description="<p>One<br>two <strong>three</strong></p>"))
    saved = '<p data-block-key="ab1">One<br/>two <b>three</b></p>'
    edit(ProductPage.objects.get(), description=[("text", saved)])

    assert warnings(record(description="<p>New.</p>"), source="new") == []
    assert [block.value.source for block in ProductPage.objects.get().description] == ["<p>New.</p>"]


def test_tags_set_by_hand_stay_and_those_taken_away_stay_away(books_page):
    bring(record(tags=["Classics", "Love"]))
    page = ProductPage.objects.get()
    own = Tag.objects.create(name="Staff picks", slug="staff-picks")
    page.book_tags.get(tag__slug="love").delete()
    BookTag.objects.create(page=page, tag=own, sort_order=5)

    bring(record(tags=["Love", "Satire"]), source="new")

    assert tags(ProductPage.objects.get()) == ["Staff picks", "Satire"]


def test_a_draft_is_never_lost(books_page):
    bring(record())
    page = ProductPage.objects.get()
    page.title = "Emma, rewritten"
    draft = page.save_revision()

    said = warnings(record(subtitle="A novel"), source="new")

    page = ProductPage.objects.get()
    assert (page.title, page.subtitle, page.draft_title) == ("Emma", "A novel", "Emma, rewritten")
    assert (page.latest_revision_id, page.has_unpublished_changes) == (draft.pk, True)
    assert said == ["“Emma” has an unpublished draft: the public page was changed, the draft was left as it is"]
    page.latest_revision.publish()
    assert ProductPage.objects.get().title == "Emma, rewritten"


def test_a_page_with_a_history_gets_a_revision_of_what_the_import_wrote(books_page):
    bring(record())
    edit(ProductPage.objects.get(), subtitle="By hand")

    bring(record(title="Emma!", tags=["Love"]), source="new")

    page = ProductPage.objects.get()
    content = page.latest_revision.as_object()
    assert Revision.page_revisions.count() == 3, "as it was imported, as it was edited, as it was imported again"
    assert (content.title, content.subtitle, tags(content)) == ("Emma!", "By hand", ["Love"])
    assert (page.live_revision_id, page.has_unpublished_changes) == (page.latest_revision_id, False)


def test_an_edition_made_by_hand_keeps_its_facts_and_gets_what_it_lacks(books_page):
    page = book("Emma", isbn=unassigned(1), format=Format.HARDBACK)

    bring(record(weight_g=999, height_mm=198, subtitle="A novel"))

    page.refresh_from_db()
    edition = page.editions.get()
    assert ProductPage.objects.count() == 1
    assert (edition.format, edition.weight_g, edition.height_mm) == ("hardback", 250, 198)
    assert (edition.availability, page.subtitle) == ("available", "A novel")


def test_the_imprint_of_the_page_and_of_the_edition_are_remembered_apart(books_page):
    bring(record(imprint="", publisher="Little, Brown"))
    assert (ProductPage.objects.get().imprint, Edition.objects.get().imprint) == ("", "Little, Brown")

    assert warnings(record(imprint="Virago", publisher="Little, Brown"), source="new") == []

    assert (ProductPage.objects.get().imprint, Edition.objects.get().imprint) == ("Virago", "Virago")


def test_a_change_of_price_alone_costs_no_statement_a_book(books_page, django_assert_max_num_queries):
    def priced(amount):
        price = PriceRecord(Decimal(amount), "GBP")
        return [record(number, title=f"Book {number}", prices=[price]) for number in range(60)]

    bring(*priced("7.99"))

    with django_assert_max_num_queries(45):
        _results, totals = bring(*priced("8.99"), source="new")

    assert totals.updated == 60
    assert set(Price.objects.values_list("amount", flat=True)) == {Decimal("8.99")}


def test_an_older_message_of_the_same_sender_is_reported_and_not_applied(books_page):
    monday, tuesday = (dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC) for day in (2, 3))
    bring(record(sent_at=tuesday, pages=2), source="tuesday")

    results, totals = bring(record(sent_at=monday, pages=1), source="monday")
    other, _totals = bring(record(sent_at=monday, pages=5, sender="Wholesaler"), source="wholesaler")

    assert (
        results[0].reason
        == "its message of 2026-03-02 09:00 is older than the one of 2026-03-03 09:00 that was applied"
    )
    assert (totals.rejected, other[0].outcome) == (1, Outcome.UPDATED)
    assert Edition.objects.get().pages == 5


# --- Blocks and deletions ------------------------------------------------------------------------


def blocks(*parts: Block, **facts) -> Record:
    return record(
        **{
            "notification": Notification.BLOCKS,
            "blocks": frozenset(parts),
            "title": "",
            "contributors": [],
            "tags": [],
            **facts,
        }
    )


def test_a_block_update_changes_its_blocks_and_nothing_else(books_page):
    bring(record())

    new = blocks(Block.SUPPLY, pages=1, description="", publisher="", prices=[PriceRecord(Decimal("5.99"), "GBP")])
    assert outcomes(new, source="new") == ["updated"]

    page = ProductPage.objects.get()
    assert (page.title, page.publisher.name, names(page), tags(page)) == (
        "Emma",
        "Virago",
        ["Jane Austen"],
        ["Classics"],
    )
    assert page.editions.get().pages == 320
    assert [price.amount for price in Price.objects.all()] == [Decimal("5.99")]


def test_a_block_update_of_texts_replaces_the_texts(books_page):
    bring(record())

    bring(blocks(Block.COLLATERAL, description="<p>New.</p>", short_description=""), source="new")

    page = ProductPage.objects.get()
    assert (page.title, page.short_description) == ("Emma", "")
    assert [block.value.source for block in page.description] == ["<p>New.</p>"]
    assert Price.objects.count() == 1


def test_a_block_update_for_an_unknown_product_is_rejected(books_page):
    results, _totals = bring(blocks(Block.SUPPLY))

    assert results[0].reason == "block update for an unknown product: a complete record must come first"
    assert ProductPage.objects.count() == 0


def test_a_block_update_that_is_whole_is_read_as_a_complete_record(books_page):
    results, _totals = bring(blocks(Block.DESCRIPTION, Block.SUPPLY, title="Emma"))
    again, _totals = bring(blocks(Block.DESCRIPTION, Block.SUPPLY, title="Emma"))

    assert (results[0].outcome, again[0].outcome) == ("created", "unchanged")
    assert results[0].warnings == ["block update for an unknown product: read as a complete record"]
    assert ProductPage.objects.get().title == "Emma"


def deletion(number: int = 1) -> Record:
    return Record(position=1, isbn=unassigned(number), notification=Notification.DELETE, sender="Virago")


def test_a_deletion_takes_the_book_off_the_site_and_removes_nothing(books_page):
    bring(record(stock=3))

    assert outcomes(deletion(), source="new") == ["deleted"]

    page, edition = ProductPage.objects.get(), Edition.objects.get()
    assert (page.live, edition.is_active, edition.prices.count(), edition.stock.on_hand) == (False, False, 1, 3)
    assert BookListing.objects.get().is_live is False
    assert outcomes(deletion(), source="new") == ["unchanged"]


def test_a_page_stays_while_another_edition_is_offered(books_page):
    bring(record(1), record(2, format=Format.EBOOK))

    bring(deletion(1), source="new")

    assert ProductPage.objects.get().live is True
    assert list(Edition.objects.filter(is_active=True).values_list("isbn", flat=True)) == [unassigned(2)]


def test_a_later_full_record_brings_a_deleted_book_back(books_page):
    bring(record())
    bring(deletion(), source="deletions")

    assert outcomes(record(), source="file") == ["updated"]

    page = ProductPage.objects.get()
    assert (page.live, page.has_unpublished_changes, Edition.objects.get().is_active) == (True, False, True)
    assert BookListing.objects.get().is_live is True
    assert FeedRecord.objects.get().is_deleted is False


def test_a_page_that_an_editor_took_off_stays_off(books_page):
    bring(record())
    ProductPage.objects.get().unpublish()

    bring(record(pages=5), source="new")

    assert ProductPage.objects.get().live is False


def test_a_deletion_of_what_the_shop_does_not_have_is_only_noted(books_page):
    results, totals = bring(deletion(9))

    assert (results[0].outcome, totals.deleted) == (Outcome.UNCHANGED, 0)
    assert results[0].warnings == ["there is nothing to delete: the shop does not have this product"]


def test_a_file_that_adds_and_deletes_a_book_is_a_repeat_the_second_time(books_page):
    file = [record(), deletion()]

    assert outcomes(*file) == ["created", "deleted"]
    assert outcomes(*file) == ["unchanged", "unchanged"]
    assert ProductPage.objects.get().live is False


# --- Goods without an ISBN -----------------------------------------------------------------------


def test_goods_without_an_isbn_are_known_by_their_reference(books_page):
    said = record(isbn="", sender="", reference="mug", title="Mug", contributors=[])

    assert outcomes(said) == ["created"]
    assert outcomes(replace(said, pages=None, short_description="New"), source="new") == ["updated"]

    edition = Edition.objects.get()
    assert (edition.isbn, edition.sku[:3]) == (None, "BT-")


def test_a_whole_chunk_of_goods_without_an_isbn_is_recognised(books_page):
    goods = [record(n, isbn="", sender="", title=f"Mug {n}", contributors=[], tags=[]) for n in range(1, 1_001)]
    bring(*goods, index=False)

    _results, totals = bring(*goods, index=False)

    assert (totals.created, totals.unchanged) == (0, 1_000)


def test_a_record_without_any_key_is_rejected(books_page):
    results, _totals = bring(record(isbn="", reference=""))

    assert results[0].reason == "it has neither an ISBN nor a reference"


# --- Trouble -------------------------------------------------------------------------------------


def test_one_record_that_the_database_refuses_does_not_stop_the_others(books_page, monkeypatch):
    """`weight_g` is too large for PostgreSQL; SQLite would take it, so there the price is the refusal."""
    bad = (
        record(2, title="Bad", weight_g=2**40)
        if connection.vendor == "postgresql"
        else record(2, title="Bad", pages=-1)
    )

    results, totals = bring(record(1), bad, record(3, title="Ulysses"))

    assert [str(result.outcome) for result in results] == ["created", "rejected", "created"]
    assert results[1].reason.startswith("the database refused it: ")
    assert (totals.created, totals.rejected, ProductPage.objects.count()) == (2, 1, 2)
    assert Page.find_problems() == NO_PROBLEMS


def test_a_run_that_stopped_before_indexing_is_completed_by_the_next(books_page):
    bring(record(), index=False)
    assert (Unindexed.objects.count(), BookListing.objects.count()) == (1, 0)

    queue.index_all()

    assert (Unindexed.objects.count(), BookListing.objects.count()) == (0, 1)


def test_a_dry_run_changes_nothing_and_counts_the_same(books_page):
    bring(record(1), record(9, title="Old"))
    file = [
        record(1, pages=5),
        record(2, title="Ulysses", tags=["Sea"]),
        record(2, title="Ulysses", tags=["Sky"]),
        deletion(9),
    ]
    before = list(Edition.objects.values())

    rehearsed, expected = bring(*file, source="new", dry_run=True)
    assert (list(Edition.objects.values()), Tag.objects.count(), Unindexed.objects.count()) == (before, 1, 0)
    results, totals = bring(*file, source="new")

    assert totals == expected
    assert [result.outcome for result in results] == [result.outcome for result in rehearsed]


def test_an_import_in_pieces_ends_as_one_in_one_run(books_page, monkeypatch):
    everything = list(generated(60, seed=5))

    def shape():
        return sorted(
            (edition.isbn, edition.product.slug, edition.product.title, len(edition.product.contributions.all()))
            for edition in Edition.objects.select_related("product")
        )

    monkeypatch.setattr("catalog.importers.load.CHUNK", 25)
    bring(*everything)
    whole = shape()
    for page in ProductPage.objects.all():
        page.delete()
    bring(*everything[:25], index=False)
    bring(*everything)

    assert shape() == whole
    assert (len(whole), Unindexed.objects.count()) == (66, 0)
    assert Page.find_problems() == NO_PROBLEMS


# --- Pictures ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "covers"
    folder.mkdir()
    Image.new("RGB", (40, 60), "navy").save(folder / "emma.jpg")
    Image.new("RGB", (40, 60), "navy").save(folder / "same.jpg")
    Image.new("RGB", (50, 50), "red").save(folder / "back.png")
    (folder / "broken.jpg").write_bytes((folder / "emma.jpg").read_bytes()[:200])
    (folder / "page.jpg").write_text("<html>no picture</html>")
    (tmp_path / "secret.jpg").write_bytes((folder / "emma.jpg").read_bytes())
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    return folder


def with_pictures(folder, *items, **options):
    from catalog.importers.images import Pictures

    return bring(*items, pictures=Pictures(folder), **options)


def test_pictures_of_the_folder_become_the_books_own(books_page, folder):
    _results, totals = with_pictures(folder, record(images=["emma.jpg", "covers/back.png"]))

    page = ProductPage.objects.get()
    assert [row.image.title for row in page.pictures.all()] == ["Emma", "Emma"]
    assert totals.images == 2
    assert page.pictures.first().image.renditions.count() > 0
    assert [(image.width, image.height) for image in ShopImage.objects.order_by("pk")] == [(40, 60), (50, 50)]


def test_a_picture_is_kept_once_whatever_its_names(books_page, folder):
    with_pictures(folder, record(1, images=["emma.jpg"]), record(2, title="B", images=["same.jpg", "emma.jpg"]))
    _results, totals = with_pictures(folder, record(1, images=["emma.jpg"]))

    assert ShopImage.objects.count() == 1
    assert (totals.unchanged, totals.images) == (1, 1)
    assert [page.pictures.count() for page in ProductPage.objects.all()] == [1, 1]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.jpg", "there is no such file in the folder"),
        ("../secret.jpg", "there is no such file in the folder"),
        ("link.jpg", "there is no such file in the folder"),
        ("", "there is no such file in the folder"),
        ("broken.jpg", "it is damaged"),
        ("page.jpg", "it is no picture of a known kind (AVIF, GIF, JPEG, PNG, WEBP)"),
    ],
)
def test_a_picture_that_cannot_be_taken_is_one_warning_and_the_book_goes_in(books_page, folder, name, problem):
    results, totals = with_pictures(folder, record(images=[name]))

    assert results[0].warnings == [f"picture “{name}” was left out: {problem}"]
    assert (totals.created, totals.images, ShopImage.objects.count()) == (1, 0, 0)


def test_pictures_beyond_the_limits_are_left_out(books_page, folder, settings):
    settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS = 2_000
    results, _totals = with_pictures(folder, record(images=["emma.jpg"]))
    settings.WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10
    others, _totals = with_pictures(folder, record(2, title="B", images=["back.png"]))

    assert "million pixels" in results[0].warnings[0]
    assert "larger than" in others[0].warnings[0]


def test_addresses_on_the_web_are_not_fetched(books_page, folder):
    results, _totals = with_pictures(folder, record(images=["https://127.0.0.1:1/cover.jpg"]))

    assert results[0].warnings == [
        "picture https://127.0.0.1:1/cover.jpg is on the web and was not fetched: only files are taken"
    ]


def test_pictures_that_come_later_are_added_to_an_unchanged_book(books_page, folder):
    said = record(images=["emma.jpg"])
    bring(said)

    assert with_pictures(folder, said)[0][0].outcome is Outcome.UPDATED
    assert with_pictures(folder, said)[0][0].outcome is Outcome.UNCHANGED
    assert ProductPage.objects.get().pictures.count() == 1


def test_a_dry_run_keeps_no_picture(books_page, folder):
    _results, totals = with_pictures(folder, record(images=["emma.jpg"]), dry_run=True)

    assert (totals.images, ShopImage.objects.count()) == (1, 0)


# --- The command ---------------------------------------------------------------------------------

HEADER = "isbn,title,contributors,publisher,format,language,price,currency,tags,stock,image_filename\n"


@pytest.fixture
def feed(tmp_path) -> Path:
    path = tmp_path / "feed.csv"
    path.write_text(
        HEADER
        + f"{isbn_of(1)},Emma,Jane Austen,Virago,paperback,en,7.99,GBP,Classics|Love,3,emma.jpg\n"
        + f"{isbn_of(2)},Emma,Jane Austen,Virago,hardback,en,17.99,GBP,Classics|Love,1,\n"
        + "9780000000000,=Bad,Somebody,Virago,paperback,en,7.99,GBP,,1,\n"
        + f"{isbn_of(3)},Ulysses,James Joyce,Shakespeare & Co,paperback,en,9.99,GBP,Classics,0,\n",
        encoding="utf-8",
    )
    return path


def run(*args, **options) -> tuple[str, str, int]:
    """Output, errors and exit status of the command."""
    out, status = StringIO(), 0
    stderr = sys.stderr
    sys.stderr = errors = StringIO()
    try:
        call_command("import_books", *map(str, args), stdout=out, workers=1, **options)
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.stderr = stderr
    return out.getvalue(), errors.getvalue(), status


def test_the_command_ends_with_the_counts(books_page, feed):
    out, errors, status = run(feed)

    assert out.splitlines() == [
        "Products processed=4 (created=3, updated=0, unchanged=0, deleted=0, rejected=1)",
        "Tags processed=5 (created=2)",
        "Images processed=0",
    ]
    assert "feed.csv: record 4 (" in errors
    assert "rejected: " in errors
    assert status == 0
    assert [page.editions.count() for page in ProductPage.objects.order_by("title")] == [2, 1]
    assert run(feed)[0].splitlines()[0] == (
        "Products processed=4 (created=0, updated=0, unchanged=3, deleted=0, rejected=1)"
    )


def test_a_file_that_cannot_be_read_does_not_stop_the_others(books_page, feed, tmp_path):
    bad = tmp_path / "bad.bin"
    bad.write_bytes(os.urandom(500))

    out, errors, status = run(bad, tmp_path / "missing.csv", feed)

    assert status == 1
    assert "processed=4" in out
    assert "bad.bin: " in errors
    assert "missing.csv: " in errors


def test_the_report_is_a_table_that_no_spreadsheet_runs(books_page, feed, tmp_path, folder):
    feed.write_text(
        HEADER + f"=1+1,Bad,,,,,,,,,\n{isbn_of(1)},Emma,Jane Austen,Virago,paperback,en,7.99,GBP,,1,@none.jpg\n"
    )

    run(feed, report=tmp_path / "report.csv", images=folder)

    rows = list(csv.DictReader((tmp_path / "report.csv").open(encoding="utf-8")))
    assert list(rows[0]) == ["file", "position", "reference", "isbn", "level", "message"]
    assert [(row["file"], row["position"], row["level"]) for row in rows] == [
        ("feed.csv", "2", "error"),
        ("feed.csv", "3", "warning"),
    ]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_dry_run_prints_the_first_results_and_changes_nothing(books_page, feed):
    out, _errors, _status = run(feed, dry_run=True)

    assert out.splitlines()[:3] == [
        f"created: {isbn_of(1)} Emma",
        f"created: {isbn_of(2)} Emma",
        f"created: {isbn_of(3)} Ulysses",
    ]
    assert out.splitlines()[3].startswith("Products processed=4 (created=3,")
    assert ProductPage.objects.count() == 0


def test_the_command_takes_pictures_from_a_folder(books_page, feed, folder):
    out, _errors, _status = run(feed, images=folder)

    assert out.splitlines()[-1] == "Images processed=1"


def test_a_folder_that_is_none_is_one_clear_line(books_page, feed):
    with pytest.raises(CommandError, match="is no folder"):
        run(feed, images=feed.parent / "nowhere")


def test_the_command_completes_what_an_interrupted_run_left(books_page, feed):
    bring(record(title="Left behind"), index=False)

    run(feed)

    assert (Unindexed.objects.count(), BookListing.objects.count()) == (0, 3)


# --- Two at once ---------------------------------------------------------------------------------


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer; two only queue")
def test_two_imports_and_an_editor_at_once_make_every_book_once(shop, monkeypatch):
    monkeypatch.setattr("catalog.importers.load.CHUNK", 40)
    file = list(generated(200, seed=3))
    mine = book("Mine", isbn=unassigned(10**7))
    barrier = threading.Barrier(3)
    failures = []

    def work(task):
        try:
            barrier.wait(timeout=20)
            task()
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)
        finally:
            connection.close()

    def edit_on():
        for number in range(10):
            page = ProductPage.objects.get(pk=mine.pk)
            page.title = f"Draft {number}"
            page.save_revision()

    tasks = [lambda: load(list(file), source="a"), lambda: load(list(file), source="b"), edit_on]
    threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Page.find_problems() == NO_PROBLEMS
    assert (Edition.objects.count(), ProductPage.objects.count(), BookListing.objects.count()) == (221, 201, 201)
    slugs = list(ProductPage.objects.values_list("slug", flat=True))
    assert len(set(slugs)) == len(slugs)
    assert ProductPage.objects.get(pk=mine.pk).latest_revision.as_object().title == "Draft 9"
    assert Unindexed.objects.count() == 0


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs a database that other processes reach")
def test_workers_of_their_own_index_everything(shop, feed):
    out = StringIO()

    call_command("import_books", str(feed), stdout=out, workers=2)

    assert (Unindexed.objects.count(), BookListing.objects.count()) == (0, 2)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_import_that_is_killed_is_completed_by_the_next(shop, tmp_path):
    """A process of its own on the test's database, ended with SIGKILL after a few chunks."""
    path = tmp_path / "many.csv"
    rows = [
        f"{said.isbn},{said.title},{said.contributors[0].name},X,paperback,en,5,GBP,,1,"
        for said in generated(900, seed=9)
    ]
    path.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    name = str(connection.settings_dict["NAME"])
    script = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        f"connection.settings_dict['NAME'] = {name!r}\n"
        "from catalog.importers import load\n"
        "from django.core.management import call_command\n"
        "load.CHUNK = 100\n"
        f"call_command('import_books', {str(path)!r}, workers=1)\n"
    )
    connection.close()
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603
    killed = False
    while process.poll() is None:
        if Edition.objects.count() >= 200:
            process.send_signal(signal.SIGKILL)
            killed = True
            break
    process.wait()

    run(path)

    assert killed
    assert Edition.objects.count() == len(rows)
    assert BookListing.objects.filter(is_live=True).count() == ProductPage.objects.count()
    assert Unindexed.objects.count() == 0
    assert Page.find_problems() == NO_PROBLEMS
