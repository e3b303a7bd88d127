"""When books leave and arrive."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from catalog.tests.factories import book
from commerce import pricing
from commerce.models import DeliveryMethod, Holiday, OpeningHours, Order, PickupPoint
from commerce.models.calendar import WorkingDays
from commerce.promises import Forecast, parts_of, parts_of_order
from commerce.tests.factories import filled_basket, place, standard_delivery

pytestmark = pytest.mark.django_db


def london(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London"))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


MONDAY = "2026-11-23"


@pytest.fixture
def at_the_supplier(books_page):
    """Editions that are not here, by what the supplier says."""

    def edition(availability: str, **fields):
        return book(f"A book {availability}", availability=availability, in_stock=0, **fields).editions.get()

    return edition


def test_working_days_leave_out_weekends_and_holidays():
    days = WorkingDays(frozenset({day("2026-12-25"), day("2026-12-28")}))

    assert days.on_or_after(day("2026-12-25")) == day("2026-12-29")
    assert days.after(day("2026-12-23"), 2) == day("2026-12-29")
    assert days.after(day(MONDAY), 0) == day(MONDAY)


@pytest.mark.parametrize(
    ("ordered", "leaves"),
    [
        ("2026-11-23T13:59", "2026-11-23"),
        ("2026-11-23T14:00", "2026-11-24"),
        ("2026-11-27T15:00", "2026-11-30"),
        ("2026-12-24T15:00", "2026-12-29"),  # Christmas, the weekend, and a day for Boxing Day
    ],
)
def test_what_is_here_leaves_on_the_working_day_of_the_order(persuasion, ordered, leaves):
    assert Forecast(london(ordered), "GB").leaves_on(persuasion, "in-stock", is_here=True) == day(leaves)


@pytest.mark.parametrize(
    ("availability", "leaves"),
    [("available", "2026-11-27"), ("print-on-demand", "2026-12-07"), ("special-order", "2026-12-14")],
)
def test_what_the_supplier_has_leaves_when_it_has_come(at_the_supplier, availability, leaves):
    forecast = Forecast(london(f"{MONDAY}T09:00"), "GB")
    assert forecast.leaves_on(at_the_supplier(availability), "to-order", is_here=False) == day(leaves)


@pytest.mark.parametrize(
    ("weekdays", "ready"),
    [
        ((), MONDAY),  # nobody wrote down when it is open
        ((0, 1, 2, 3, 4), MONDAY),
        ((3, 5), "2026-11-26"),
        ((5,), "2026-11-28"),
        ((6,), "2026-12-06"),  # the Sunday before is a holiday
    ],
)
def test_what_is_collected_is_ready_on_a_day_on_which_the_place_is_open(persuasion, weekdays, ready):
    Holiday.objects.create(country="GB", date=day("2026-11-29"), name="Stocktaking")
    point = PickupPoint.objects.create(name="The shop", address="1 High Street")
    for weekday in weekdays:
        OpeningHours.objects.create(point=point, weekday=weekday, opens_at=dt.time(9), closes_at=dt.time(17))
    forecast = Forecast(london(f"{MONDAY}T09:00"), "GB", DeliveryMethod(pickup_point=point))

    assert forecast.leaves_on(persuasion, "in-stock", is_here=True) == day(ready)


def test_holidays_on_the_way_are_those_of_the_destination(persuasion):
    Holiday.objects.create(country="FR", date=day("2026-11-25"), name="A strike")
    method = DeliveryMethod(transit_days=3)

    def arrives(country: str) -> dt.date | None:
        return Forecast(london(f"{MONDAY}T09:00"), country, method).arrives_by(day(MONDAY))

    assert (arrives("GB"), arrives("FR")) == (day("2026-11-26"), day("2026-11-27"))
    assert Forecast(london(f"{MONDAY}T09:00"), "FR", DeliveryMethod()).arrives_by(day(MONDAY)) is None


def test_the_basket_and_the_order_say_when_each_part_leaves(client, persuasion, at_the_supplier):
    released = dt.date.today() + dt.timedelta(days=200)
    coming = at_the_supplier("forthcoming", publication_date=released)
    basket = filled_basket({persuasion: 1, coming: 1})

    stock, pre_order = pricing.price_basket(basket).parts
    order = place(basket)

    assert (stock.titles, pre_order.titles) == (("Persuasion",), ("A book forthcoming",))
    assert stock.leaves_on <= released <= pre_order.leaves_on < pre_order.arrives_by
    assert parts_of_order(order) == [stock, pre_order]
    assert [line.is_pre_order for line in order.lines.all()] == [False, True]
    page = client.get(order.get_absolute_url()).content.decode()
    assert stock.label in page
    assert pre_order.label in page
    assert order.delivery_amount == standard_delivery().price  # once for both parts


def test_copies_here_leave_before_those_that_the_supplier_has(persuasion):
    persuasion.availability = "available"
    persuasion.save()

    order = place(filled_basket({persuasion: 6}))

    [here, later] = parts_of_order(order)
    assert here.leaves_on < later.leaves_on
    assert [line.leaves_on for line in order.lines.all()] == [here.leaves_on] * 5 + [later.leaves_on]


def test_a_month_alone_promises_no_day(at_the_supplier):
    coming = at_the_supplier("forthcoming", publication_date=dt.date.today() + dt.timedelta(days=200))
    coming.publication_precision = "month"
    coming.save()

    [part] = pricing.price_basket(filled_basket({coming: 1})).parts

    assert (part.leaves_on, part.label) == (None, "As soon as we have it; we write to you.")


def test_formats_of_one_title_are_told_apart():
    soon, later = dt.date(2026, 11, 30), dt.date(2026, 12, 4)
    copies = [("Moby-Dick", "Paperback", soon, None), ("Emma", "Paperback", soon, None)]
    [part] = parts_of(copies, is_collected=False)
    assert part.titles == ("Moby-Dick", "Emma")

    first, second = parts_of([*copies, ("Moby-Dick", "Audio CD", later, None)], is_collected=False)
    assert (first.titles, second.titles) == (("Moby-Dick (Paperback)", "Emma"), ("Moby-Dick (Audio CD)",))


def test_downloads_are_no_part(books_page):
    ebook = book("Emma", format="ebook").editions.get()
    place(filled_basket({ebook: 1}))
    assert parts_of_order(Order.objects.get()) == []


def test_holidays_are_edited_in_the_admin(admin_client):
    form = {"country": "CM", "date": "2027-05-20", "name": "Fête nationale"}
    admin_client.post("/admin/holidays/new/", form)
    assert Holiday.objects.get(country="CM").date == day("2027-05-20")
