"""A reader keeps a wish list and shares it; somebody else buys from it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_buying import fill_address, find_book, place_order
from tests.e2e.test_signing_in import answer_consent, fits, open_account


@pytest.mark.parametrize(("viewport", "javascript"), [(PHONE, False), (DESK, True)], ids=["phone-no-script", "desk"])
def test_a_guest_buys_from_the_wish_list_of_a_reader(visit, shop_running, viewport, javascript):
    reader = visit(viewport, javascript=javascript)
    name = "phone" if viewport is PHONE else "desk"
    open_account(reader, shop_running, f"wishes-{name}@reader.example")
    if javascript:
        answer_consent(reader)

    find_book(reader, "Frankenstein")
    reader.get_by_role("button", name="Add to wish list").click()
    expect(reader.locator("main")).to_contain_text("is on the list now")
    expect(reader.get_by_role("heading", level=1)).to_have_text("Wish list")
    reader.get_by_label("Note: Frankenstein").fill("the one with the tall letters")
    reader.get_by_role("button", name="Save note").click()
    reader.get_by_role("link", name="Share or rename").click()
    reader.get_by_label("Name of the list").fill("For my birthday")
    reader.get_by_label("Shared").check()
    reader.get_by_label("Your name on the list").fill("M. S.")
    reader.get_by_role("button", name="Save list").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("For my birthday")
    fits(reader)
    link = reader.get_by_label("Link", exact=True).input_value()

    guest = visit(viewport, javascript=javascript)
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text("For my birthday")
    expect(guest.locator("main")).to_contain_text("A wish list by M. S.")
    expect(guest.locator("main")).to_contain_text("the one with the tall letters")
    fits(guest)
    if javascript:
        answer_consent(guest)
    guest.get_by_role("button", name="Add to basket").click()
    guest.get_by_role("button", name="Checkout").click()
    fill_address(guest, f"friend-{name}@reader.example")
    place_order(guest)
    [mail] = shop_running.mails_to(f"friend-{name}@reader.example")
    assert "Frankenstein" in mail.get_body(("plain",)).get_content()

    reader.get_by_role("button", name="Renew the link").click()
    expect(reader.locator("main")).to_contain_text("The old one no longer works.")
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).not_to_have_text("For my birthday")


def test_a_guest_is_led_to_sign_in_and_the_book_is_kept(visit):
    page = visit(PHONE, javascript=False)
    find_book(page, "Frankenstein")
    page.get_by_role("button", name="Add to wish list").click()
    page.get_by_label("Email").fill("reader@booktime.example")
    page.get_by_label("Password", exact=True).fill("booktime-demo")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Add to wish list")
    expect(page.locator("main")).to_contain_text("Frankenstein")
    page.get_by_role("button", name="Add to list").click()
    expect(page.locator("main")).to_contain_text("Frankenstein")
