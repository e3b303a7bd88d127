"""The account and its wish lists, as they look: on three screens, for those who cannot see them too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK
from tests.e2e.test_buying import find_book, sign_in
from tests.e2e.test_pages import faults_of

ACCOUNT = [
    "/account/", "/account/orders/", "/account/addresses/", "/account/addresses/add/", "/account/wish-lists/",
    "/account/wish-lists/new/", "/account/email/", "/account/password/change/", "/account/2fa/", "/account/sessions/",
    "/account/privacy/", "/account/logout/", "/account/reauthenticate/",
]  # fmt: skip
BEHIND_THE_PASSWORD = [
    "/account/privacy/data/", "/account/privacy/erase/", "/account/2fa/totp/activate/", "/account/2fa/webauthn/add/",
]  # fmt: skip


@pytest.fixture
def reader(visit) -> Page:
    """A customer of the demo shop, signed in, who has answered the question about cookies."""
    page = visit(DESK)
    page.goto("/account/login/")
    sign_in(page, "reader@booktime.example")
    if page.get_by_role("button", name="Refuse all").is_visible():
        page.get_by_role("button", name="Refuse all").click()
    return page


def test_who_goes_back_after_signing_out_finds_nobody_s_name_nor_basket(reader):
    find_book(reader, "frankenstein")
    reader.get_by_role("button", name="Add to basket").click()
    find_book(reader, "frankenstein")
    account, count = reader.locator("[data-account-label]"), reader.locator("[data-basket-count]").first
    expect(account).not_to_have_text("Your account")
    expect(count).to_have_text("1")
    left_as_a_browser_keeps_it = "dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))"

    reader.evaluate(left_as_a_browser_keeps_it)

    assert (account.inner_text(), account.get_attribute("title"), count.inner_text()) == ("Your account", "", "")
    other = reader.context.new_page()
    other.goto("/account/logout/")
    reader.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(count).to_have_text("1")
    other.locator("main").get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    with reader.expect_response("**/basket/summary/"):
        reader.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(account).to_have_text("Your account")
    expect(count).to_have_text("0")
    reader.go_back()
    reader.go_forward(wait_until="networkidle")
    expect(account).to_have_text("Your account")


def test_the_pages_of_the_account_have_no_accessibility_fault(reader):
    assert [fault for address in ACCOUNT for fault in faults_of(reader, address)] == []
    reader.get_by_label("Password", exact=True).fill("booktime-demo")
    reader.get_by_role("button", name="Confirm").click()
    assert [fault for address in BEHIND_THE_PASSWORD for fault in faults_of(reader, address)] == []


def test_wish_lists_and_what_is_saved_have_no_accessibility_fault(reader, visit):
    reader.goto("/account/wish-lists/new/")
    reader.get_by_label("Name of the list").fill("A list with a name that is as long as a name of a list can be")
    reader.get_by_label("Shared").check()
    reader.get_by_role("button", name="Save list").click()
    own = reader.url
    for words in ("Frankenstein", "Dracula"):
        find_book(reader, words, words)
        reader.get_by_role("button", name="Add to wish list").click()
    find_book(reader, "Frankenstein", "Frankenstein")
    reader.get_by_role("button", name="Add to basket").click()
    reader.get_by_role("button", name="Save for later").click()
    expect(reader.get_by_role("button", name="Move to basket")).to_be_visible()

    faults = faults_of(reader, "/basket/")
    faults += faults_of(reader, own)
    faults += faults_of(reader, f"{own}change/")
    faults += faults_of(reader, f"{own}delete/")
    reader.goto(own)
    link = reader.get_by_label("Link", exact=True).input_value()
    faults += faults_of(visit(DESK), link)
    assert faults == []
