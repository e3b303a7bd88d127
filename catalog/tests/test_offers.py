"""Price and availability of an edition at a moment, in the words that shoppers read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import BookListing, Edition, Price
from catalog.offers import Offer, PriceTerm, Terms, decide, entry_of, offer_for, terms_from
from catalog.tests.factories import EditionFactory, book
from core.money import Money

TODAY = dt.date(2026, 3, 10)
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def terms(**changes) -> Terms:
    known = {
        "format": "paperback",
        "is_for_sale": True,
        "supplier": "stock-only",
        "free": 0,
        "publication_date": dt.date(2006, 8, 7),
        "precision": "day",
        "embargo_date": None,
        "prices": (PriceTerm(Decimal("7.99"), True, False, None, None),),
    }
    return Terms(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "code", "label", "detail", "button"),
    [
        ({"free": 3}, "in-stock", "In stock", "", "Add to basket"),
        ({"free": 2}, "low-stock", "Only 2 left", "", "Add to basket"),
        ({"free": 1, "supplier": "out-of-print"}, "low-stock", "Only 1 left", "", "Add to basket"),
        ({}, "temporarily-out", "Temporarily out of stock", "", ""),
        ({"supplier": "available"}, "to-order", "Available to order", "Usually 2–4 days", "Add to basket"),
        ({"supplier": "special-order"}, "special-order", "Special order", "Usually 1–3 weeks", "Add to basket"),
        ({"supplier": "print-on-demand"}, "print-on-demand", "Printed on demand", "Usually 1–2 weeks", "Add to basket"),
        ({"supplier": "temporarily-out"}, "temporarily-out", "Temporarily out of stock", "", ""),
        ({"supplier": "out-of-print"}, "out-of-print", "Out of print", "", ""),
        ({"supplier": "not-available"}, "unavailable", "Not available", "", ""),
        ({"format": "ebook"}, "download", "Instant download", "", "Add to basket"),
        ({"format": "ebook", "supplier": "not-available"}, "unavailable", "Not available", "", ""),
        ({"free": 3, "prices": ()}, "unavailable", "Not available to buy", "", ""),
        ({"free": 3, "is_for_sale": False}, "unavailable", "Not available to buy", "", ""),
        (
            {"supplier": "forthcoming", "publication_date": dt.date(2026, 3, 14)},
            "pre-order", "Pre-order: published 14 March 2026", "", "Pre-order",
        ),
        (
            {"supplier": "forthcoming", "publication_date": dt.date(2026, 3, 1), "precision": "month"},
            "pre-order", "Pre-order: published March 2026", "", "Pre-order",
        ),
        (
            {"supplier": "available", "publication_date": dt.date(2027, 1, 1), "precision": "year"},
            "pre-order", "Pre-order: published 2027", "", "Pre-order",
        ),
        ({"supplier": "forthcoming", "publication_date": None}, "pre-order", "Pre-order", "", "Pre-order"),
        ({"supplier": "forthcoming"}, "pre-order", "Pre-order", "", "Pre-order"),
        ({"supplier": "forthcoming", "free": 4}, "in-stock", "In stock", "", "Add to basket"),
        (
            {"free": 9, "embargo_date": dt.date(2026, 3, 11)},
            "pre-order", "Pre-order: published 11 March 2026", "", "Pre-order",
        ),
        ({"free": 9, "embargo_date": dt.date(2026, 3, 10)}, "in-stock", "In stock", "", "Add to basket"),
        ({"embargo_date": dt.date(2026, 3, 11)}, "temporarily-out", "Temporarily out of stock", "", ""),
        (
            {"format": "ebook", "publication_date": dt.date(2026, 3, 11)},
            "pre-order", "Pre-order: published 11 March 2026", "", "Pre-order",
        ),
    ],
)  # fmt: skip
def test_availability_reads_as_the_trade_says(changes, code, label, detail, button):
    offer = decide(terms(**changes), NOON)

    said = offer.availability
    assert (said.code, said.label, said.detail, said.buy_label) == (code, label, detail, button)
    assert offer.can_buy is bool(button)


def test_an_embargo_ends_at_midnight_of_the_shop(settings):
    settings.TIME_ZONE = "Europe/London"
    held = terms(free=9, embargo_date=dt.date(2026, 7, 1))

    with timezone.override("Europe/London"):
        assert decide(held, dt.datetime(2026, 6, 30, 22, 59, 59, tzinfo=dt.UTC)).availability.code == "pre-order"
        assert decide(held, dt.datetime(2026, 6, 30, 23, 0, 0, tzinfo=dt.UTC)).availability.code == "in-stock"


def test_a_price_ends_at_the_moment_the_next_one_begins():
    change = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    two = terms(
        prices=(
            PriceTerm(Decimal("5.99"), True, False, None, change),
            PriceTerm(Decimal("6.99"), True, False, change, None),
        )
    )

    assert decide(two, change - dt.timedelta(seconds=1)).price == Money(Decimal("5.99"), "GBP")
    assert decide(two, change).price == Money(Decimal("6.99"), "GBP")
    assert list(two.changes()) == [change, change, dt.datetime(2006, 8, 7, tzinfo=timezone.get_default_timezone())]


def test_terms_survive_the_read_model():
    window = (NOON, NOON + dt.timedelta(days=1))
    whole = terms(free=2, embargo_date=TODAY, prices=(PriceTerm(Decimal("7.990"), False, True, *window),))

    assert terms_from(entry_of(whole)) == whole


def test_editions_are_shown_by_availability_then_format_then_date():
    def offered(**changes) -> Offer:
        return decide(terms(**changes), NOON)

    old_paperback = offered(free=3, publication_date=dt.date(1990, 1, 1))
    paperback = offered(free=3)
    hardback = offered(free=3, format="hardback")
    board_book = offered(free=3, format="board-book")
    download = offered(format="ebook")
    to_order = offered(supplier="available")
    awaited = offered(supplier="forthcoming", publication_date=None)
    gone = offered(supplier="out-of-print")
    order = [paperback, old_paperback, hardback, board_book, download, to_order, awaited, gone]
    backwards = list(reversed(order))

    assert sorted(backwards, key=lambda offer: offer.rank) == order


def test_card_page_and_basket_agree(shop):
    page = book(price="7.99", in_stock=2)
    edition = Edition.objects.with_offer().get()

    live = offer_for(edition)
    stored = decide(terms_from(BookListing.objects.get(page=page).offers[0]), timezone.now())

    assert stored == live
    assert live.price == Money(Decimal("7.99"), "GBP")


def test_the_shops_price_goes_before_the_feeds_and_other_currencies_do_not_count(shop):
    page = book(editions=0)
    edition = EditionFactory(product=page, price="7.99")
    Price.objects.filter(edition=edition).update(source=Price.Source.FEED)
    Price.objects.create(edition=edition, amount=Decimal("6.50"), currency="GBP")
    Price.objects.create(edition=edition, amount=Decimal("1.00"), currency="EUR")

    assert offer_for(Edition.objects.with_offer().get()).price == Money(Decimal("6.50"), "GBP")


def test_an_edition_that_was_never_counted_has_no_copies(shop):
    page = book(editions=0)
    edition = Edition.objects.create(product=page, isbn="9780000000019", availability="stock-only")
    Price.objects.create(edition=edition, amount=Decimal("6.50"), currency="GBP")

    assert offer_for(edition).availability.code == "temporarily-out"
