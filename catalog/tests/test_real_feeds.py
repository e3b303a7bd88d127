"""Feeds that publishers and shops really sent, read in place; none of them may be part of this repository.

The folder is `../shared/data` beside the checkout, or what BOOKTIME_DATA names. The numbers were measured
with other programs (lxml in recover mode, csv of the standard library) when the files were collected.
"""

import datetime as dt
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.choices import Format, Role, SupplierAvailability
from catalog.importers.reading import read_file
from catalog.importers.records import Block, Notification, Record, Rejection, UnreadableFile

DATA = Path(os.environ.get("BOOKTIME_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
TODAY = dt.date(2025, 6, 1)

pytestmark = pytest.mark.skipif(not (DATA / "onix").is_dir(), reason=f"no real feeds in {DATA}; set BOOKTIME_DATA")


def read(name: str, **options) -> tuple[list[Record], list[Rejection]]:
    items = list(read_file(DATA / name, today=TODAY, **options))
    return [i for i in items if isinstance(i, Record)], [i for i in items if isinstance(i, Rejection)]


def sums(records: list[Record]) -> dict[str, Decimal]:
    total: Counter = Counter()
    for record in records:
        for price in record.prices:
            total[price.currency] += price.amount
    return dict(total)


@pytest.mark.parametrize(
    ("name", "products", "isbns", "rejected"),
    [
        ("onix/allen-unwin-2008-07.onix21.xml", 238, 238, 0),
        ("onix/macmillan-au-2018-06-part-a.onix21.xml", 8, 8, 0),
        ("onix/macmillan-au-2018-06-part-a.onix30.xml", 8, 8, 0),
        ("onix/titlepage-annotated.onix21.xml", 1, 1, 0),
        ("onix/immateriel-ebook-with-parts.onix30.xml", 4, 4, 0),
        ("onix/hub-numerique-price-to-be-announced.onix30.xml", 1, 1, 0),
        ("onix/jouve-ebook.onix21.xml", 1, 1, 0),
        ("onix/baylor-2.1-short-tags.onix21-short.xml", 1, 1, 0),
        ("onix/danish-ebook.onix30.xml", 1, 1, 0),
        ("onix/google-play-sample.onix30.xml", 1, 1, 0),
        ("onix/edge/latin1-undeclared-empty-notification.onix21.xml", 1, 1, 0),
        ("onix/edge/named-entities-need-dtd.onix21.xml", 1, 1, 0),
        ("onix/edge/control-character.onix21.xml", 1, 1, 0),
        ("onix/edge/iso-8859-1-default-currency-in-header.onix21.xml", 1, 1, 0),
        ("onix/edge/no-encoding-declared.onix21.xml", 1, 1, 0),
        ("onix/edge/no-currency-anywhere.onix21.xml", 1, 1, 0),
        ("onix/edge/empty-product-form-no-price.onix21.xml", 1, 1, 0),
        ("onix/edge/invalid-currency-code.onix30.xml", 1, 1, 0),
        ("csv/goodbooks-10k-books.csv", 9_277, 9_277, 723),
        ("csv/goodreads-books-first-2000.csv", 1_998, 1_998, 2),
        ("csv/bookdepository-prices-a.csv", 5_130, 4_030, 0),
    ],
)
def test_every_product_is_accounted_for(name, products, isbns, rejected):
    records, rejections = read(name)

    assert (len(records), len({r.isbn for r in records}), len(rejections)) == (products, isbns, rejected)
    assert not any("\ufffd" in repr(record) or "â€" in repr(record) for record in records)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("onix/anonymised-preorder-embargo.onix30.xml", "“9780000000000” is not an ISBN: its check digit is wrong."),
        (
            "onix/anonymised-price-periods.onix30-bare-product.xml",
            "“978123456789” is not an ISBN: it has 12 characters",
        ),
        ("onix/edge/utf8-bom-minimal.onix30.xml", "No title."),
    ],
)
def test_what_is_rejected_says_why(name, why):
    records, (rejection,) = read(name)

    assert records == []
    assert rejection.reason.startswith(why)


def test_the_months_list_of_a_publisher_adds_up():
    records, _ = read("onix/allen-unwin-2008-07.onix21.xml", country="AU", shop_currency="AUD")

    assert sums(records) == {"AUD": Decimal("24372.01"), "NZD": Decimal("15382.15")}
    assert sum(len(r.prices) for r in records) == 714
    assert sum(len(r.contributors) for r in records) == 279 - 4  # "No Author Provided" three times, "<=" once
    assert sum(bool(r.sort_title) for r in records) == 64
    assert sum(bool(r.subtitle) for r in records) == 69
    assert sum(r.publication_date is None for r in records) == 2
    unsold = Counter(r.not_for_sale for r in records)
    assert unsold == {"": 224, "No product form: may be trade material": 14}
    first = records[0]
    assert (first.title, first.sort_title, first.format) == (
        "The Forgotten Garden",
        "Forgotten Garden, The",
        Format.PAPERBACK,
    )
    assert (first.contributors[0].name, first.contributors[0].sort_name) == ("Kate Morton", "Morton, Kate")
    assert first.sender == "Allen & Unwin"


@pytest.mark.parametrize("release", ["21", "30"])
def test_two_markets_keep_their_prices(release):
    records, _ = read(f"onix/macmillan-au-2018-06-part-a.onix{release}.xml", country="AU", shop_currency="AUD")

    assert sums(records) == {"AUD": Decimal("181.92"), "NZD": Decimal("189.93")}
    assert all(r.not_for_sale == "" for r in records)


def test_the_same_eight_books_are_the_same_in_2_1_and_3_0():
    old, _ = read("onix/macmillan-au-2018-06-part-a.onix21.xml", country="AU", shop_currency="AUD")
    new, _ = read("onix/macmillan-au-2018-06-part-a.onix30.xml", country="AU", shop_currency="AUD")

    for a, b in zip(old, new, strict=True):
        same = ("isbn", "title", "subtitle", "series", "series_number", "format", "pages", "language", "publisher")
        same += ("imprint", "prices", "availability", "publication_date", "embargo_date", "contributors")
        assert {name: getattr(a, name) for name in same} == {name: getattr(b, name) for name in same}


def test_one_book_in_four_dialects_is_one_book():
    records = [
        read(f"onix/editeur-sample.onix{form}.xml")[0][0] for form in ("30-ref", "30-short", "31-ref", "31-short")
    ]
    first = records[0]

    assert (first.isbn, first.title, first.series, first.series_number) == (
        "9780007232833",
        "Roseanna",
        "The Martin Beck series",
        "1",
    )
    assert [(c.name, c.role) for c in first.contributors] == [
        ("Maj Sjöwall", Role.AUTHOR),
        ("Per Wahlöö", Role.AUTHOR),
        ("Lois Roth", Role.TRANSLATOR),
        ("Henning Mankell", Role.INTRODUCTION),
    ]
    assert [(p.amount, p.currency, p.tax_included) for p in first.prices] == [
        (Decimal("7.99"), "GBP", True),
        (Decimal("8.99"), "EUR", False),
    ]
    assert first.not_for_sale == ""
    for other in records[1:]:
        for name in Record.__dataclass_fields__:
            if name not in ("sent_at", "description", "work_ids", "images"):
                assert getattr(other, name) == getattr(first, name), name


@pytest.mark.parametrize("form", ["ref", "short"])
def test_a_block_update_brings_prices_and_nothing_else(form):
    ((record,), _) = read(f"onix/editeur-sample-block-update.onix30-{form}.xml")

    assert (record.notification, record.blocks) == (Notification.BLOCKS, {Block.SUPPLY})
    assert [p.amount for p in record.prices] == [Decimal("8.99"), Decimal("9.99")]
    assert record.title == ""


def test_a_net_price_is_no_shelf_price_and_parts_are_not_sold():
    ((danish,), _) = read("onix/danish-ebook.onix30.xml", country="DK", shop_currency="DKK")
    parts, _ = read("onix/immateriel-ebook-with-parts.onix30.xml", country="FR", shop_currency="EUR")
    ((announced,), _) = read("onix/hub-numerique-price-to-be-announced.onix30.xml", country="FR", shop_currency="EUR")

    assert (danish.prices, danish.not_for_sale) == ([], "No price that a consumer may be charged")
    assert Counter(r.not_for_sale for r in parts) == {"Not sold separately": 3, "": 1}
    assert "Price to be announced" in announced.not_for_sale
    assert announced.availability is SupplierAvailability.NOT_AVAILABLE


def test_money_is_never_guessed():
    for name in ("no-currency-anywhere.onix21", "no-encoding-declared.onix21", "invalid-currency-code.onix30"):
        ((record,), _) = read(f"onix/edge/{name}.xml")
        assert record.prices == []
        assert any("currency" in warning for warning in record.warnings)
    ((record,), _) = read("onix/edge/iso-8859-1-default-currency-in-header.onix21.xml")
    assert sums([record]) == {"AUD": Decimal("32.95")}
    assert record.contributors[0].name == "Hans Küng"


def test_repairs_are_reported():
    ((latin,), _) = read("onix/edge/latin1-undeclared-empty-notification.onix21.xml")
    ((control,), _) = read("onix/edge/control-character.onix21.xml")

    assert any("0xA1 is not UTF-8" in warning for warning in latin.warnings)
    assert any("0x0B" in warning for warning in control.warnings)


def test_a_shops_offers_keep_their_own_currencies():
    records, _ = read("csv/bookdepository-prices-a.csv", currency="USD", shop_currency="USD")
    conflicts = {r.isbn for r in records if any("two prices" in w for w in r.warnings)}

    assert sum(not r.prices for r in records) == 6
    assert all(any("HKD" in w for w in r.warnings) for r in records if not r.prices)
    in_hong_kong = {r.isbn for r in records if not r.prices}
    priced = {r.isbn for r in records if r.prices}
    assert len(conflicts | (in_hong_kong & priced)) == 21
    assert read("csv/bookdepository-prices-a.csv")[0][0].prices == []


def test_a_readers_list_gives_series_and_people():
    records, rejections = read("csv/goodbooks-10k-books.csv")
    first = records[0]

    assert (first.isbn, first.title, first.series, first.series_number) == (
        "9780439023481",
        "The Hunger Games",
        "The Hunger Games",
        "1",
    )
    assert first.publication_date is None
    assert [c.name for c in records[1].contributors] == ["J.K. Rowling", "Mary GrandPré"]
    assert len(rejections) == 23 + 700


def test_orders_are_no_books():
    with pytest.raises(UnreadableFile, match="no column “title” or “name”"):
        read("csv/cdnow-sample-orders.txt")
