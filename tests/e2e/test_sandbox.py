"""A guest pays on the page of a provider, fails first, and comes back; the office sees the money."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE, Shop
from tests.e2e.test_buying import TITLE, fill_address, find_book, sign_in


def to_the_review(page: Page, email: str) -> None:
    """From the home page to the last screen of the checkout."""
    find_book(page, TITLE)
    page.locator("main").get_by_role("link", name=re.compile("Hardback|Paperback")).last.click()
    page.get_by_role("button", name="Add to basket").first.click()
    page.goto("/checkout/")
    fill_address(page, email)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue to payment").click()


def is_thanked(shop: Shop, email: str, within: float = 30) -> bool:
    """True where the mail that says thank you comes in time; the confirmation of the order comes before it."""
    return bool(shop.mails_to(email, about="We have your payment", within=within))


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_guest_pays_on_the_providers_page_after_a_first_try_that_failed(visit, shop_running, viewport):
    email = f"paying-{viewport['width']}@reader.example"
    page = visit(viewport)
    to_the_review(page, email)

    page.get_by_role("radio", name=re.compile("Test payment")).check()
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Test payment")
    page.get_by_role("button", name="Let it fail").click()
    expect(page.get_by_text("You have not been charged")).to_be_visible()
    page.get_by_role("radio", name=re.compile("Test payment")).check()
    page.get_by_role("button", name="Pay now").click()
    page.get_by_role("button", name="Pay", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    number = page.locator("[data-order-number]").inner_text()
    expect(page.get_by_text("Pay now")).to_have_count(0)
    assert is_thanked(shop_running, email)

    office = visit(DESK)
    office.goto("/admin/orders/")
    sign_in(office, "office@booktime.example")
    office.goto(f"/admin/orders/?q={number}")
    row = office.get_by_role("row", name=re.compile(number))
    expect(row).to_contain_text("Paid")


def test_whoever_leaves_the_payment_page_finds_the_way_back_without_scripts(visit):
    page = visit(PHONE, javascript=False)
    to_the_review(page, "leaving@reader.example")
    page.get_by_role("radio", name=re.compile("Test payment")).check()
    page.get_by_role("button", name="Place order and pay").click()
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Pay your order")
    page.get_by_role("link", name="Look at the order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your order waits for its payment")
    page.get_by_role("link", name="Pay now").click()
    page.get_by_role("radio", name=re.compile("invoice")).check()
    page.get_by_role("button", name="Pay now").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(page.locator("main")).to_contain_text("Please transfer")
