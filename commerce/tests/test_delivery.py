"""What delivery costs and where it goes, and collecting instead."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from catalog.tests.factories import book
from commerce import pricing
from commerce.models import DeliveryBand, DeliveryMethod, OpeningHours, Order, PickupPoint
from commerce.services import checkout
from commerce.tests.factories import DETAILS, filled_basket, place, standard_delivery
from core.money import Money

pytestmark = pytest.mark.django_db


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def names(country: str, postcode: str = "") -> list[str]:
    return [method.name for method in DeliveryMethod.objects.active("GBP").to(country, postcode)]


class TestZones:
    def test_a_country_has_the_methods_that_name_it_or_those_of_the_rest_of_the_world(self):
        assert (names("GB"), names("FR"), names("CM")) == (["Standard delivery"], ["Europe"], ["World"])

    def test_postcodes_are_a_zone_of_their_own(self):
        DeliveryMethod.objects.create(name="Highlands", price=5, countries=["GB"], postcodes="IV, hs, KW 15")

        assert names("GB", "iv2 3bw") == names("GB", "HS11AA") == names("GB", "KW15 1DY") == ["Highlands"]
        assert names("GB", "KW1 4YT") == names("GB", "SW1Y 4JH") == names("GB") == ["Standard delivery"]

    def test_the_address_decides_again_when_it_changes(self, persuasion):
        highlands = DeliveryMethod.objects.create(name="Highlands", price=5, countries=["GB"], postcodes="IV")
        basket = filled_basket({persuasion: 1}, postcode="IV2 3BW")
        assert pricing.price_basket(basket).method == highlands

        checkout.save_address(basket.pk, "ada@example.org", {**DETAILS, "postcode": "SW1Y 4JH"})

        assert pricing.price_basket(basket).method is None


class TestPrices:
    @pytest.fixture
    def banded(self):
        """£2.95; from 1 kg £4.95, from 2 kg £8.00; from £50 £1.00 whatever it weighs."""
        method = DeliveryMethod.objects.create(name="Banded", price=Decimal("2.95"), countries=["IE"])
        for weight, total, price in ((1000, 0, "4.95"), (2000, 0, "8.00"), (0, 50, "1.00")):
            DeliveryBand.objects.create(method=method, from_weight_g=weight, from_total=total, price=Decimal(price))
        return method

    @pytest.mark.parametrize(
        ("goods", "weight", "price"),
        [
            ("10.00", 999, "2.95"),
            ("10.00", 1000, "4.95"),
            ("49.99", 1999, "4.95"),
            ("49.99", 2000, "8.00"),
            ("50.00", 2000, "1.00"),
        ],
    )
    def test_by_weight_and_by_total(self, banded, goods, weight, price):
        assert banded.price_for(gbp(goods), weight) == gbp(price)

    def test_a_basket_weighs_what_is_posted(self, banded, persuasion):
        persuasion.weight_g = 300
        persuasion.save()
        unknown = book("Emma").editions.get()
        unknown.weight_g = None
        unknown.save()
        ebook = book("Emma, read", format="ebook").editions.get()
        basket = filled_basket({persuasion: 2, unknown: 1, ebook: 1}, country="IE", postcode="")

        priced = pricing.price_basket(basket)

        assert priced.weight_g == 2 * 300 + 400
        assert priced.delivery == gbp("4.95")

    @pytest.mark.parametrize(
        ("price", "copies", "cost"), [("34.99", 1, "3.00"), ("35.00", 1, "0.01"), ("11.00", 3, "3.00")]
    )
    def test_free_delivery_of_new_books_to_france_costs_what_the_law_wants(self, books_page, price, copies, cost):
        DeliveryMethod.objects.create(name="A gift", price=0, countries=["FR"], sort_order=0)
        DeliveryMethod.objects.filter(name="Europe").delete()
        edition = book("Nana", price=price).editions.get()

        order = place(filled_basket({edition: copies}, country="FR", postcode="75001"))

        assert order.delivery == gbp(cost)
        assert order.total == edition.price("GBP").money * copies + gbp(cost)

    def test_what_is_no_book_may_travel_free_to_france(self, books_page):
        DeliveryMethod.objects.create(name="A gift", price=0, countries=["FR"])
        DeliveryMethod.objects.filter(name="Europe").delete()
        mug = book("A mug", format="gift").editions.get()

        assert pricing.price_basket(filled_basket({mug: 1}, country="FR", postcode="75001")).delivery == gbp("0")


class TestCollecting:
    @pytest.fixture
    def at_the_shop(self):
        point = PickupPoint.objects.create(name="BookTime", address="1 Example Street\nLondon N1 0XX")
        OpeningHours.objects.create(point=point, weekday=0, opens_at=dt.time(10), closes_at=dt.time(18, 30))
        return DeliveryMethod.objects.create(name="Collect at BookTime", price=0, pickup_point=point)

    def buy(self, client, method):
        client.post(
            "/checkout/", {"email": "ada@example.org", "full_name": "Ada", "country": "GB", "collect": method.pk}
        )
        return client.get("/checkout/review/")

    def test_it_needs_no_address(self, client, persuasion, at_the_shop):
        client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
        page = client.get("/checkout/").content.decode()
        assert "Collect at BookTime" in page
        assert "Monday 10 a.m.–6:30 p.m." in page

        review = self.buy(client, at_the_shop)

        assert review.context["basket"].total == gbp("7.99")
        shown = review.context["shown"]
        done = client.post("/checkout/review/", {"shown": shown, "payment": "invoice"}, follow=True).content.decode()
        order = Order.objects.get()
        assert (order.line_1, order.delivery_name, order.delivery) == ("", "Collect at BookTime", gbp("0"))
        assert order.pickup_lines == ["BookTime", "1 Example Street", "London N1 0XX", "Monday 10 a.m.–6:30 p.m."]
        assert "Collect the books at" in done

    def test_it_is_offered_beside_delivery_and_the_address_is_left_out_then(self, persuasion, at_the_shop):
        basket = filled_basket({persuasion: 1}, country="FR", postcode="75001")
        priced = pricing.price_basket(basket)
        assert [method.name for method in checkout.delivery_choices(priced)] == ["Europe", "Collect at BookTime"]

        checkout.choose_delivery(basket.pk, at_the_shop)
        order = place(basket)

        assert (order.line_1, order.town, order.country.code, order.full_name) == ("", "", "GB", "Ada Lovelace")

    def test_goods_that_are_collected_are_sold_in_the_shops_country(self, books_page, at_the_shop):
        basket = filled_basket({book("A mug", format="gift").editions.get(): 1}, country="JE", postcode="JE2 3AB")
        assert pricing.price_basket(basket).tax_free_reason == "export"

        checkout.choose_delivery(basket.pk, at_the_shop)

        priced = pricing.price_basket(basket)
        assert (priced.tax_free_reason, priced.lines[0].tax_rate) == ("", 20)

    def test_a_closed_place_is_not_offered(self, client, persuasion, at_the_shop):
        PickupPoint.objects.update(is_active=False)
        client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
        assert "Collect at BookTime" not in client.get("/checkout/").content.decode()
        assert self.buy(client, at_the_shop).headers["Location"] == "/checkout/"

    def test_downloads_are_not_collected(self, client, books_page, at_the_shop):
        ebook = book("Emma", format="ebook").editions.get()
        client.post("/basket/add/", {"edition": ebook.pk, "quantity": 1})
        assert "Collect at BookTime" not in client.get("/checkout/").content.decode()


def test_a_method_of_another_country_is_refused(client, persuasion):
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/checkout/", {**DETAILS, "country": "FR", "postcode": "75001"})

    answer = client.post("/checkout/delivery/", {"method": standard_delivery().pk, "price": "0.01"})

    assert answer.status_code == 422
    assert client.get("/checkout/review/").headers["Location"] == "/checkout/delivery/"


def test_delivery_and_places_are_edited_in_the_admin(admin_client):
    for name in ("delivery_methods", "pickup_points"):
        assert admin_client.get(f"/admin/{name}/new/").status_code == 200
    form = {
        "name": "BookTime", "address": "1 Example Street", "is_active": "on", "opening_hours-TOTAL_FORMS": 1,
        "opening_hours-INITIAL_FORMS": 0, "opening_hours-0-weekday": 5, "opening_hours-0-opens_at": "17:00",
        "opening_hours-0-closes_at": "09:00",
    }  # fmt: skip
    assert "It cannot close before it opens." in admin_client.post("/admin/pickup_points/new/", form).content.decode()
    admin_client.post("/admin/pickup_points/new/", {**form, "opening_hours-0-opens_at": "08:00"})
    assert [str(row) for row in PickupPoint.objects.get().opening_hours.all()] == ["Saturday 8 a.m.–9 a.m."]
