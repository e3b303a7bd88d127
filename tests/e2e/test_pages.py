"""Every kind of page, as it looks: no sideways scroll, no accessibility fault, one heading, in both widths."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE

PAGES = [
    "/",
    "/books/",
    "/books/?format=paperback&sort=title",
    "/books/frankenstein/",
    "/tags/",
    "/tags/sea-and-voyages/",
    "/contributors/mary-shelley/",
    "/publishers/penguin-books/",
    "/series/penguin-english-library/",
    "/offers/winter-table/",
    "/cookies/",
    "/search/?q=sea",
    "/search/?q=zzzzzzzz",
    "/about-us/",
    "/contact-us/",
    "/basket/",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/no-such-page/",
]
NARROW = {"width": 320, "height": 700}
LOOKS = [(DESK, "light"), (PHONE, "dark"), (NARROW, "light")]
WCAG = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def faults_of(page: Page, address: str) -> list[str]:
    """What is wrong with a page at 1280 and 320 pixels in light, and at 390 in dark."""
    found = []
    for viewport, scheme in LOOKS:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        where = f"{address} at {viewport['width']}, {scheme}"
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            found.append(f"{where}: scrolls sideways")
        if (page.locator("h1").count(), page.locator("main").count()) != (1, 1):
            found.append(f"{where}: headings or landmarks")
        for fault in Axe().run(page, options=WCAG).response["violations"]:
            found.append(f"{where}: {fault['id']}: {fault['nodes'][0]['html'][:200]}")
    return found


@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_its_screens_and_has_no_accessibility_fault(visit, address):
    assert faults_of(visit(), address) == []


def test_the_keyboard_reaches_the_search_and_a_book_from_the_home_page(visit):
    page = visit(DESK)
    page.goto("/")

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("href", "#main")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_nothing_moves_while_a_page_loads(visit):
    page = visit(PHONE)
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
        " if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )

    page.goto("/books/frankenstein/", wait_until="networkidle")

    assert page.evaluate("window.shift") < 0.02
