"""Which tax is charged on what goes where, and what a copy costs there. The rules in words: docs/tax.md."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from catalog.tests.factories import book
from commerce import documents, pricing
from commerce.models import Order, TaxRate, TaxRegistration
from commerce.models.tax import TaxClass
from commerce.services import checkout
from commerce.tax_territories import OUTSIDE, Territory, territory
from commerce.taxation import Rates
from commerce.tests.factories import DETAILS, filled_basket, place
from commerce.vat_ids import VatIdForm
from core.money import Money

pytestmark = pytest.mark.django_db
BOOK, MUG, EBOOK, AUDIO = "paperback", "gift", "ebook", "audiobook"


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


@pytest.fixture
def sold(books_page):
    """An edition at 10.00, tax included."""

    def edition(book_format: str, price: str = "10.00"):
        return book(f"A {book_format}", format=book_format, price=price).editions.get()

    return edition


def basket_to(country: str, postcode: str, vat_id: str, *editions):
    basket = filled_basket(dict.fromkeys(editions, 1), country=country, postcode=postcode)
    checkout.save_vat_id(basket.pk, vat_id)
    return basket


@pytest.mark.parametrize(
    ("shop", "country", "postcode", "vat_id", "goods", "rate", "paid", "reason"),
    [
        # A shop in France, at home and overseas
        ("FR", "FR", "75001", "", BOOK, "5.5", "10.00", ""),
        ("FR", "FR", "75001", "", MUG, "20", "10.00", ""),
        ("FR", "FR", "75001", "", EBOOK, "5.5", "10.00", ""),
        ("FR", "FR", "75001", "FR83404833048", BOOK, "5.5", "10.00", ""),
        ("FR", "GP", "97110", "", BOOK, "2.1", "10.00", ""),
        ("FR", "FR", "97110", "", MUG, "8.5", "10.00", ""),
        ("FR", "GF", "97300", "", MUG, "0", "8.33", "export"),
        # Elsewhere in the Union: the destination's rates, or reverse charge
        ("FR", "DE", "10115", "", BOOK, "7", "10.00", ""),
        ("FR", "DE", "10115", "", MUG, "19", "10.00", ""),
        ("FR", "DE", "10115", "", EBOOK, "7", "10.00", ""),
        ("FR", "BG", "1000", "", MUG, "20", "10.00", ""),
        ("FR", "DE", "10115", "DE136695976", MUG, "0", "8.33", "reverse-charge"),
        ("FR", "DE", "10115", "FR83404833048", MUG, "19", "10.00", ""),
        # Outside it
        ("FR", "ES", "35001", "", MUG, "0", "8.33", "export"),
        ("FR", "CH", "8001", "", BOOK, "0", "9.48", "export"),
        ("FR", "CM", "", "", EBOOK, "0", "9.48", "export"),
        ("FR", "GB", "SW1Y 4JH", "", AUDIO, "20", "10.00", ""),
        # A shop in the United Kingdom
        ("GB", "GB", "SW1Y 4JH", "", MUG, "20", "10.00", ""),
        ("GB", "GB", "je2 3ab", "", MUG, "0", "8.33", "export"),
        ("GB", "FR", "75001", "DE136695976", MUG, "0", "8.33", "export"),
        ("GB", "FR", "75001", "", EBOOK, "5.5", "10.00", ""),
        # A shop in Cameroon
        ("CM", "CM", "", "", MUG, "19.25", "10.00", ""),
        ("CM", "FR", "75001", "", MUG, "0", "8.39", "export"),
    ],
)
def test_rate_price_and_reason_by_destination(
    sold, settings, shop, country, postcode, vat_id, goods, rate, paid, reason
):
    settings.SHOP_COUNTRY = shop
    priced = pricing.price_basket(basket_to(country, postcode, vat_id, sold(goods)))

    [line] = priced.lines
    assert (line.tax_rate, line.unit, priced.tax_free_reason) == (Decimal(rate), gbp(paid), reason)
    if reason:
        assert not priced.tax


@pytest.mark.parametrize("country", ["FR", "DE", "GP", "CH", "CM"])
def test_a_book_a_mug_and_an_ebook_add_up_per_rate_to_the_cent(sold, settings, country):
    settings.SHOP_COUNTRY = "FR"
    order = place(basket_to(country, "10115" if country == "DE" else "", "", sold(BOOK), sold(MUG), sold(EBOOK)))

    assert sum(row.gross for row in order.taxes.all()) == order.total_amount
    assert sum(row.net + row.tax for row in order.taxes.all()) == order.total_amount
    assert sum(row.tax for row in order.taxes.all()) == order.tax_amount
    in_lines = {line.tax_rate for line in order.lines.all()}
    assert in_lines == {row.rate for row in order.taxes.all()}


def test_a_price_without_tax_gets_the_tax_of_the_destination_or_none(sold, settings):
    settings.SHOP_COUNTRY = "FR"
    mug = sold(MUG)
    mug.prices.update(tax_included=False)

    def paid(country: str) -> Money:
        return pricing.price_basket(basket_to(country, "", "", mug)).lines[0].unit

    assert (paid("FR"), paid("DE"), paid("CH")) == (gbp("12.00"), gbp("11.90"), gbp("10.00"))


def test_a_rate_changes_at_midnight_of_the_shop_and_stays_in_the_orders_before(sold, settings, persuasion):
    TaxRate.objects.create(country="GB", tax_class="other", rate=Decimal("17.5"), valid_from=dt.date(2027, 7, 1))
    basket = basket_to("GB", "SW1Y 4JH", "", sold(MUG))
    midnight = dt.datetime(2027, 7, 1, tzinfo=ZoneInfo("Europe/London"))

    def rate(at: dt.datetime) -> Decimal:
        return pricing.price_basket(basket, at).lines[0].tax_rate

    assert rate(midnight - dt.timedelta(seconds=1)) == 20
    assert rate(midnight) == Decimal("17.5")
    order = place(basket)
    TaxRate.objects.update(rate=Decimal(1))
    line = order.lines.get()
    assert (line.tax_rate, line.unit_tax) == (Decimal(20), Decimal("1.67"))
    assert [row.rate for row in order.taxes.all()] == [Decimal(20)]


class TestRates:
    def rates(self, destination: str, shop: str, on: dt.date) -> Rates:
        return Rates(territory(destination), territory(shop), on)

    def test_british_rates_come_with_the_shop(self):
        rates = self.rates("GB", "GB", dt.date(2026, 1, 1))
        assert [rates.tax_on(name, is_digital=False).rate for name in TaxClass] == [0, 0, 20, 20]

    def test_ebooks_had_the_standard_rate_before_may_2020(self):
        rates = self.rates("GB", "GB", dt.date(2020, 4, 30))
        assert rates.tax_on(TaxClass.EBOOKS, is_digital=True).rate == 20

    def test_germany_had_other_rates_for_half_a_year(self):
        def rate(on: dt.date) -> Decimal:
            return self.rates("DE", "DE", on).tax_on(TaxClass.BOOKS, is_digital=False).rate

        days = (dt.date(2020, 6, 30), dt.date(2020, 7, 1), dt.date(2020, 12, 31), dt.date(2021, 1, 1))
        assert [rate(day) for day in days] == [7, 5, 5, 7]

    def test_a_registration_makes_the_shop_collect_the_tax_of_a_parcel_too(self):
        TaxRegistration.objects.create(
            name="IOSS", countries=["FR"], covers="parcels", valid_from=dt.date(2026, 7, 1)
        )  # fmt: skip

        def tax(on: dt.date):
            return self.rates("FR", "GB", on).tax_on(TaxClass.OTHER, is_digital=False)

        assert (tax(dt.date(2026, 6, 30)).reason, tax(dt.date(2026, 7, 1)).rate) == ("export", 20)

    def test_a_shop_without_rates_charges_no_tax_at_home(self):
        tax = self.rates("US", "US", dt.date(2026, 1, 1)).tax_on(TaxClass.BOOKS, is_digital=False)
        assert (tax.rate, tax.reason) == (0, "")


@pytest.mark.parametrize(
    ("country", "postcode", "place"),
    [
        ("GB", "JE2 3AB", Territory("JE", "JE", in_union=False)),
        ("GB", "GY1 1AA", Territory("GG", "GG", in_union=False)),
        ("GB", "IM1 1AA", Territory("GB", "GB", in_union=False)),
        ("GB", "BT1 1AA", Territory("GB", "GB", in_union=True)),
        ("FR", "98000", Territory("FR", "FR", in_union=True)),
        ("FR", "97 133", Territory("BL", "BL", in_union=False)),
        ("FR", "97200", Territory("MQ", "FR", in_union=False)),
        ("ES", "38001", OUTSIDE),
        ("ES", "28001", Territory("ES", "ES", in_union=True)),
        ("DE", "27498", OUTSIDE),
        ("FI", "22100", Territory("AX", "AX", in_union=False)),
        ("NO", "0150", Territory("NO", "NO", in_union=False)),
    ],
)
def test_territories_end_where_the_law_says(country, postcode, place):
    assert territory(country, postcode) == place


@pytest.mark.parametrize(
    ("typed", "is_valid", "cleaned"),
    [
        ("de 136.695.976", True, "DE136695976"),
        ("EL 094259216", True, "EL094259216"),
        ("", True, ""),
        ("DE136695977", False, None),
        ("CHE-107.787.577", False, None),
        ("nonsense", False, None),
    ],
)
def test_a_vat_number_is_checked_by_its_form_and_check_digit(typed, is_valid, cleaned):
    form = VatIdForm({"vat_id": typed})
    assert form.is_valid() is is_valid
    assert form.cleaned_data.get("vat_id") == cleaned


class TestCheckout:
    @pytest.fixture
    def shop_in_france(self, settings):
        settings.SHOP_COUNTRY = "FR"

    def buy(self, client, edition, vat_id: str):
        client.post("/basket/add/", {"edition": edition.pk, "quantity": 1})
        address = {**DETAILS, "country": "DE", "town": "Berlin", "postcode": "10115", "vat_id": vat_id}
        return client.post("/checkout/", address)

    @pytest.mark.usefixtures("shop_in_france")
    def test_a_business_gives_its_number_and_the_invoice_says_why_there_is_no_tax(self, client, sold):
        self.buy(client, sold(MUG), "de 136695976")
        page = client.get("/checkout/delivery/").content.decode()
        assert "Reverse charge: the VAT is due from the recipient." in page
        basket = filled_basket({sold(MUG): 1}, country="DE", postcode="10115")
        checkout.save_vat_id(basket.pk, "DE136695976")

        order = place(basket)

        said = documents.read(order.invoice)
        assert (order.vat_id, order.tax_free_reason, str(order.tax)) == ("DE136695976", "reverse-charge", "£0.00")
        assert (said.buyer["vat_id"], said.tax_note) == (
            "DE136695976", "Reverse charge: the VAT is due from the recipient.",
        )  # fmt: skip
        assert "DE136695976" in client.get(f"/orders/{order.token}/invoice/").content.decode()

    @pytest.mark.usefixtures("shop_in_france")
    def test_a_wrong_number_is_told_and_nothing_is_kept(self, client, sold):
        answer = self.buy(client, sold(MUG), "DE136695977")
        assert answer.status_code == 422
        assert "This is not a VAT number of a country of the European Union." in answer.content.decode()
        assert client.get("/checkout/delivery/").headers["Location"] == "/checkout/"

    def test_a_shop_outside_the_union_does_not_ask(self, client, persuasion):
        assert self.buy(client, persuasion, "DE136695976").status_code == 302
        assert "VAT number" not in client.get("/checkout/").content.decode()
        assert not Order.objects.exists()
        assert not mail.outbox
