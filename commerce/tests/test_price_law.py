"""What the law lets a shop take off the price of a book, and how little a delivery may cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.utils import timezone

from catalog import prices
from catalog.models import Price
from catalog.price_sums import Operation, Sum
from catalog.tests.factories import book
from commerce import pricing
from commerce.models import DeliveryMethod, PickupPoint, PriceLawProfile, Promotion, Voucher, VoucherCode
from commerce.models.tax import TaxClass
from commerce.price_law import Law, law_for
from commerce.services import checkout, vouchers
from commerce.tests.factories import filled_basket
from commerce.tests.factories import place as order_now
from core.money import Money

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.fixture
def sold(books_page):
    """An edition of each format, as it is asked for."""

    def edition(book_format: str, *, is_fixed: bool = False):
        found = book(f"A {book_format}", format=book_format).editions.get()
        found.prices.update(is_fixed=is_fixed)
        return found

    return edition


@pytest.fixture
def two_ways(db) -> dict[bool, DeliveryMethod]:
    """Collected or not: a method of delivery."""
    point = PickupPoint.objects.create(name="The shop", address="1 High Street")
    return {
        False: DeliveryMethod.objects.create(name="Post", price=0),
        True: DeliveryMethod.objects.create(name="Counter", price=0, pickup_point=point),
    }


def ten_percent(basket) -> None:
    """Type a voucher of ten percent."""
    voucher = Voucher.objects.create(name="Ten", kind="percent", value=Decimal(10), currency=settings.SHOP_CURRENCY)
    VoucherCode.objects.create(voucher=voucher, code="TEN")
    vouchers.enter(basket.pk, "TEN")


@pytest.mark.parametrize(
    ("country", "book_format", "is_fixed", "is_collected", "most"),
    [
        ("FR", "paperback", False, False, 0),
        ("FR", "paperback", False, True, 5),
        ("FR", "ebook", False, False, 0),
        ("FR", "gift", False, False, None),
        ("GP", "hardback", False, False, 0),
        ("DE", "paperback", False, False, 0),
        ("DE", "paperback", False, True, 0),
        ("DE", "audiobook", False, False, None),
        ("GB", "paperback", False, False, None),
        ("GB", "ebook", True, False, 0),
        ("US", "paperback", False, False, None),
        ("US", "paperback", True, True, 0),
    ],
)
def test_how_much_may_be_taken_off(sold, country, book_format, is_fixed, is_collected, most):
    edition, law = sold(book_format, is_fixed=is_fixed), law_for(country, TODAY)

    assert law.most_discount(edition, is_collected) == most
    assert bool(law.refusal(edition, is_collected)) == (most == 0)


def test_a_refusal_names_the_country_and_the_way_out(sold):
    assert law_for("FR", TODAY).refusal(sold("paperback"), is_collected=False) == (
        "By law new books are delivered to France at their fixed price, so nothing may be taken off. "
        "Where you collect them in the shop, up to 5 % may be."
    )
    assert law_for("DE", TODAY).refusal(sold("ebook"), is_collected=False) == (
        "By law new books are sold at their fixed price in Germany, so nothing may be taken off."
    )
    assert law_for("GB", TODAY).refusal(sold("ebook", is_fixed=True), is_collected=False) == (
        "Its price is fixed by the publisher, so nothing may be taken off."
    )


@pytest.mark.parametrize(
    ("goods", "new_books", "least"),
    [
        ("34.99", "34.99", "3.00"),
        ("35.00", "35.00", "0.01"),
        ("64.99", "34.99", "3.00"),  # with a mug for 30.00, which is no book
        ("30.00", "0.00", "0.00"),  # a mug, or second-hand books
    ],
)
def test_delivery_to_france_costs_at_least_what_the_decree_says(goods, new_books, least):
    assert law_for("FR", TODAY).least_delivery(eur(goods), eur(new_books)) == eur(least)


@pytest.mark.parametrize("country", ["DE", "GB", "US"])
def test_elsewhere_delivery_may_be_free(country):
    assert law_for(country, TODAY).least_delivery(eur("10.00"), eur("10.00")) == eur("0")


@pytest.mark.parametrize(
    ("bought", "country", "collected", "off", "delivery"),
    [
        ({"paperback": "20.00"}, "FR", False, "0.00", "3.00"),
        ({"paperback": "34.99"}, "FR", False, "0.00", "3.00"),
        ({"paperback": "35.00"}, "FR", False, "0.00", "0.01"),
        ({"paperback": "34.99", "gift": "10.00"}, "FR", False, "1.00", "3.00"),
        ({"paperback": "35.00", "gift": "10.00"}, "FR", False, "1.00", "0.01"),
        ({"gift": "10.00"}, "FR", False, "1.00", "0.00"),
        ({"paperback": "20.00"}, "FR", True, "1.00", "0.00"),
        ({"ebook": "20.00"}, "FR", False, "0.00", None),
        ({"ebook": "20.00", "gift": "10.00"}, "FR", False, "1.00", "0.00"),
        ({"audiobook": "20.00"}, "FR", False, "2.00", None),
        ({"paperback": "20.00"}, "DE", False, "0.00", "0.00"),
        ({"paperback": "20.00"}, "BE", False, "2.00", "0.00"),
    ],
)
def test_a_tenth_off_and_free_delivery_as_far_as_the_law_lets_them(
    books_page, settings, bought, country, collected, off, delivery
):
    """V-04: vouchers on new books, with a mug beside them, posted and collected, on both sides of 35 euros."""
    settings.SHOP_COUNTRY, settings.SHOP_CURRENCY = "FR", "EUR"
    point = PickupPoint.objects.create(name="Paris", address="1 rue Exemple")
    DeliveryMethod.objects.create(name="Poste", price=0, currency="EUR")
    collect = DeliveryMethod.objects.create(name="Paris", price=0, currency="EUR", pickup_point=point)
    editions = {}
    for book_format, price in bought.items():
        edition = book(f"A {book_format}", format=book_format, price=price).editions.get()
        edition.prices.update(currency="EUR")
        editions[edition] = 1
    basket = filled_basket(editions, country=country, postcode="10115" if country == "DE" else "1000")
    if collected:
        checkout.choose_delivery(basket.pk, collect)
    ten_percent(basket)

    priced = pricing.price_basket(basket)

    assert priced.goods_before - priced.goods == eur(off)
    assert priced.delivery == (None if delivery is None else eur(delivery))
    [told] = priced.codes
    limits = {"paperback", "ebook"} & set(bought) if country in {"FR", "DE"} and not collected else set()
    assert ("By law new books" in told.note) == bool(limits)


@pytest.mark.parametrize(
    ("shop", "home", "collected", "off"),
    [
        ("FR", "GB", True, "1.00"),
        ("FR", "GB", False, "1.90"),  # free of French tax
        ("FR", "DE", True, "1.00"),
        ("FR", "DE", False, "0.00"),
        ("GB", "FR", True, "2.00"),
        ("GB", "FR", False, "0.00"),
    ],
)
def test_the_law_of_the_shop_s_country_counts_for_what_is_collected(
    books_page, settings, two_ways, shop, home, collected, off
):
    """V-04: the customer lives in another country than the shop's."""
    settings.SHOP_COUNTRY = shop
    basket = filled_basket({book("Emma", price="20.00").editions.get(): 1}, country=home, postcode="75001")
    checkout.choose_delivery(basket.pk, two_ways[collected])
    ten_percent(basket)

    priced = pricing.price_basket(basket)

    assert priced.goods_before - priced.goods == Money(Decimal(off), "GBP")


def test_a_fee_is_never_converted_from_another_currency():
    law = law_for("FR", TODAY)
    assert law.least_delivery(Money(Decimal(10), "GBP"), Money(Decimal(10), "GBP")) == Money(Decimal(3), "GBP")
    assert not law.least_delivery(Money(Decimal(10), "CHF"), Money(Decimal(10), "CHF"))


def test_used_books_and_what_is_no_book_are_outside_the_law():
    law = law_for("FR", TODAY)
    assert law.allowance(TaxClass.BOOKS, is_new=True, is_collected=False) == 0
    assert law.allowance(TaxClass.BOOKS, is_new=False, is_collected=False) is None
    assert law.allowance(TaxClass.OTHER, is_new=True, is_collected=False) is None


@pytest.mark.parametrize(
    ("on", "most"), [(dt.date(1981, 12, 31), None), (dt.date(2014, 7, 9), 5), (dt.date(2014, 7, 10), 0)]
)
def test_figures_hold_from_their_day_on(sold, on, most):
    assert law_for("FR", on).most_discount(sold("paperback"), is_collected=False) == most


def test_a_fee_holds_from_its_day_on():
    assert not law_for("FR", dt.date(2023, 10, 6)).least_delivery(eur("10"), eur("10"))
    assert law_for("FR", dt.date(2023, 10, 7)).least_delivery(eur("10"), eur("10")) == eur("3")


def test_without_any_profile_prices_are_free(sold):
    PriceLawProfile.objects.all().delete()
    assert law_for("FR", TODAY) == Law("FR")
    assert law_for("FR", TODAY).refusal(sold("paperback"), is_collected=False) == ""


def test_the_law_of_a_country_costs_a_query_and_its_delivery_fees_another(django_assert_num_queries):
    with django_assert_num_queries(1):
        law = law_for("FR", TODAY)
    with django_assert_num_queries(1):
        law.least_delivery(Money(Decimal(20), "EUR"), Money(Decimal(20), "EUR"))


def test_a_country_has_one_law(admin_client):
    form = {"name": "Alsace", "countries": ["FR"]}
    for rows in ("figures", "least_fees"):
        form |= {f"{rows}-TOTAL_FORMS": 0, f"{rows}-INITIAL_FORMS": 0}
    page = admin_client.post("/admin/price_laws/new/", form).content.decode()
    assert "France is for these countries already." in page


def test_the_office_enters_new_figures(admin_client):
    germany = PriceLawProfile.objects.get(name="Germany")
    form = {"name": "Germany", "countries": ["DE"], "least_fees-TOTAL_FORMS": 0, "least_fees-INITIAL_FORMS": 0}
    kept = list(germany.figures.order_by("valid_from"))
    form |= {"figures-TOTAL_FORMS": 3, "figures-INITIAL_FORMS": 2}
    for place, row in enumerate([*kept, SimpleNamespace(pk="", valid_from=dt.date(2027, 1, 1))]):
        form |= {
            f"figures-{place}-id": row.pk,
            f"figures-{place}-valid_from": row.valid_from.isoformat(),
            f"figures-{place}-fixes_print": "on",
            f"figures-{place}-most_off_posted": "0",
            f"figures-{place}-most_off_collected": "2" if row.pk == "" else "0",
            f"figures-{place}-vouchers_for": "nobody",
            f"figures-{place}-source": "A new law",
        }
    admin_client.post(f"/admin/price_laws/edit/{germany.pk}/", form)
    assert law_for("DE", dt.date(2027, 1, 1)).most_off_collected == 2
    assert law_for("DE", dt.date(2026, 12, 31)).most_off_collected == 0


@pytest.mark.parametrize(
    ("country", "collected", "paid", "said"),
    [
        ("FR", False, "20.00", "By law new books are delivered to France at their fixed price"),
        ("FR", True, "10.00", ""),  # in the shop, which is in a country without such a law
        ("DE", False, "20.00", "By law new books are sold at their fixed price in Germany"),
        ("BE", False, "10.00", ""),
    ],
)
def test_an_offer_holds_as_far_as_the_law_of_the_destination_lets_it(books_page, country, collected, paid, said):
    edition = book("Candide", price="20.00").editions.get()
    tomorrow = timezone.now() + dt.timedelta(days=1)
    Price.objects.create(edition=edition, amount=10, currency="GBP", ends_at=tomorrow, source=Price.Source.SHOP)
    point = PickupPoint.objects.create(name="London", address="1 Mill Lane")
    collect = DeliveryMethod.objects.create(name="Collect", price=0, currency="GBP", pickup_point=point)
    DeliveryMethod.objects.create(name="Post", price=0, currency="GBP")
    basket = filled_basket({edition: 1}, country=country, postcode="10115" if country == "DE" else "1000")
    if collected:
        checkout.choose_delivery(basket.pk, collect)

    [line] = pricing.price_basket(basket).lines

    assert line.unit == Money(Decimal(paid), "GBP")
    assert said in line.law_notice
    assert bool(said) == bool(line.law_notice)


def test_an_offer_and_a_voucher_together_take_no_more_than_the_law_lets_them(books_page, settings):
    settings.SHOP_COUNTRY = "FR"
    edition = book("Candide", price="20.00").editions.get()
    tomorrow = timezone.now() + dt.timedelta(days=1)
    Price.objects.create(edition=edition, amount="19.50", currency="GBP", ends_at=tomorrow, source=Price.Source.SHOP)
    point = PickupPoint.objects.create(name="Paris", address="1 rue Exemple")
    collect = DeliveryMethod.objects.create(name="Paris", price=0, currency="GBP", pickup_point=point)
    basket = filled_basket({edition: 1}, country="FR", postcode="75001")
    checkout.choose_delivery(basket.pk, collect)
    ten_percent(basket)

    priced = pricing.price_basket(basket)

    assert priced.goods == Money(Decimal("19.00"), "GBP")


def test_an_offer_that_the_law_of_the_shops_country_forbids_is_not_planned(books_page, settings):
    settings.SHOP_COUNTRY = "FR"
    edition = book("Candide", price="20.00").editions.get()
    ends = timezone.now() + dt.timedelta(days=7)

    def problems(amount: str, ends_at: dt.datetime | None = ends) -> list[str]:
        wish = prices.Wish(edition.pk, "GBP", Sum(Operation.SET, Decimal(amount)), ends_at=ends_at)
        return prices.plan([wish])[0].problems

    assert problems("18.99") == ["By law at most 5 % may be taken off a new book in France."]
    assert problems("19.00") == []
    assert problems("10.00", None) == [], "another price until further notice is no offer"


# --- Who may be given a voucher -----------------------------------------------------------------------


def a_law_for(holders: str) -> None:
    """Collected in Britain, new books have a fixed price of which a tenth may be taken off."""
    PriceLawProfile.objects.get(name="United Kingdom").figures.update(
        fixes_print=True, most_off_collected=Decimal(10), vouchers_for=holders
    )


@pytest.mark.parametrize(
    ("holders", "customers", "total", "said"),
    [
        ("everybody", "", "9.00", ""),
        ("named", "library@example.org", "9.00", ""),
        ("named", "", "10.00", "By law only vouchers that name their customer are used for new books"),
        ("nobody", "library@example.org", "10.00", "By law no vouchers are used for new books in United Kingdom."),
    ],
)
def test_the_law_says_who_may_use_a_voucher(books_page, two_ways, holders, customers, total, said):
    a_law_for(holders)
    basket = filled_basket({book("Emma", price="10.00").editions.get(): 1}, email="library@example.org")
    checkout.choose_delivery(basket.pk, two_ways[True])
    ten_percent(basket)
    Voucher.objects.update(customers=customers)

    priced = pricing.price_basket(basket)

    assert str(priced.goods.amount) == total
    assert said in priced.codes[0].note
    assert bool(said) == bool(priced.codes[0].note)


def test_in_germany_nobody_may(db):
    assert law_for("DE", TODAY).vouchers_for == "nobody"


# --- Second-hand copies are nobody's to fix (V-04) ------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "collected", "goods", "delivery"),
    [("new", False, "34.99", "3.00"), ("used", False, "31.49", "0.00"), ("new", True, "33.24", "0.00")],
)
def test_a_second_hand_book_may_be_reduced_and_delivered_free(
    books_page, settings, two_ways, condition, collected, goods, delivery
):
    """Sent to France or collected there: the law of 1981 and the decree of 2023 speak of new books."""
    settings.SHOP_COUNTRY = "FR"
    DeliveryMethod.objects.filter(name="Post").update(countries="FR")
    page = book("Emma", price="34.99")
    page.editions.update(condition=condition)
    basket = filled_basket({page.editions.get(): 1}, country="FR", postcode="75001", town="Paris")
    checkout.choose_delivery(basket.pk, two_ways[collected])
    ten_percent(basket)

    priced = pricing.price_basket(basket)

    assert str(priced.goods.amount) == goods
    assert str(priced.delivery_shown.amount) == delivery


def test_second_hand_and_new_are_told_apart(client, books_page):
    page = book("Emma", editions=2)
    used = page.editions.last()
    used.condition = "used"
    used.save()

    shown = client.get(f"{page.url}?edition={used.sku}").content.decode()

    assert "Paperback, second-hand" in shown
    assert "https://schema.org/UsedCondition" in shown
    assert "https://schema.org/NewCondition" in shown


# --- A promotion that the law forbids says so -----------------------------------------------------------


@pytest.mark.parametrize(("country", "is_said"), [("DE", True), ("GB", False)])
def test_a_promotion_that_the_law_keeps_from_a_basket_says_why(client, books_page, country, is_said):
    Promotion.objects.create(name="A tenth off", kind="percent", percent=Decimal(10), currency="GBP", is_active=True)
    basket = filled_basket({book("Emma", price="10.00").editions.get(): 1}, country=country)

    priced = pricing.price_basket(basket)
    order = order_now(basket)

    assert [found.name for found in priced.refused_promotions] == (["A tenth off"] if is_said else [])
    assert str(priced.goods.amount) == ("10.00" if is_said else "9.00")
    kept = order.discounts.get()
    assert ("By law new books" in kept.refusal) == is_said
    assert kept.is_refused == is_said


def test_a_promotion_that_is_not_earned_is_not_spoken_of(books_page):
    Promotion.objects.create(name="3 for 2", kind="n-for-m", group=3, paid=2, currency="GBP", is_active=True)
    basket = filled_basket({book("Emma").editions.get(): 2}, country="DE")
    assert pricing.price_basket(basket).refused_promotions == []
