"""Books that come back: a guest withdraws on a phone, the office lets one of three go."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_buying import TITLE, fill_address, find_book, sign_in


def buy(page: Page, email: str, copies: int) -> str:
    """Order copies of one book as a guest, to be paid later; the number of the order."""
    find_book(page, TITLE)
    page.locator("main").get_by_role("link", name=re.compile("Hardback|Paperback")).last.click()
    page.get_by_label("Quantity").first.fill(str(copies))
    page.get_by_role("button", name="Add to basket").click()
    page.goto("/basket/")
    page.get_by_role("link", name="Checkout").or_(page.get_by_role("button", name="Checkout")).first.click()
    fill_address(page, email)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("radio", name=re.compile("invoice")).check()
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    return re.search(r"BT-[A-Z0-9-]+", page.locator("main").inner_text()).group()


def test_a_guest_withdraws_on_a_phone_from_the_link_of_the_mail(visit, shop_running):
    email = "withdraws@reader.example"
    number = buy(visit(PHONE), email, 2)
    [confirmation] = shop_running.mails_to(email)
    text = confirmation.get_body(("plain",)).get_content()
    link = re.search(r"Withdraw from contract here: http://[^/]+(/withdraw/\S+)", text).group(1)

    page = visit(PHONE)
    page.goto(link)
    expect(page.locator("main")).to_contain_text(number)
    page.get_by_role("checkbox").first.uncheck()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm withdrawal")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Confirm withdrawal").click()

    expect(page.locator("main")).to_contain_text("You have withdrawn")
    [receipt] = shop_running.mails_to(email, about="withdrawal")
    said = receipt.get_body(("plain",)).get_content()
    assert f"1 x {TITLE}" in said
    assert re.search(r"\d\d?:\d\d", said), "the receipt says when"


def test_the_office_lets_one_of_three_copies_off_and_the_money_for_it_goes_back(visit):
    number = buy(visit(DESK), "torn-jacket@reader.example", 3)
    office = visit(DESK)
    office.goto("/admin/orders/")
    sign_in(office, "office@booktime.example")
    office.goto("/admin/orders/")
    office.get_by_role("link", name=number).first.click()
    office.get_by_role("link", name="Mark as paid").click()
    office.get_by_role("button", name="Mark as paid").click()
    expect(office.locator("main")).to_contain_text("Marked as paid.")

    office.get_by_role("link", name="Credit note").first.click()
    copy = office.get_by_role("checkbox", name=re.compile(TITLE)).first
    price = re.search(r"£[\d.]+", copy.locator("xpath=ancestor::label").inner_text()).group()
    copy.check()
    office.get_by_label("Reason, printed").fill("The jacket was torn")
    office.get_by_role("button", name="Issue credit note").click()

    main = office.locator("main")
    expect(main).to_contain_text(re.compile(r"Credit note \S+ was issued"))
    expect(main).to_contain_text("Partly refunded")
    expect(main).to_contain_text(re.compile(rf"{re.escape(price)}: To be sent"))
