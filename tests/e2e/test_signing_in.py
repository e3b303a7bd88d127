"""Opening an account, and signing in with a passkey."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE

PASSWORD = "a long enough secret"


def answer_consent(page: Page) -> None:
    """Nothing but what is needed."""
    if page.get_by_role("button", name="Refuse all").is_visible():
        page.get_by_role("button", name="Refuse all").click()


def fits(page: Page) -> None:
    """Nothing sticks out at the side."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def open_account(page: Page, shop_running, email: str) -> None:
    """Sign up and follow the link of the mail."""
    page.goto("/account/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    fits(page)
    [message, *_more] = shop_running.mails_to(email)
    path = re.search(r"https?://[^/]+(/account/confirm-email/\S+)", message.get_body(("plain",)).get_content())[1]
    page.goto(path)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_reader_opens_an_account_without_javascript(visit, shop_running, viewport):
    page = visit(viewport, javascript=False)
    email = f"open-{viewport['width']}@reader.example"

    open_account(page, shop_running, email)

    for name in ("Addresses", "Email address", "Passkeys and codes", "Sessions"):
        page.get_by_role("navigation", name="Your account").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        fits(page)


def test_a_reader_adds_a_passkey_and_signs_in_with_it_alone(visit, shop_running):
    # A passkey belongs to a name; browsers give none to a bare address.
    page = visit(base_url=shop_running.url.replace("127.0.0.1", "localhost"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    open_account(page, shop_running, "passkey@reader.example")
    answer_consent(page)

    page.goto("/account/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("passkeys|codes", re.IGNORECASE))

    page.goto("/account/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
