"""A visitor buys books; the office sees the order."""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e.conftest import DESK, PHONE

TITLE = "Frankenstein"


def find_book(page: Page, words: str, title: str = TITLE) -> None:
    """From the home page to the page of the first book of this title that the words find."""
    page.goto("/")
    search = page.get_by_role("searchbox", name="Search books").or_(page.get_by_role("combobox", name="Search books"))
    search.first.fill(words)
    search.first.press("Enter")
    page.locator("main").get_by_role("link", name=re.compile(title)).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)


def fill_address(page: Page, email: str) -> None:
    """The first screen of the checkout."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Full name").fill("Mary Shopper")
    page.get_by_label("Address line 1").fill("1 Mill Lane")
    page.get_by_label("Town or city").fill("London")
    page.get_by_label("Postcode").fill("N1 9GU")
    page.get_by_label("Country").select_option(label="United Kingdom")
    page.get_by_role("button", name="Continue to delivery").click()


def place_order(page: Page) -> None:
    """The second and third screen."""
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")


def sign_in(page: Page, email: str) -> None:
    """The sign-in form of the account room, until it has let them in."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill("booktime-demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^(?!.*/login/)"))


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_guest_buys_a_book_and_the_office_finds_the_order(visit, shop_running, viewport):
    email = f"mary-{viewport['width']}@reader.example"
    page = visit(viewport)

    find_book(page, "frankenstien")
    page.locator("main").get_by_role("link", name=re.compile("Hardback|Paperback")).last.click()
    price = page.locator("[data-price]").first.inner_text()
    quantity = page.get_by_label("Quantity").first
    quantity.fill("2")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.locator("[data-basket-count]").first).to_have_text(re.compile("2"))
    page.goto("/basket/")
    expect(page.locator("main")).to_contain_text(TITLE)
    page.get_by_label("Quantity").first.fill("1")
    page.get_by_role("button", name="Update basket").click()
    expect(page.get_by_label("Quantity").first).to_have_value("1")
    page.get_by_role("link", name="Checkout").or_(page.get_by_role("button", name="Checkout")).first.click()
    fill_address(page, email)
    place_order(page)
    number = re.search(r"BT-[A-Z0-9-]+", page.locator("main").inner_text()).group()
    total = page.locator("[data-total]").inner_text()

    [mail] = shop_running.mails_to(email)
    assert number in mail["Subject"]
    assert TITLE in mail.get_body(("plain",)).get_content()

    office = visit(DESK)
    office.goto("/admin/")
    sign_in(office, "office@booktime.example")
    office.goto("/admin/")
    office.get_by_role("link", name="Orders").first.click()
    office.get_by_role("link", name=number).first.click()
    expect(office.locator("main")).to_contain_text("Mary Shopper")
    with office.expect_download(timeout=60_000) as download:
        office.get_by_role("link", name="Download invoice (PDF)").first.click()
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(download.value.path().read_bytes())).pages)
    assert TITLE in text
    assert price.strip() in text
    assert total != price.strip(), "delivery is paid too"
    assert total in text
    assert number in text
    assert re.search(r"INV-\d{4}-\d{6}", text)


def test_a_guest_buys_without_javascript(visit, shop_running):
    page = visit(PHONE, javascript=False)

    find_book(page, TITLE)
    page.get_by_role("button", name="Add to basket").click()
    page.get_by_role("link", name="Basket").first.click()
    page.get_by_role("link", name="Checkout").or_(page.get_by_role("button", name="Checkout")).first.click()
    fill_address(page, "noscript@reader.example")
    place_order(page)

    assert len(shop_running.mails_to("noscript@reader.example")) == 1


def test_a_reader_signs_in_and_keeps_what_was_in_the_basket(visit):
    page = visit(PHONE)
    find_book(page, TITLE)
    page.get_by_role("button", name="Add to basket").click()

    page.goto("/account/login/")
    sign_in(page, "reader@booktime.example")

    page.goto("/basket/")
    expect(page.locator("main")).to_contain_text(TITLE)
    page.get_by_role("link", name="Checkout").or_(page.get_by_role("button", name="Checkout")).first.click()
    expect(page.get_by_label("Email")).to_have_value("reader@booktime.example")

    page.goto("/basket/")
    page.get_by_role("button", name=re.compile("^Remove")).first.click()
    expect(page.locator("main")).to_contain_text("Your basket is empty")
