"""Vouchers, gift cards and pre-orders, as readers meet them; and one whole purchase by keyboard alone."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_buying import TITLE, fill_address, find_book, place_order, sign_in

VOUCHER = "BOOKISH"
MOST_TABS = 60


def make_voucher(visit, code: str) -> None:
    """A marketer makes a voucher of 10 % with a word that is easily said."""
    page = visit(DESK)
    page.goto("/admin/")
    sign_in(page, "marketer@booktime.example")
    page.goto("/admin/snippets/commerce/voucher/add/")
    page.get_by_label(re.compile("^Name")).fill(f"Ten percent ({code})")
    page.get_by_label(re.compile("How much")).fill("10")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/admin/snippets/commerce/voucher/")
    page.get_by_role("link", name=f"Ten percent ({code})").first.click()
    page.wait_for_url("**/edit/**")
    page.goto(f"/admin/vouchers/{re.search(r'edit/([0-9]+)/', page.url).group(1)}/codes/")
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Add code").click()
    expect(page.locator("main")).to_contain_text(f"The code “{code}” can be used.")


def buy_gift_card(visit, shop_running, recipient: str) -> str:
    """Somebody buys a card for a reader; the office sees the money; the mail brings the code."""
    page = visit(PHONE)
    page.goto("/gift-cards/")
    page.get_by_label("Another amount").fill("12.50")
    page.get_by_label("Recipient’s name").fill("Ada")
    page.get_by_label("Recipient’s email").fill(recipient)
    page.get_by_label("Message").fill("For a long winter.")
    page.get_by_role("button", name="Add to basket").click()
    page.get_by_role("button", name="Checkout").click()
    page.get_by_label("Email").fill("giver@reader.example")
    page.get_by_label("Full name").fill("Grace Giver")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Place order and pay").click()
    number = page.locator("[data-order-number]").inner_text()

    office = visit(DESK)
    office.goto("/admin/")
    sign_in(office, "office@booktime.example")
    office.goto("/admin/orders/")
    office.get_by_role("link", name=number).first.click()
    office.get_by_role("link", name="Mark as paid").click()
    office.get_by_role("button", name="Mark as paid").click()

    text = shop_running.mails_to(recipient, about="gift card", within=180)[-1].get_body(("plain",)).get_content()
    assert "Grace Giver gives you a gift card" in text
    assert "For a long winter." in text
    return re.search(r"[A-Z0-9]{6}(?:-[A-Z0-9]{6}){2}", text).group()


def use_code(page: Page, code: str) -> None:
    """The one box for codes."""
    page.get_by_label("Voucher code").fill(code)
    page.get_by_role("button", name="Use code").click()


def test_a_reader_signs_in_and_uses_a_voucher_and_a_gift_card_together(visit, shop_running):
    code = buy_gift_card(visit, shop_running, "reader@booktime.example")
    make_voucher(visit, VOUCHER)
    page = visit(PHONE)
    page.goto("/account/login/")
    sign_in(page, "reader@booktime.example")
    find_book(page, TITLE)
    page.locator("main").get_by_role("link", name=re.compile("Hardback")).last.click()
    page.get_by_role("button", name="Add to basket").click()

    use_code(page, VOUCHER.lower())
    use_code(page, code.replace("-", " ").lower())

    summary = page.locator(".order-summary")
    expect(summary).to_contain_text(f"Ten percent ({VOUCHER})")
    expect(summary).to_contain_text("-£1.70")
    expect(summary).to_contain_text("-£12.50")
    expect(page.locator(".codes")).to_contain_text("£12.50 of £12.50 used, £0.00 left after this order")
    page.get_by_role("button", name="Checkout").click()
    fill_address(page, "reader@booktime.example")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue to payment").click()
    to_pay = page.locator("[data-to-pay]").inner_text()
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    expect(page.locator("[data-to-pay]")).to_have_text(to_pay)
    expect(page.locator("main")).to_contain_text(f"Please transfer {to_pay}")

    balance = visit(PHONE, javascript=False)
    balance.goto("/gift-cards/balance/")
    balance.get_by_label("Code of the gift card").fill(code)
    balance.get_by_role("button", name="Look").click()
    expect(balance.locator("main")).to_contain_text("£0.00 of £12.50 is left.")


def test_a_french_address_refuses_a_voucher_on_a_new_book_and_says_why(visit):
    make_voucher(visit, "LECTURE")
    page = visit(DESK)
    find_book(page, TITLE)
    page.get_by_role("button", name="Add to basket").click()
    use_code(page, "LECTURE")
    expect(page.locator(".order-summary")).to_contain_text("Ten percent (LECTURE)")

    page.get_by_role("button", name="Checkout").click()
    page.get_by_label("Email").fill("colette@reader.example")
    page.get_by_label("Full name").fill("Colette Lectrice")
    page.get_by_label("Country").select_option(label="France")
    page.get_by_label("Address line 1").fill("1 rue des Écoles")
    page.get_by_label("Town or city").fill("Paris")
    page.get_by_label("Postcode").fill("75005")
    page.get_by_role("button", name="Continue to delivery").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue to payment").click()

    reason = "By law new books are delivered to France at their fixed price, so nothing may be taken off."
    expect(page.locator("main")).to_contain_text(f"LECTURE: {reason}")
    expect(page.locator(".order-summary")).not_to_contain_text("Ten percent")
    page.goto("/basket/")
    expect(page.locator(".codes")).to_contain_text(reason)


@pytest.fixture(scope="module")
def coming_book(shop_running, tmp_path_factory) -> str:
    """A book that appears in two months."""
    title, out = "The Unwritten Winter", dt.date.today() + dt.timedelta(days=60)
    feed = tmp_path_factory.mktemp("feed") / "coming.csv"
    feed.write_text(
        "isbn,title,contributors,publisher,format,language,publication_date,price,currency,availability,tags\n"
        f"9781861978769,{title},Ada Penn,Merrow Press,hardback,eng,{out},18.00,GBP,forthcoming,Fiction\n"
    )
    shop_running.manage("import_books", str(feed))
    return title


def test_a_pre_order_beside_a_book_in_stock_is_split_and_cancelled_in_one_click(visit, coming_book):
    page = visit(PHONE)
    page.goto(f"/search/?q={coming_book.replace(' ', '+')}")
    page.locator("main").get_by_role("link", name=re.compile(coming_book)).first.click()
    page.get_by_role("button", name=re.compile("Pre-order|Add to basket")).first.click()
    find_book(page, TITLE)
    page.get_by_role("button", name="Add to basket").click()
    page.goto("/basket/")
    parts = page.locator("ul[data-promise]")
    expect(parts).to_contain_text(coming_book)
    expect(parts).to_contain_text(TITLE)
    page.get_by_role("button", name="Checkout").click()
    fill_address(page, "early@reader.example")
    place_order(page)
    expect(page.locator("ul[data-promise]")).to_contain_text(coming_book)

    page.get_by_role("button", name="Cancel the pre-order").click()

    expect(page.locator("main")).to_contain_text("Your pre-order is cancelled.")


def tab_to(page: Page, wanted: str, used: int) -> int:
    """Press the tab key until the focus is on what is named so; returns the presses so far."""
    while used <= MOST_TABS:
        page.keyboard.press("Tab")
        used += 1
        name = page.evaluate(
            """() => {
              const focused = document.activeElement;
              const label = focused.labels && focused.labels[0];
              return (label || focused).textContent.trim() || focused.getAttribute('aria-label') || '';
            }"""
        )
        if re.match(wanted, name):
            return used
    raise AssertionError(f"{MOST_TABS} tabs did not reach {wanted!r}")


def test_a_whole_purchase_by_keyboard_alone(visit, shop_running):
    page = visit(DESK)
    find_book(page, TITLE)
    used = tab_to(page, "Skip to content", 0)
    page.keyboard.press("Enter")
    used = tab_to(page, "Add to basket", used)
    page.keyboard.press("Enter")
    page.wait_for_url("**/basket/")
    used = tab_to(page, "Skip to content", used)
    page.keyboard.press("Enter")
    used = tab_to(page, "Checkout", used)
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/")
    used = tab_to(page, "Skip to content", used)
    page.keyboard.press("Enter")
    for label, text in {
        "Email": "keys@reader.example", "Full name": "Kay Tabb", "Address line 1": "1 Mill Lane",
        "Town or city": "London", "Postcode": "N1 9GU",
    }.items():  # fmt: skip
        used = tab_to(page, label, used)
        page.keyboard.type(text)
    used = tab_to(page, "Continue to delivery", used)
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/delivery/")
    used = tab_to(page, "Skip to content", used)
    page.keyboard.press("Enter")
    used = tab_to(page, "Continue to payment", used)
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/review/")
    used = tab_to(page, "Skip to content", used)
    page.keyboard.press("Enter")
    used = tab_to(page, "Place order and pay", used)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert used <= MOST_TABS
    assert len(shop_running.mails_to("keys@reader.example")) == 1
