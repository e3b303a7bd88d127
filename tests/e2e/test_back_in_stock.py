"""A guest waits for a book that is sold out, and hears of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import PHONE

SELL_OUT = """
from catalog import stock
from catalog.models import Edition
edition = Edition.objects.with_offer().get(isbn="9780140620191")
stock.adjust(edition.pk, -edition.available_copies())
print("address:", edition.get_absolute_url())
"""
COPIES_ARRIVE = """
from catalog import stock
from commerce.models import WaitingReader
stock.adjust(WaitingReader.objects.get(email="anna@reader.example").edition_id, 4)
"""


def test_a_guest_without_javascript_on_a_phone_asks_confirms_by_mail_and_is_told(visit, shop_running):
    email = "anna@reader.example"
    address = re.search(r"address: (\S+)", shop_running.manage("shell", "-c", SELL_OUT))[1]
    page = visit(PHONE, javascript=False)

    page.goto(address)
    page.get_by_role("form", name="Tell me when it is back").get_by_label("Email").fill(email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("One more click")

    [asking] = shop_running.mails_to(email)
    page.goto(re.search(r"https?://\S+/back-in-stock/confirm/\S+", asking.get_body(("plain",)).get_content())[0])
    page.get_by_role("button", name="Yes, tell me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We will tell you")

    shop_running.manage("shell", "-c", COPIES_ARRIVE)
    shop_running.manage("tell_waiting")
    [telling] = shop_running.mails_to(email, about="is back$")
    page.goto(re.search(r"https?://\S+/books/north-and-south/\S+", telling.get_body(("plain",)).get_content())[0])
    expect(page.get_by_role("button", name="Add to basket").first).to_be_visible()

    page.goto(re.search(r"https?://\S+/back-in-stock/stop/\S+", telling.get_body(("plain",)).get_content())[0])
    page.get_by_role("button", name="No more mail").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It is forgotten")
