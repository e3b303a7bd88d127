"""What machines are told of delivery and returns: in the structured data of a book, and in the merchant feed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from catalog import feeds, tasks
from catalog.choices import Format
from catalog.models import Edition, FeedFile, ProductImage, ProductPage
from catalog.tests.factories import EditionFactory, book
from catalog.tests.schema_org import every, faults_of, graph_of, types_of
from catalog.tests.test_feeds import G, xml_of
from catalog.tests.test_pages import queries_of
from catalog.tests.test_product import picture
from commerce.models import DeliveryBand, DeliveryMethod, LeastDeliveryFee, PickupPoint, PriceLawProfile
from commerce.models.law import PriceLawFigures

ADDRESS = "/books/persuasion/"


@pytest.fixture
def persuasion(books_page) -> ProductPage:
    """A paperback at £7.99 with a cover, 250 g, in stock; there is no way of delivery yet."""
    DeliveryMethod.objects.all().delete()
    page = book("Persuasion", price="7.99", in_stock=5)
    ProductImage.objects.create(page=page, image=picture(900, 1200, "A cover"))
    tasks.make_renditions.call(page_ids=[page.pk])
    return page


def method(name: str = "Standard", price: str = "2.95", **fields) -> DeliveryMethod:
    fields = {"currency": "GBP", "countries": ["GB"], "transit_days": 3, **fields}
    return DeliveryMethod.objects.create(name=name, price=Decimal(price), **fields)


def offers_on(client, address: str = ADDRESS) -> list[dict]:
    """The offers of a page; what schema.org or Google would object to fails."""
    nodes = graph_of(client.get(address).content.decode())
    assert faults_of(nodes) == []
    return [node for node in every(nodes) if "Offer" in types_of(node)]


def shipping_on(client) -> list[tuple[str, str]]:
    """Name and price of each way of delivery that the only offer names."""
    (offer,) = offers_on(client)
    return [(way["name"], way["shippingRate"]["value"]) for way in offer.get("shippingDetails", [])]


def test_an_offer_says_what_delivery_costs_how_long_it_takes_and_how_it_may_come_back(client, persuasion):
    method()

    (offer,) = offers_on(client)

    assert offer["shippingDetails"] == [
        {
            "@type": "OfferShippingDetails",
            "name": "Standard",
            "shippingRate": {"@type": "MonetaryAmount", "value": "2.95", "currency": "GBP"},
            "shippingDestination": {"@type": "DefinedRegion", "addressCountry": "GB"},
            "deliveryTime": {
                "@type": "ShippingDeliveryTime",
                "handlingTime": {"@type": "QuantitativeValue", "minValue": 0, "maxValue": 1, "unitCode": "DAY"},
                "transitTime": {"@type": "QuantitativeValue", "minValue": 1, "maxValue": 3, "unitCode": "DAY"},
            },
        }
    ]
    assert offer["hasMerchantReturnPolicy"] == {
        "@type": "MerchantReturnPolicy",
        "applicableCountry": "GB",
        "returnPolicyCategory": "https://schema.org/MerchantReturnFiniteReturnWindow",
        "merchantReturnDays": 14,
        "returnMethod": "https://schema.org/ReturnByMail",
        "returnFees": "https://schema.org/ReturnFeesCustomerResponsibility",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [("Standard", "2.95")]),
        ({"countries": []}, [("Standard", "2.95")]),
        ({"free_from": Decimal("7.99")}, [("Standard", "0.00")]),
        ({"free_from": Decimal("8.00")}, [("Standard", "2.95")]),
        ({"countries": ["FR"]}, []),
        ({"postcodes": "IV, HS"}, []),
        ({"currency": "EUR"}, []),
        ({"is_active": False}, []),
    ],
)
def test_it_names_the_methods_that_go_everywhere_in_the_shops_country(client, persuasion, fields, expected):
    method(**fields)
    assert shipping_on(client) == expected


def test_collecting_is_no_delivery(client, persuasion):
    method("Collect", "0", pickup_point=PickupPoint.objects.create(name="Shop", address="1 High Street"))
    assert shipping_on(client) == []


def test_the_price_is_by_weight_and_one_that_nobody_told_is_assumed(client, persuasion):
    DeliveryBand.objects.create(method=method(), from_weight_g=300, price=Decimal("4.50"))
    assert shipping_on(client) == [("Standard", "2.95")]

    Edition.objects.update(weight_g=None)
    assert shipping_on(client) == [("Standard", "4.50")]


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2026-11-20 23:59:59", "0.00"), ("2026-11-21 00:00:00", "3.00"), ("2026-12-24 12:00:00", "3.00")],
)
def test_the_least_fee_of_the_law_holds_from_its_day_on(client, persuasion, on, expected):
    law = PriceLawProfile.objects.create(name="Ours", countries=["GB"])
    PriceLawFigures.objects.create(profile=law, valid_from=dt.date(2026, 1, 1), source="Act")
    LeastDeliveryFee.objects.create(
        profile=law, currency="GBP", threshold=35, fee_below=3, fee_from=0, valid_from=dt.date(2026, 11, 21),
        source="Act",
    )  # fmt: skip
    method(free_from=Decimal(5))
    with time_machine.travel("2026-11-20 22:00:00Z", tick=False):
        assert shipping_on(client) == [("Standard", "0.00")]

    with time_machine.travel(f"{on}Z", tick=False):
        assert shipping_on(client) == [("Standard", expected)]


@pytest.mark.parametrize(("supplier", "days"), [("available", 4), ("special-order", 15), ("print-on-demand", 10)])
def test_what_is_not_here_leaves_when_its_supplier_has_sent_it(client, persuasion, supplier, days):
    method()
    page = book("Emma", in_stock=0, availability=supplier)
    ProductImage.objects.create(page=page, image=picture(900, 1200, "A cover"))
    tasks.make_renditions.call(page_ids=[page.pk])

    ((way,),) = (offer["shippingDetails"] for offer in offers_on(client, "/books/emma/"))

    assert way["deliveryTime"]["handlingTime"]["maxValue"] == days


def test_no_time_is_promised_that_the_method_does_not_promise(client, persuasion):
    method(transit_days=None)
    ((way,),) = (offer["shippingDetails"] for offer in offers_on(client))
    assert "deliveryTime" not in way


def test_a_download_is_neither_sent_nor_sent_back(client, persuasion):
    method()
    Edition.objects.update(format=Format.EBOOK)
    (offer,) = offers_on(client)
    assert {"shippingDetails", "hasMerchantReturnPolicy"}.isdisjoint(offer)


def test_a_shop_that_takes_nothing_back_says_so(client, persuasion, settings):
    settings.RETURN_DAYS = 0
    (offer,) = offers_on(client)
    assert offer["hasMerchantReturnPolicy"] == {
        "@type": "MerchantReturnPolicy",
        "applicableCountry": "GB",
        "returnPolicyCategory": "https://schema.org/MerchantReturnNotPermitted",
    }


def test_it_costs_the_page_no_query(client, persuasion):
    method()
    DeliveryBand.objects.create(method=method("Express", "6.00"), price=Decimal("6.50"))
    EditionFactory(product=persuasion, format=Format.HARDBACK)

    assert queries_of(client, ADDRESS) <= 6


def test_a_changed_price_of_delivery_is_on_the_next_page(settings, persuasion, django_capture_on_commit_callbacks):
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    standard, client = method(), Client()
    seen = [shipping_on(client)]

    for price in ("3.45", None):
        with django_capture_on_commit_callbacks(execute=True):
            if price:
                standard.price = Decimal(price)
                standard.save()
            else:
                standard.delete()
        seen.append(shipping_on(client))
    with django_capture_on_commit_callbacks(execute=True):
        DeliveryBand.objects.create(method=method(), price=Decimal("4.00"))
    seen.append(shipping_on(client))

    assert seen == [[("Standard", "2.95")], [("Standard", "3.45")], [], [("Standard", "4.00")]]


def test_a_page_is_not_kept_into_the_next_days_law(settings, persuasion):
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    law = PriceLawProfile.objects.create(name="Ours", countries=["GB"])
    PriceLawFigures.objects.create(profile=law, valid_from=dt.date(2026, 1, 1), source="Act")
    LeastDeliveryFee.objects.create(
        profile=law, currency="GBP", threshold=35, fee_below=3, fee_from=0, valid_from=dt.date(2026, 11, 21),
        source="Act",
    )  # fmt: skip
    method(free_from=Decimal(5))
    client = Client()

    with time_machine.travel("2026-11-20 23:45:00Z", tick=False):
        assert shipping_on(client) == [("Standard", "0.00")]
    with time_machine.travel("2026-11-21 00:00:01Z", tick=False):
        assert shipping_on(client) == [("Standard", "3.00")]


# --- The merchant feed -------------------------------------------------------------------------


def shipping_in_feed(client) -> list[dict[str, str]]:
    root = xml_of(client, "/feeds/google-merchant.xml")
    return [{fact.tag.removeprefix(G): fact.text for fact in way} for way in root.iter(f"{G}shipping")]


def test_the_merchant_feed_names_each_way_and_is_made_anew_when_one_changes(client, persuasion):
    method()
    express = method("Express & insured", "6.00", transit_days=None)
    feeds.write_merchant_feed()

    assert shipping_in_feed(client) == [
        {
            "country": "GB", "service": "Standard", "price": "2.95 GBP", "min_handling_time": "0",
            "max_handling_time": "1", "min_transit_time": "1", "max_transit_time": "3",
        },
        {"country": "GB", "service": "Express & insured", "price": "6.00 GBP"},
    ]  # fmt: skip
    assert feeds.write_merchant_feed() is None

    express.delete()

    assert feeds.write_merchant_feed() is not None
    assert [way["service"] for way in shipping_in_feed(client)] == ["Standard"]
    assert FeedFile.objects.count() == 1
