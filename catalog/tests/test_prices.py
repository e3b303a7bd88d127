"""What shoppers are asked: what was asked before, offers that begin and end, what is announced of them, and who
changes a price how."""

from __future__ import annotations

import datetime as dt
import html
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import User
from catalog import feeds, indexing, price_lists, prices, structured_data
from catalog.choices import Format
from catalog.importers.load import load
from catalog.importers.records import PriceRecord, Record
from catalog.models import BookListing, Edition, Price, PriceChange, ProductPage
from catalog.offers import PriceTerm, decide, offer_for, terms_from
from catalog.price_history import asked, eras, former_price
from catalog.price_sums import Operation, Rounding, Sum
from catalog.prices import Wish
from catalog.tests.factories import book, isbn
from core.money import Money

SALE = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
"""Midnight in London on the day on which the offers of these stories begin."""
DAY = dt.timedelta(days=1)


@contextmanager
def clock(moment: dt.datetime):
    with time_machine.travel(moment, tick=False):
        yield


def pounds(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def change(edition: Edition, amount: str, *, starts=None, ends=None, currency="GBP", user=None) -> list[prices.Planned]:
    wish = Wish(edition.pk, currency, Sum(Operation.SET, Decimal(amount)), starts, ends)
    return prices.apply([wish], seen=None, user=user)


def do(edition: Edition, operation: Operation, currency="GBP") -> list[prices.Planned]:
    return prices.apply([Wish(edition.pk, currency, Sum(operation))], seen=None, user=None)


def offer_of(edition: Edition, at: dt.datetime | None = None):
    return offer_for(Edition.objects.with_offer().get(pk=edition.pk), at)


@pytest.fixture
def edition(shop) -> Edition:
    """A book at £10 since two months before the sale."""
    with clock(SALE - 60 * DAY):
        return book("Persuasion", price="10", in_stock=5).editions.get()


# --- What was asked ------------------------------------------------------------------------------


def test_the_history_keeps_a_row_for_each_change_with_who_and_when(edition):
    clerk = User.objects.create_user("office@booktime.example")
    with clock(SALE):
        change(edition, "12", user=clerk)
    with clock(SALE + DAY):
        change(edition, "12", user=clerk)

    row = PriceChange.objects.get()
    assert (row.edition, row.currency, row.at, row.user, row.cause) == (edition, "GBP", SALE, clerk, "staff")
    assert row.before == [["10.000", True, False, None, None]]
    clerk.delete()
    assert PriceChange.objects.get().user is None


def test_the_lowest_price_of_a_time_is_the_lowest_that_was_asked_in_it(edition):
    with clock(SALE - 40 * DAY):
        change(edition, "7")
    with clock(SALE - 31 * DAY):
        change(edition, "9")
    with clock(SALE - 5 * DAY):
        change(edition, "12")

    assert prices.lowest_price_since(edition, SALE) == pounds("9")
    assert prices.lowest_price_since(edition, SALE, days=35) == pounds("7")
    assert prices.lowest_price_since(edition, SALE, days=5) == pounds("12")
    assert prices.lowest_price_since(edition, SALE, currency="EUR") is None
    assert prices.lowest_price_since(edition, SALE - 60 * DAY) is None  # it had just come into the shop


def test_an_offer_counts_for_the_days_it_held_although_it_was_ended_early(edition):
    with clock(SALE - 25 * DAY):
        change(edition, "6", starts=SALE - 20 * DAY, ends=SALE - 5 * DAY)
    with clock(SALE - 18 * DAY):
        do(edition, Operation.END_OFFERS)

    assert not Price.objects.filter(amount=6).exists()
    known = list(asked(prices.eras_of(edition), SALE - 30 * DAY, SALE))
    assert [(moment.since, moment.price.amount) for moment in known] == [
        (SALE - 30 * DAY, 10),
        (SALE - 20 * DAY, 6),
        (SALE - 18 * DAY, 10),
    ]
    assert prices.lowest_price_since(edition, SALE) == pounds("6")


def test_an_offer_that_was_cancelled_before_it_began_never_counts(edition):
    with clock(SALE - 25 * DAY):
        change(edition, "6", starts=SALE - 10 * DAY, ends=SALE - 5 * DAY)
    with clock(SALE - 12 * DAY):
        do(edition, Operation.END_OFFERS)

    assert prices.lowest_price_since(edition, SALE) == pounds("10")


def test_a_period_that_had_begun_before_it_was_entered_counts_from_its_entry_only(edition):
    with clock(SALE - 2 * DAY):
        change(edition, "4", starts=SALE - 20 * DAY, ends=SALE - DAY)

    known = list(asked(prices.eras_of(edition), SALE - 30 * DAY, SALE))
    assert [(moment.since, moment.price.amount) for moment in known[1:]] == [(SALE - 2 * DAY, 4), (SALE - DAY, 10)]


# --- Announced reductions ------------------------------------------------------------------------


def test_a_price_that_was_raised_the_day_before_is_not_what_the_reduction_is_from(edition, client):
    """V-03: 10, then 12 on the day before, then 9 shows 10 as former price and -10 %."""
    with clock(SALE - DAY):
        change(edition, "12")
        change(edition, "9", starts=SALE, ends=SALE + 7 * DAY)

    with clock(SALE):
        offer = offer_of(edition)
        assert (offer.price, offer.former_price, offer.percent_off) == (pounds("9"), pounds("10"), 10)
        assert (offer.offer_ends_at, offer.until_label) == (SALE + 7 * DAY, "until 16 March 2026")
        page = client.get("/books/persuasion/").content.decode()
    assert "£10.00" in page
    assert "−10%" in page
    assert "£12.00" not in page


@pytest.mark.parametrize(
    ("history", "offer", "former", "percent"),
    [
        ([(60, "10")], "9", "10", 10),
        ([(60, "10"), (31, "8"), (30, "12")], "9", "12", 25),
        ([(60, "10"), (31, "8"), (29, "12")], "7", "8", 12),
        ([(60, "10"), (10, "9")], "9", None, 0),
        ([(60, "10"), (10, "8")], "9", None, 0),
        ([(5, "10")], "8", "10", 20),
        ([(0, "10")], "8", None, 0),
        ([(60, "10")], "9.99", "10", 0),
        ([(60, "10")], "0", "10", 100),
    ],
    ids=["plain", "outside the 30 days", "lower inside the 30 days", "no lower than before", "dearer than before",
         "new: its whole life counts", "newer than its offer", "less than a percent", "for nothing"],
)  # fmt: skip
def test_a_reduction_is_from_the_lowest_price_of_thirty_days(history, offer, former, percent, shop):
    born, first = history[0]
    with clock(SALE - born * DAY):
        edition = book(price=first).editions.get()
    for ago, amount in history[1:]:
        with clock(SALE - ago * DAY):
            change(edition, amount)
    with clock(SALE):
        change(edition, offer, ends=SALE + DAY)

    shown = offer_of(edition, SALE)
    assert shown.price == pounds(offer)
    assert shown.former_price == (pounds(former) if former else None)
    assert shown.percent_off == percent


def test_a_second_offer_is_reduced_from_the_first_one(edition):
    with clock(SALE):
        change(edition, "8", ends=SALE + 5 * DAY)
        change(edition, "7", starts=SALE + 10 * DAY, ends=SALE + 12 * DAY)

    assert offer_of(edition, SALE + DAY).former_price == pounds("10")
    assert offer_of(edition, SALE + 10 * DAY).former_price == pounds("8")


def test_a_change_before_a_planned_offer_begins_changes_what_it_is_reduced_from(edition):
    with clock(SALE - 3 * DAY):
        change(edition, "8", starts=SALE, ends=SALE + DAY)
        assert Price.objects.get(amount=8).former == 10
    with clock(SALE - 2 * DAY):
        change(edition, "9")

    assert offer_of(edition, SALE).former_price == pounds("9")


def test_a_change_while_an_offer_runs_leaves_what_it_is_reduced_from(edition):
    with clock(SALE):
        change(edition, "8", ends=SALE + 5 * DAY)
    with clock(SALE + DAY):
        change(edition, "6")

    assert (offer_of(edition, SALE + 2 * DAY).price, offer_of(edition, SALE + 2 * DAY).former_price) == (
        pounds("8"),
        pounds("10"),
    )


def test_a_price_without_an_end_is_no_offer(edition):
    with clock(SALE - DAY):
        change(edition, "8", starts=SALE)

    before, after = offer_of(edition, SALE - dt.timedelta(seconds=1)), offer_of(edition, SALE)
    assert (before.price, after.price, after.former_price, after.until_label) == (pounds("10"), pounds("8"), None, "")


@pytest.mark.parametrize("term", [{"is_fixed": True}, {"tax_included": False}])
def test_no_reduction_is_announced_of_a_fixed_price_or_one_without_its_tax(term):
    before = PriceTerm(**{"amount": Decimal(10), "tax_included": True, "is_fixed": False, "starts_at": None,
                          "ends_at": None, **term})  # fmt: skip
    offer = PriceTerm(Decimal(9), True, False, SALE, SALE + DAY)

    assert former_price(eras(SALE - 60 * DAY, [], [offer, before]), offer) is None
    assert former_price(eras(SALE - 60 * DAY, [], [offer]), offer) is None


def test_a_publisher_who_fixes_the_price_ends_the_announcement(edition):
    Price.objects.update(source="feed")
    with clock(SALE):
        change(edition, "8", ends=SALE + 9 * DAY)
        fixed = Price(edition=edition, amount=Decimal(10), currency="GBP", is_fixed=True, source="feed")
        prices.replace_feed_prices({edition.pk: [fixed]})

    assert offer_of(edition, SALE + DAY).former_price is None


def test_an_offer_reads_with_its_last_day_or_its_hour(edition):
    with clock(SALE):
        change(edition, "9", ends=SALE + dt.timedelta(hours=17, minutes=30))

    assert offer_of(edition, SALE).until_label == "until 10 March 2026, 17:30"


def test_an_offer_begins_and_ends_on_pages_lists_and_in_the_basket_by_the_clock(edition, client):
    with clock(SALE - DAY):
        change(edition, "9", starts=SALE, ends=SALE + DAY)
        assert "£9.00" not in client.get("/books/").content.decode()

    for moment, is_on in [(SALE, True), (SALE + DAY - dt.timedelta(seconds=1), True), (SALE + DAY, False)]:
        with clock(moment):
            for address in ("/books/", "/books/persuasion/"):
                page = client.get(address).content.decode()
                assert ("£9.00" in page, "until 10 March 2026" in page) == (is_on, is_on)
                assert "£10.00" in page
            row = BookListing.objects.get(page=edition.product_id)
            assert decide(terms_from(row.offers[0]), moment) == offer_of(edition, moment)


def test_the_basket_shows_the_offer(edition, client):
    now = timezone.now()
    change(edition, "9", ends=now + 3 * DAY)
    Edition.objects.update(created_at=now - 60 * DAY)
    Price.objects.filter(amount=9).update(former=10)
    client.post("/basket/add/", {"edition": edition.pk, "quantity": 2})

    page = client.get("/basket/").content.decode()
    assert "£18.00" in page
    assert "£10.00" in page
    assert "−10%" in page


def test_what_the_shop_says_changes_with_the_next_page_view(edition, client):
    """L-06."""
    assert "£10.00" in client.get("/books/persuasion/").content.decode()

    change(edition, "11")

    assert "£11.00" in client.get("/books/persuasion/").content.decode()
    assert "£11.00" in client.get("/books/").content.decode()


def test_a_reduction_costs_no_query_on_lists_and_pages(shop, client):
    for number in range(10):
        page = book(f"Book {number}", price="10", in_stock=5)
    list_before, page_before = queries(client, "/books/"), queries(client, page.url)
    for edition in Edition.objects.all():
        Edition.objects.update(created_at=timezone.now() - 60 * DAY)
        change(edition, "9", ends=timezone.now() + DAY)
        change(edition, "11.50", currency="EUR")

    assert queries(client, "/books/") == list_before
    assert queries(client, page.url) == page_before <= 6


def queries(client, address: str) -> int:
    client.get(address, {"page": 1})
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address, {"edition": "none"}).status_code == 200
    return len([query for query in counted if "SAVEPOINT" not in query["sql"]])


# --- Currencies ----------------------------------------------------------------------------------


def test_what_the_shop_asks_in_another_currency_stands_beside_its_price_and_is_never_mixed_with_it(edition, client):
    change(edition, "12.90", currency="EUR")
    Price.objects.create(edition=edition, amount=Decimal("99"), currency="USD", source="feed")

    offer = offer_of(edition)
    assert (offer.price, offer.also) == (pounds("10"), (Money(Decimal("12.90"), "EUR"),))
    page = client.get("/books/persuasion/").content.decode()
    assert "also €12.90" in page
    assert "99" not in page.split('id="buy"')[1].split("</form>")[0].replace('max="99"', "")
    client.post("/basket/add/", {"edition": edition.pk, "quantity": 1, "currency": "EUR", "price": "0.01"})
    assert "£10.00" in client.get("/basket/").content.decode()


def test_a_book_that_is_priced_in_another_currency_only_cannot_be_bought(edition):
    Price.objects.all().delete()
    change(edition, "12.90", currency="EUR")

    assert (offer_of(edition).price, offer_of(edition).can_buy) == (None, False)


def test_a_price_in_another_currency_begins_on_its_day_on_a_stored_page(edition, client):
    with clock(SALE - DAY):
        change(edition, "12.90", currency="EUR", starts=SALE)
        assert "€12.90" not in client.get("/books/persuasion/").content.decode()
        assert indexing.next_change() == SALE
    with clock(SALE):
        assert "€12.90" in client.get("/books/persuasion/").content.decode()


# --- Working prices out --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "value", "rounding", "base", "result"),
    [
        ("set", "7.5", "exact", None, "7.50"),
        ("lower-percent", "10", "exact", "9.99", "8.99"),
        ("lower-percent", "10", "99", "9.99", "8.99"),
        ("lower-percent", "10", "99", "10.00", "8.99"),
        ("lower-percent", "1", "99", "9.50", "8.99"),
        ("lower-percent", "10", "00", "10.50", "9.00"),
        ("raise-percent", "5", "99", "10.00", "10.99"),
        ("raise-percent", "0", "99", "9.99", "9.99"),
        ("raise-percent", "5", "00", "10.00", "11.00"),
        ("raise-amount", "1.20", "exact", "9.99", "11.19"),
        ("lower-amount", "2", "exact", "9.99", "7.99"),
        ("lower-percent", "10", "exact", None, None),
    ],
)
def test_prices_are_worked_out_and_rounded_in_their_direction(operation, value, rounding, base, result):
    sum_ = Sum(Operation(operation), Decimal(value), Rounding(rounding))

    assert sum_.of(pounds(base) if base else None, "GBP") == (pounds(result) if result else None)


def test_currencies_without_pennies_have_none():
    sum_ = Sum(Operation.LOWER_PERCENT, Decimal(10), Rounding.NINETY_NINE)

    assert sum_.of(Money(Decimal(1995), "JPY"), "JPY") == Money(Decimal(1795), "JPY")


def test_an_offer_is_worked_out_from_the_ordinary_price_not_from_another_offer(edition):
    change(edition, "5", ends=timezone.now() + DAY)
    wish = Wish(edition.pk, "GBP", Sum(Operation.LOWER_PERCENT, Decimal(20)), timezone.now() + 2 * DAY,
                timezone.now() + 3 * DAY)  # fmt: skip

    assert [price.amount for price in prices.plan([wish])[0].after if price.pk is None] == [Decimal("8.00")]


# --- What stands in the way ----------------------------------------------------------------------


def problems(edition: Edition, *wishes: Wish) -> list[str]:
    return prices.plan(wishes)[0].problems


def test_two_offers_never_hold_at_once(edition):
    now = timezone.now()
    change(edition, "8", starts=now + DAY, ends=now + 5 * DAY)

    wish = Wish(edition.pk, "GBP", Sum(Operation.SET, Decimal(7)), now + 4 * DAY, now + 9 * DAY)
    assert problems(edition, wish) == ["There is an offer at that time already: £8.00. End it first."]
    assert (
        problems(edition, Wish(edition.pk, "GBP", Sum(Operation.SET, Decimal(7)), now + 5 * DAY, now + 9 * DAY)) == []
    )


@pytest.mark.parametrize(
    ("operation", "value", "problem"),
    [
        ("lower-amount", "10", "Nothing would be left of the price."),
        ("lower-percent", "100", "Nothing would be left of the price."),
        ("lower-amount", "99999999", "Nothing would be left of the price."),
        ("raise-amount", "99999999", "£100,000,009.00 is more than any book costs."),
    ],
)
def test_a_price_that_makes_no_sense_is_refused_in_words(edition, operation, value, problem):
    wish = Wish(edition.pk, "GBP", Sum(Operation(operation), Decimal(value)))

    assert problems(edition, wish) == [problem]
    assert prices.apply([wish], seen=None, user=None) == []
    assert Price.objects.get().amount == 10


def test_a_fixed_price_is_kept(edition):
    Price.objects.update(source="feed", is_fixed=True)

    assert problems(edition, Wish(edition.pk, "GBP", Sum(Operation.SET, Decimal(9)))) == [
        "The publisher fixes the price: £10.00."
    ]


def test_the_shops_price_gives_way_to_the_feeds_again(edition):
    Price.objects.update(source="feed")
    change(edition, "8")
    assert offer_of(edition).price == pounds("8")

    do(edition, Operation.GIVE_BACK)

    assert offer_of(edition).price == pounds("10")
    assert [row.before[0][0] for row in PriceChange.objects.all()] == ["10.000", "8.000"]


def test_a_plan_that_was_seen_is_applied_and_another_one_refused(edition):
    """C-04."""
    wish = Wish(edition.pk, "GBP", Sum(Operation.LOWER_PERCENT, Decimal(10)))
    seen = prices.sign_of(prices.plan([wish]))
    change(edition, "20")

    with pytest.raises(prices.ChangedMeanwhile):
        prices.apply([wish], seen=seen, user=None)
    assert offer_of(edition).price == pounds("20")

    prices.apply([wish], seen=prices.sign_of(prices.plan([wish])), user=None)
    assert offer_of(edition).price == pounds("18")


# --- Feeds ---------------------------------------------------------------------------------------


def records(amount: str, number: int = 3) -> list[Record]:
    return [
        Record(position=place, isbn=isbn(500 + place), title=f"Title {place}", format=Format.PAPERBACK,
               prices=[PriceRecord(Decimal(amount), "GBP")])
        for place in range(1, number + 1)
    ]  # fmt: skip


def test_an_import_keeps_what_changed_and_nothing_of_what_did_not(books_page):
    load(records("10"), source="one")
    load(records("10"), source="two")
    assert not PriceChange.objects.exists()

    load([*records("10")[:2], records("12")[2]], source="three")

    row = PriceChange.objects.get()
    assert (row.edition.isbn, row.cause, row.user, row.before[0][0]) == (isbn(503), "feed", None, "10.000")


def test_a_feeds_price_counts_for_the_time_it_held(books_page):
    for ago, amount in [(60, "10"), (20, "7"), (10, "12")]:
        with clock(SALE - ago * DAY):
            load(records(amount, 1), source=amount)
    edition = Edition.objects.get()
    with clock(SALE):
        change(edition, "6", starts=SALE + 5 * DAY, ends=SALE + 9 * DAY)
    assert offer_of(edition, SALE + 5 * DAY).former_price == pounds("7")

    with clock(SALE + DAY):
        load(records("6.50", 1), source="again")
    assert offer_of(edition, SALE + 5 * DAY).former_price == pounds("6.50")
    assert offer_of(edition, SALE + 4 * DAY).price == pounds("6.50")


def test_the_history_of_many_editions_costs_an_import_no_more_statements(books_page):
    load(records("10", 40), source="one")
    counts = []
    for amount, number in [("11", 1), ("12", 40)]:
        with CaptureQueriesContext(connection) as counted:
            load(records(amount, number), source=amount, index=False)
        counts.append([query["sql"] for query in counted if "pricechange" in query["sql"]])

    assert [len(found) for found in counts] == [1, 1]
    assert PriceChange.objects.count() == 41


def test_deleting_a_book_takes_its_history_along(edition):
    change(edition, "11")
    ProductPage.objects.get().delete()

    assert not PriceChange.objects.exists()


def test_code_of_the_last_release_reads_what_this_one_writes(edition):
    entry = BookListing.objects.get().offers[0]

    assert "former" not in entry
    assert "also" not in entry
    assert [len(price) for price in entry["prices"]] == [5]


# --- Machines ------------------------------------------------------------------------------------


def test_search_engines_and_the_merchant_feed_say_the_offer_as_the_page_does(edition):
    with clock(SALE):
        change(edition, "9", ends=SALE + DAY)
        offer = offer_of(edition)

    said = structured_data.offer(offer, "new", "https://shop.example/x", {}, SALE)
    assert (said["price"], said["priceValidUntil"]) == ("9.00", "2026-03-11")
    assert said["priceSpecification"] == {
        "@type": "UnitPriceSpecification",
        "priceType": "https://schema.org/StrikethroughPrice",
        "price": "10.00",
        "priceCurrency": "GBP",
    }
    assert feeds._prices(offer) == [
        ("price", "10.00 GBP"),
        ("sale_price", "9.00 GBP"),
        ("sale_price_effective_date", "2026-03-10T00:00+00:00/2026-03-11T00:00+00:00"),
    ]
    assert feeds._prices(offer_of(edition, SALE + DAY)) == [("price", "10.00 GBP")]


# --- In the admin --------------------------------------------------------------------------------


@pytest.fixture
def office(client, db) -> User:
    """The central office, signed in."""
    roles.apply()
    user = User.objects.create_user("office@booktime.example", "secret-for-tests")
    user.groups.add(Group.objects.get(name=roles.OFFICE))
    client.force_login(user)
    return user


def answers(**changes: str) -> dict[str, str]:
    """What a browser sends back from the form."""
    return {"operation": "set", "value": "9", "rounding": "exact", "currency": "GBP", **changes}


def seen_in(page) -> str:
    return re.search(r'name="seen" value="([0-9a-f]+)"', page.content.decode())[1]


@pytest.fixture
def index() -> str:
    return reverse("prices:index")


def test_a_change_is_shown_and_then_applied_and_kept_with_its_name(edition, client, office, index):
    form = answers(editions=str(edition.pk))

    preview = client.post(index, form)
    assert "£9.00" in preview.content.decode()
    assert offer_of(edition).price == pounds("10")
    done = client.post(index, {**form, "seen": seen_in(preview)})

    assert done["Location"] == reverse("prices:edition", args=[edition.pk])
    assert offer_of(edition).price == pounds("9")
    assert PriceChange.objects.get().user == office
    history = client.get(done["Location"]).content.decode()
    assert "− £10.00" in history
    assert "+ £9.00" in history
    assert "office@booktime.example" in history


def test_the_preview_of_an_offer_says_when_shoppers_see_what(edition, client, office, index):
    with clock(SALE - DAY):
        client.force_login(office)
        form = answers(editions=str(edition.pk), starts_at="2026-03-10T00:00", ends_at="2026-03-17T00:00")
        page = client.post(index, form).content.decode()

    said = [" ".join(re.sub("<[^>]*>", "", item).split()) for item in re.findall("<li>(.*?)</li>", page, re.S)]
    assert [text for text in said if "£" in text] == [
        "now: £10.00",
        "from 10 Mar 2026, midnight: £9.00, announced as reduced from £10.00",
        "from 17 Mar 2026, midnight: £10.00",
    ]


def test_a_preview_that_is_no_longer_true_is_refused_and_shown_anew(edition, client, office, index):
    """C-04."""
    form = answers(editions=str(edition.pk), operation="raise-percent", value="10")
    preview = client.post(index, form)
    change(edition, "20")

    answer = client.post(index, {**form, "seen": seen_in(preview)})

    assert answer.status_code == 409
    assert "Prices were changed meanwhile" in answer.content.decode()
    assert "£22.00" in answer.content.decode()
    assert offer_of(edition).price == pounds("20")


def test_an_offer_without_a_beginning_begins_at_once(edition, client, office, index):
    later = timezone.localtime(timezone.now() + 3 * DAY)
    form = answers(editions=str(edition.pk), ends_at=f"{later:%Y-%m-%dT%H:%M}")

    client.post(index, {**form, "seen": seen_in(client.post(index, form))})

    assert (offer_of(edition).price, offer_of(edition).former_price) == (pounds("9"), pounds("10"))
    wish = price_lists.read(f"isbn,price,currency,ends\n{edition.isbn},8,GBP,{later:%Y-%m-%d}\n").wishes[0]
    assert (wish.starts_at, wish.ends_at > later) == (None, True)


@pytest.mark.parametrize("chosen", [{"publisher": "virago"}, {"tag": "Crime"}, {"format": "hardback"}])
def test_many_prices_are_changed_by_publisher_tag_or_format(shop, client, office, index, chosen):
    book("One", price="10", publisher="Virago", tags=["Crime"], format="hardback")
    book("Two", price="9.50", publisher="Virago", tags=["Crime"], format="hardback")
    book("Other", price="10")
    form = answers(operation="lower-percent", value="5", rounding="99", **chosen)

    client.post(index, {**form, "seen": seen_in(client.post(index, form))})

    asked_for = {edition.product.title: offer_of(edition).price for edition in Edition.objects.all()}
    assert asked_for == {"One": pounds("8.99"), "Two": pounds("8.99"), "Other": pounds("10")}
    shown = [decide(terms_from(row.offers[0]), timezone.now()).price for row in BookListing.objects.order_by("pk")]
    assert shown == [pounds("8.99"), pounds("8.99"), pounds("10")]


def test_changing_many_costs_as_many_queries_as_changing_one(shop, office):
    editions = [book(f"Book {number}", price="10").editions.get() for number in range(6)]

    def cost(some: list[Edition], amount: str) -> int:
        wishes = [Wish(one.pk, "GBP", Sum(Operation.SET, Decimal(amount))) for one in some]
        with CaptureQueriesContext(connection) as counted:
            prices.apply(wishes, seen=None, user=office)
        return len(counted)

    assert cost(editions, "9") == cost(editions[:1], "8") <= 30


def test_editions_that_are_ticked_lead_to_the_form(edition, client, office, index):
    action = reverse("wagtail_bulk_action", args=["catalog", "edition", "change-prices"])

    answer = client.get(action, {"id": [edition.pk]})

    assert answer["Location"] == f"{index}?editions={edition.pk}"
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"editions": ""}, "Choose a publisher"),
        ({"editions": "1 OR 1=1"}, "not named as they should be"),
        ({"editions": "９"}, "not named as they should be"),
        ({"value": ""}, "By how much"),
        ({"value": "-1"}, "greater than or equal to 0"),
        ({"value": "NaN"}, "Enter a number"),
        ({"value": "1e400"}, "digits"),
        ({"value": "9999999999999999999999"}, "digits"),
        ({"currency": "XYZ"}, "no currency in use"),
        ({"operation": "give-away"}, "Select a valid choice"),
        ({"ends_at": "2001-01-01T00:00"}, "after now"),
        ({"starts_at": "tomorrow"}, "valid date"),
        ({"publisher": "Nobody"}, "There is none with the name"),
        ({"operation": "give-back", "ends_at": "2999-01-01T00:00"}, "leave the dates empty"),
    ],
)
def test_rubbish_is_refused_in_words(edition, client, office, index, changes, words):
    form = answers(editions=str(edition.pk)) | changes

    answer = client.post(index, {**form, "seen": "x"})

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert offer_of(edition).price == pounds("10")


def test_hidden_fields_of_another_preview_change_nothing(edition, client, office, index):
    """I-17."""
    preview = client.post(index, answers(editions=str(edition.pk), value="9"))

    answer = client.post(index, {**answers(editions=str(edition.pk), value="0.01"), "seen": seen_in(preview)})

    assert answer.status_code == 409
    assert offer_of(edition).price == pounds("10")


@pytest.mark.parametrize("name", [None, roles.EDITOR, roles.MARKETER, roles.DISPATCH])
def test_prices_are_changed_by_those_who_may(edition, client, index, name):
    roles.apply()
    if name:
        user = User.objects.create_user("somebody@booktime.example", "secret-for-tests")
        user.groups.add(Group.objects.get(name=name))
        client.force_login(user)

    for address in (index, reverse("prices:import"), reverse("prices:edition", args=[edition.pk])):
        assert client.get(address).status_code == 302
    form = answers(editions=str(edition.pk))
    assert client.post(index, {**form, "seen": "x"}).status_code == 302
    assert offer_of(edition).price == pounds("10")


# --- Price lists ---------------------------------------------------------------------------------


def sent(text: str | bytes) -> dict[str, object]:
    content = text if isinstance(text, bytes) else text.encode()
    return {"file": SimpleUploadedFile("prices.csv", content)}


def test_a_price_list_is_shown_and_then_applied(edition, client, office):
    with clock(SALE):
        client.force_login(office)
        list_ = (
            f"isbn,price,currency,starts,ends\n{edition.isbn},8,GBP,2026-03-12,2026-03-14\n{edition.isbn},11,eur,,\n"
        )
        preview = client.post(reverse("prices:import"), sent(list_))
        assert "£8.00" in preview.content.decode()
        text = html.unescape(re.search(r'name="text" value="([^"]*)"', preview.content.decode())[1])
        client.post(reverse("prices:import"), {"text": text.replace("\n", "\r\n"), "seen": seen_in(preview)})

    assert offer_of(edition, SALE + 2 * DAY).price == pounds("8")
    assert offer_of(edition, SALE + 5 * DAY - dt.timedelta(seconds=1)).price == pounds("8")
    assert offer_of(edition, SALE + 5 * DAY).price == pounds("10")
    assert offer_of(edition, SALE).also == (Money(Decimal(11), "EUR"),)
    assert {row.cause for row in PriceChange.objects.all()} == {"list"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("9780000000000,9,GBP", "this is no ISBN"),
        ("9780141439686,9,GBP", "the shop does not have this book"),
        ("{isbn},-9,GBP", "“-9” is no price"),
        ("{isbn},NaN,GBP", "“NaN” is no price"),
        ("{isbn},1e400,GBP", "“1e400” is no price"),
        ("{isbn},９,GBP", "“９” is no price"),
        ("{isbn},9.9.9,GBP", "“9.9.9” is no price"),
        ("{isbn},99999999999999999999,GBP", "is no price"),
        ("{isbn},9,", "is no currency in use"),
        ("{isbn},9,XXQ", "is no currency in use"),
        ("{isbn},9,GBP,31/12/2026,", "is no date"),
        ("{isbn},9,GBP,2026-02-31,", "is no date"),
        ("{isbn},9,GBP,,2001-01-01", "the end must come after the beginning"),
        ("{isbn},,GBP,2026-12-01,", "a time without a price"),
        ("{isbn},9,GBP,,,,,x", "more fields than columns"),
        ("=cmd|' /C calc'!A0,9,GBP", "this is no ISBN"),
    ],
)
def test_a_row_that_makes_no_sense_is_named_with_its_line(edition, row, problem):
    found = price_lists.read("ISBN , price,currency,starts,ends\n" + row.format(isbn=edition.isbn) + "\n")

    assert found.wishes == []
    assert found.problems[0].startswith("Line 2 (")
    assert problem in found.problems[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a file|empty"),
        (b"title;price\nEmma;9\n", "missing: isbn, currency"),
        (b'isbn,price,currency\n"978,9,GBP\n', "is not CSV"),
        (b"isbn,price,currency\n\x00\n", "This is no text"),
        (b"\xff\xfe\x00\x01", "This is no text"),
        (b"isbn,price,currency\n" + b"x,1,GBP\n" * 5001, "more than 5000 rows"),
        (b"x" * (1024 * 1024 + 1), "larger than a megabyte"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_in_words(client, office, content, words):
    answer = client.post(reverse("prices:import"), sent(content))

    assert answer.status_code == 200
    assert re.search(words, answer.content.decode())


def test_lists_of_windows_spreadsheets_are_understood(edition):
    content = f"\ufeffisbn;price;currency\r\n{edition.isbn};8,50;GBP\r\n".encode()

    assert price_lists.read(price_lists.text_of(content)).wishes == [
        Wish(edition.pk, "GBP", Sum(Operation.SET, Decimal("8.50")))
    ]


def test_the_same_book_twice_is_said(edition):
    found = price_lists.read(f"isbn,price,currency\n{edition.isbn},8,GBP\n{edition.isbn},9,GBP\n")

    assert len(found.wishes) == 1
    assert found.problems == [f"Line 3 ({edition.isbn}): the list has a price for this book and time already."]


# --- Two at once ---------------------------------------------------------------------------------


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_changes_from_the_same_preview_one_is_applied(shop):
    edition = book(price="10").editions.get()
    wish = Wish(edition.pk, "GBP", Sum(Operation.LOWER_PERCENT, Decimal(10)))
    seen = prices.sign_of(prices.plan([wish]))

    def click() -> bool:
        try:
            return bool(prices.apply([wish], seen=seen, user=None))
        except prices.ChangedMeanwhile:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        done = [future.result() for future in [pool.submit(click) for _click in range(8)]]

    assert sum(done) == 1
    assert offer_of(edition).price == pounds("9")
    assert PriceChange.objects.count() == 1


def test_control_without_the_sign_every_click_lowers_the_price_again(edition):
    wish = Wish(edition.pk, "GBP", Sum(Operation.LOWER_PERCENT, Decimal(10)))

    for _click in range(2):
        prices.apply([wish], seen=None, user=None)

    assert offer_of(edition).price == pounds("8.10")
