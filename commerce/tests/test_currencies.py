"""A basket in another currency: at prices of its own, never converted, and with its tax in the shop's money too."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import override
from lxml import etree

from catalog.models import Edition, Price
from catalog.tests.factories import book
from commerce import accounting, documents, einvoice, pricing
from commerce.bookkeeping import CHECKS
from commerce.models import Basket, DeliveryMethod, ExchangeRate, LeastDeliveryFee, Order, Promotion, Voucher
from commerce.office.promotions import given_away, with_figures
from commerce.services import baskets, checkout, credit_notes, gift_cards, payments, vouchers
from commerce.services.baskets import Owner
from commerce.tests.factories import ADDRESS, DETAILS, PASSWORD, an_order, gift_card, place
from commerce.tests.test_einvoice import NAMES
from commerce.tests.test_office import sign_in
from commerce.tests.test_payments import choose
from commerce.tests.test_story import add, shown
from core.money import Money

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 1, 1)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def price_in_euros(edition: Edition, amount: str) -> None:
    Price.objects.create(edition=edition, amount=Decimal(amount), currency="EUR", source="shop")


@pytest.fixture
def post() -> DeliveryMethod:
    """A shop in pounds that sends for euros too, and knows what they are worth to the tax office."""
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("0.8543"), valid_from=DAY, source="HMRC, January 2026")
    return DeliveryMethod.objects.create(name="Colissimo", price=Decimal("4.50"), currency="EUR")


@pytest.fixture
def audiobook(books_page) -> Edition:
    """A compact disc at £12, or €15; 20 % of its net price are tax."""
    edition = book("Emma, read aloud", price="12.00", format="audio-cd", in_stock=5).editions.get()
    price_in_euros(edition, "15.00")
    return edition


def a_basket(*editions: Edition, currency: str = "EUR") -> Basket:
    owner = Owner(token="t" * 43)
    for edition in editions:
        basket, _notices = baskets.add(owner, edition.pk, 1)
    if currency:
        baskets.pay_in(basket.pk, currency)
        basket.refresh_from_db()
    return basket


def buy_in_euros(client, edition, post) -> Order:
    add(client, edition, 2)
    client.post("/basket/currency/", {"currency": "EUR"})
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": post.pk})
    review = client.get("/checkout/review/")
    client.post("/checkout/review/", {"shown": shown(review), "payment": "invoice"})
    return Order.objects.get()


def test_a_shopper_pays_in_euros_what_the_shop_asks_in_euros(client, audiobook, post):
    add(client, audiobook, 2)
    page = client.get("/basket/").content.decode()
    assert "Your basket is in British pounds." in page
    assert "Pay in euros" in page

    client.post("/basket/currency/", {"currency": "EUR"})

    page = client.get("/basket/").content.decode()
    assert client.get("/basket/summary/?total=1").json() == {"count": 2, "name": ""}, "modals ask in pounds"
    assert "€30.00" in page
    assert "£" not in page
    assert "Pay in British pounds" in page
    order = buy_in_euros(client, audiobook, post)
    assert (order.currency, order.total, order.delivery) == ("EUR", euros("64.50"), euros("4.50"))
    assert "€64.50" in client.get(order.get_absolute_url()).content.decode()


def test_it_is_paid_online_and_given_back_in_euros_and_the_books_balance(client, audiobook, post, settings):
    settings.PAYMENT_SANDBOX = True
    basket = a_basket(audiobook, audiobook)
    checkout.save_address(basket.pk, "ada@example.org", ADDRESS)
    checkout.choose_delivery(basket.pk, post)
    order = place(basket, method="sandbox")
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")
    order.refresh_from_db()
    assert (order.payment_status, payments.received(order)) == ("paid", euros("34.50"))

    payments.refund(order.pk, euros("5"), "A scratch")

    assert payments.received(order) == euros("29.50")
    assert [drift for check in CHECKS for drift in check()] == []


class TestTaxInTheShopsMoney:
    def test_the_invoice_says_its_tax_in_pounds_and_at_which_rate(self, client, audiobook, post):
        order = buy_in_euros(client, audiobook, post)

        said = documents.read(order.invoice)

        assert (said.tax, said.tax_at_home) == (euros("5.75"), Money(Decimal("4.91"), "GBP"))
        printed = client.get(f"/orders/{order.token}/invoice/").content.decode()
        assert "VAT in GBP, at 1 EUR = 0.8543 GBP (HMRC, January 2026)" in printed
        assert "£4.91" in printed
        xml = etree.fromstring(einvoice.xml_of(said))
        taxes = xml.findall(".//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount", NAMES)
        assert [(tax.get("currencyID"), tax.text) for tax in taxes] == [("EUR", "5.75"), ("GBP", "4.91")]
        [row] = accounting.journal(order.invoice.issued_at.year, order.invoice.issued_at.month).splitlines()[1:]
        assert row.endswith(",0.8543")

    def test_what_is_credited_is_worth_what_it_was_worth_on_the_invoice(self, client, audiobook, post):
        order = buy_in_euros(client, audiobook, post)
        ExchangeRate.objects.create(currency="EUR", rate=Decimal(2), valid_from=order.invoice.issued_at.date())

        note = credit_notes.issue_amount(order.pk, euros("6"), reason="A scratch", actor=None)

        said = documents.read(note)
        assert (said.tax, said.tax_at_home) == (euros("1"), Money(Decimal("0.85"), "GBP"))

    def test_an_invoice_in_pounds_says_nothing_twice(self, client, audiobook, post):
        order = an_order({audiobook: 1})
        assert documents.read(order.invoice).tax_at_home is None

    @pytest.mark.parametrize("code", ["GBP", "eur", "XXX"])
    def test_a_rate_is_of_another_currency_in_use(self, code):
        with pytest.raises(ValidationError):
            ExchangeRate(currency=code, rate=Decimal(1), valid_from=DAY).full_clean()

    def test_the_latest_rate_counts(self, post):
        ExchangeRate.objects.create(currency="EUR", rate=Decimal("0.9"), valid_from=dt.date(2026, 3, 1))
        rates = [ExchangeRate.on("EUR", day) for day in (dt.date(2025, 12, 31), DAY, dt.date(2026, 3, 1))]
        assert [rate and rate.rate for rate in rates] == [None, Decimal("0.8543"), Decimal("0.9")]
        assert rates[1].at_home(euros("1.00")) == Money(Decimal("0.85"), "GBP")
        with pytest.raises(ValueError, match="does not say"):
            rates[1].at_home(Money(Decimal(1), "USD"))


class TestWhereItCannotBe:
    def test_a_book_without_a_price_in_it_puts_the_basket_in_pounds_and_says_so(self, audiobook, persuasion, post):
        basket = a_basket(audiobook)

        baskets.add(Owner(token=basket.token), persuasion.pk, 1)

        priced = pricing.price_basket(basket)
        assert (priced.currency, str(priced.goods)) == ("GBP", "£19.99")
        assert priced.currency_notice == "Persuasion: no price in euros, so your basket is in British pounds."
        assert not any(line.price_notice for line in priced.lines)
        baskets.remove(basket.pk, basket.lines.get(edition=persuasion).pk)
        priced = pricing.price_basket(basket)
        assert (priced.currency, priced.currency_notice, priced.goods) == ("EUR", "", euros("15.00"))

    def test_a_feeds_price_in_another_currency_is_for_other_countries(self, persuasion, post):
        Price.objects.create(edition=persuasion, amount=Decimal("9.90"), currency="EUR", source="feed")
        assert pricing.price_basket(a_basket(persuasion, currency="")).currencies == ("GBP",)

    def test_without_a_rate_for_the_tax_office_it_is_not_offered(self, audiobook, post):
        ExchangeRate.objects.update(valid_from=dt.date(2126, 1, 1))
        assert pricing.price_basket(a_basket(audiobook, currency="")).currencies == ("GBP",)

    def test_without_a_way_to_send_it_is_offered_for_downloads_alone(self, audiobook, post):
        post.is_active = False
        post.save()
        assert pricing.price_basket(a_basket(audiobook, currency="")).currencies == ("GBP",)
        Edition.objects.update(format="ebook")
        assert pricing.price_basket(Basket.objects.get()).currencies == ("GBP", "EUR")

    def test_gift_cards_are_sold_in_the_shops_money(self, audiobook, post, settings):
        basket = a_basket(audiobook)
        basket.gift_cards.create(currency="GBP", amount=Decimal(20))

        priced = pricing.price_basket(basket)

        assert (priced.currency, str(priced.goods)) == ("GBP", "£32.00")
        assert priced.currency_notice == "We cannot sell this in euros, so your basket is in British pounds."

    @pytest.mark.parametrize("code", ["USD", "", "nonsense", "EUR\x00"])
    def test_what_is_not_offered_is_refused_and_changes_nothing(self, client, audiobook, post, code):
        add(client, audiobook)
        answer = client.post("/basket/currency/", {"currency": code}, follow=True)
        assert "Not everything in your basket can be paid in that currency." in answer.content.decode()
        assert Basket.objects.get().currency == ""

    def test_a_basket_that_is_gone_is_left_alone(self, client, post):
        assert client.post("/basket/currency/", {"currency": "EUR"}).status_code == 302
        baskets.pay_in(4711, "EUR")


class TestRules:
    def test_a_percentage_counts_in_every_money_and_a_sum_only_in_its_own(self, audiobook, post):
        basket = a_basket(audiobook)
        for code, kind in (("TENTH", "percent"), ("TENNER", "amount")):
            voucher = Voucher.objects.create(name=code, kind=kind, value=Decimal(10), is_combinable=True)
            voucher.codes.create(code=code)
            vouchers.enter(basket.pk, code)

        tenth, tenner = pricing.price_basket(basket).codes

        assert (tenth.amount, tenth.is_refused) == (euros("1.50"), False)
        assert (tenner.is_refused, tenner.note) == (True, "This voucher is for orders in GBP.")

    @pytest.mark.parametrize(
        ("rule", "applies"),
        [
            ({"kind": "percent", "percent": Decimal(10)}, True),
            ({"kind": "n-for-m", "group": 2, "paid": 1}, True),
            ({"kind": "percent", "percent": Decimal(10), "minimum": Decimal(5)}, False),
            ({"kind": "set-price", "group": 2, "amount": Decimal(5)}, False),
            ({"kind": "set-price", "group": 2, "amount": Decimal(5), "currency": "EUR"}, True),
        ],
    )
    def test_promotions_too(self, audiobook, post, rule, applies):
        basket = a_basket(audiobook)
        baskets.add(Owner(token=basket.token), audiobook.pk, 1)
        Promotion.objects.create(name="Spring", **rule)
        assert bool(pricing.price_basket(basket).redeemed) is applies

    def test_what_they_gave_away_is_said_in_each_money(self, audiobook, post):
        rule = Promotion.objects.create(name="Spring", kind="percent", percent=Decimal(10))
        an_order({audiobook: 1})
        basket = a_basket(audiobook)
        checkout.save_address(basket.pk, "ada@example.org", ADDRESS)
        checkout.choose_delivery(basket.pk, post)
        place(basket)

        [found] = with_figures(Promotion.objects.filter(pk=rule.pk), "promotion")

        assert (found.orders, given_away(found)) == (2, "£1.20 + €1.50")

    def test_a_gift_card_pays_in_its_own_money_only_and_says_so(self, audiobook, post):
        basket = a_basket(audiobook)
        _card, code = gift_card("20.00")
        gift_cards.put_in(basket, code)

        priced = pricing.price_basket(basket)

        assert priced.to_pay == priced.total == euros("15.00")
        [shown_card] = priced.gift_cards
        assert "orders in GBP" in shown_card.note


def test_an_offer_in_euros_says_what_it_cost_in_euros(client, audiobook, post):
    now = dt.datetime.now(dt.UTC)
    span = {"starts_at": now - dt.timedelta(days=1), "ends_at": now + dt.timedelta(days=1)}
    Price.objects.create(
        edition=audiobook, amount=Decimal(11), currency="EUR", source="shop", former=Decimal(14), **span
    )
    add(client, audiobook)
    client.post("/basket/currency/", {"currency": "EUR"})
    page = client.get("/basket/").content.decode()
    assert "€11.00" in page
    assert '<del class="reduction__former">€14.00</del>' in page


def test_a_price_that_changes_in_euros_is_told_in_euros(client, audiobook, post):
    add(client, audiobook)
    client.post("/basket/currency/", {"currency": "EUR"})
    audiobook.prices.filter(currency="EUR").update(amount=Decimal("16.00"))
    page = client.get("/basket/").content.decode()
    assert "The price of Emma, read aloud changed from €15.00 to €16.00." in page


def test_the_choice_comes_along_at_sign_in(client, audiobook, post, ada):
    add(client, audiobook)
    client.post("/basket/currency/", {"currency": "EUR"})
    client.post("/account/login/", {"login": ada.email, "password": PASSWORD})
    assert "€15.00" in client.get("/basket/").content.decode()


def test_in_french_the_currency_is_named_in_french(client, audiobook, post):
    basket = a_basket(audiobook)
    with override("fr"):
        priced = pricing.price_basket(basket)
        assert (str(priced.goods), priced.other_currencies) == ("15,00\xa0€", ["GBP"])


@pytest.mark.parametrize(("role", "status"), [("Central office", 200), ("Marketer", 302), ("Dispatch", 302)])
def test_the_office_keeps_the_rates_and_nobody_else(client, post, role, status):
    sign_in(client, role)
    answer = client.get("/admin/exchange_rates/")
    assert answer.status_code == status
    assert ("1 EUR = 0.8543 GBP" in answer.content.decode()) is (status == 200)


@pytest.mark.parametrize("model", [DeliveryMethod, ExchangeRate, LeastDeliveryFee, Promotion, Voucher])
def test_a_currency_that_staff_mistype_is_refused_where_it_is_typed(model):
    with pytest.raises(ValidationError, match="no currency in use"):
        model(currency="eur").clean_fields()


def test_what_is_read_is_reckoned_without_a_query(audiobook, post, django_assert_num_queries):
    Promotion.objects.create(name="Spring", kind="percent", percent=Decimal(10))
    basket = a_basket(audiobook)
    given = pricing.circumstances_of(basket, timezone.now())

    with django_assert_num_queries(0):
        priced = pricing.reckon(given)
        assert (priced.total, priced.to_pay) == (euros("13.50"), euros("13.50"))
