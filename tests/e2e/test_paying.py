"""Paying on the page of a provider, which is a local server that plays it.

The shop sells in francs (XAF), for mobile money takes nothing else; cards take any currency. A shop has one currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE, Shop, running_shop
from tests.providers import notchpay_server, stripe_server
from tests.providers.notchpay_server import NotchPayServer
from tests.providers.stripe_server import StripeServer

BOOKS = """isbn,title,contributors,format,price,currency,availability
9780007232833,Une si longue lettre,Mariama Bâ,ebook,6500,XAF,available
"""
TITLE = "Une si longue lettre"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeServer]:
    """Stripe on a local port."""
    with StripeServer() as server:
        yield server


@pytest.fixture(scope="module")
def notchpay() -> Iterator[NotchPayServer]:
    """NotchPay on a local port."""
    with NotchPayServer() as server:
        yield server


@pytest.fixture(scope="module")
def shop_running(
    tmp_path_factory: pytest.TempPathFactory, stripe: StripeServer, notchpay: NotchPayServer
) -> Iterator[Shop]:
    """A shop that sells in francs and takes cards and mobile money."""
    var = tmp_path_factory.mktemp("var")
    keys = {
        "SHOP_CURRENCY": "XAF",
        "STRIPE_SECRET_KEY": stripe_server.SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": stripe_server.WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe.url,
        "NOTCHPAY_PUBLIC_KEY": notchpay_server.PUBLIC_KEY,
        "NOTCHPAY_PRIVATE_KEY": notchpay_server.PRIVATE_KEY,
        "NOTCHPAY_HASH_KEY": notchpay_server.HASH_KEY,
        "NOTCHPAY_API_BASE": notchpay.url,
    }
    with running_shop(var, **keys) as shop:
        (var / "books.csv").write_text(BOOKS, encoding="utf-8")
        shop.manage("import_books", str(var / "books.csv"))
        stripe.webhook_url, notchpay.webhook_url = (f"{shop.url}/webhooks/{name}/" for name in ("stripe", "notchpay"))
        yield shop


def to_the_review(page: Page, email: str | None = None) -> None:
    """From the book to the last step of the checkout."""
    page.goto("/search/?q=lettre")
    page.locator("main").get_by_role("link", name=re.compile(TITLE)).first.click()
    page.get_by_role("button", name="Add to basket").click()
    page.goto("/basket/")
    page.get_by_role("link", name="Checkout").or_(page.get_by_role("button", name="Checkout")).first.click()
    if email:
        page.get_by_label("Email").fill(email)
    page.get_by_label("Full name").fill("Mary Shopper")
    page.get_by_role("button", name="Continue to payment").click()


def to_the_provider(page: Page, way: str, provider: str) -> str:
    """Choose how to pay, order, and arrive on the provider's page. The number of the order."""
    page.get_by_role("radio", name=re.compile(way)).check()
    page.get_by_role("button", name="Place order and pay").click()
    page.wait_for_url(f"{provider}/**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return re.search(r"BT-[A-Z0-9-]+", page.locator("main").inner_text()).group()


def thanks(shop: Shop, email: str, number: str) -> list[EmailMessage]:
    """The mails that say the money has come, waiting for the first one."""
    return shop.mails_to(email, about=f"payment for order {number}")


def test_a_guest_pays_by_card_and_comes_back_before_the_notification(visit, shop_running, stripe):
    email = "mary@reader.example"
    page = visit(DESK)
    to_the_review(page, email)
    number = to_the_provider(page, "Card", stripe.url)
    expect(page.locator("main")).to_contain_text("6500 xaf")
    stripe.webhook_url, address = "", stripe.webhook_url
    stripe.trouble("503")  # Stripe does not know yet, when it is asked on the way back

    page.get_by_role("button", name="Pay").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("We wait for your payment")
    stripe.webhook_url = address
    assert [stripe.send(stripe.events[-1]) for _time in range(2)] == [200, 200]
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you", timeout=30_000)  # the page looks by itself
    expect(page.locator("main")).to_contain_text(number)
    assert page.get_by_role("link", name="Pay now").count() == 0
    assert len(thanks(shop_running, email, number)) == 1
    assert len(stripe.charges) == 1


def test_a_guest_who_cancels_on_the_providers_page_pays_after_all_without_javascript(visit, shop_running, stripe):
    page = visit(PHONE, javascript=False)
    to_the_review(page, "second@reader.example")
    number = to_the_provider(page, "Card", stripe.url)
    charged = len(stripe.charges)

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Pay your order")
    page.get_by_role("button", name="Pay now").click()
    page.wait_for_url(f"{stripe.url}/**")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert len(stripe.charges) == charged + 1
    assert len(thanks(shop_running, "second@reader.example", number)) == 1


def test_a_reader_pays_by_mobile_money_closes_the_browser_and_the_notification_completes_it(
    visit, shop_running, notchpay
):
    phone = visit(PHONE)
    phone.goto("/account/login/")
    sign_in(phone)
    to_the_review(phone)
    number = to_the_provider(phone, "Mobile money", notchpay.url)
    expect(phone.locator("main")).to_contain_text("6500 XAF")
    phone.context.close()

    [payment] = notchpay.payments  # the reader agrees on the telephone
    notchpay.turn(payment, "processing")
    notchpay.turn(payment, "complete")

    assert len(thanks(shop_running, "reader@booktime.example", number)) == 1
    desk = visit(DESK)
    desk.goto("/account/login/")
    sign_in(desk)
    desk.goto(f"/account/orders/{number}/")
    expect(desk.locator("main")).to_contain_text("Paid")
    assert len(notchpay.charges) == 1


def sign_in(page: Page) -> None:
    """The demo reader."""
    page.get_by_label("Email").fill("reader@booktime.example")
    page.get_by_label("Password", exact=True).fill("booktime-demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/account/$"))
