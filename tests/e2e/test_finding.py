"""A shopper types and is told of books, looks at every picture of one, and counts copies up and down."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE


def test_suggestions_come_while_typing_and_the_keyboard_chooses_one(visit):
    page = visit(DESK)
    page.goto("/")
    field = page.get_by_role("combobox").first

    field.press_sequentially("frank")
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(page.get_by_role("option").first).to_contain_text("Frankenstein")
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press_sequentially("e")
    expect(page.get_by_role("listbox")).to_be_visible()
    field.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    field.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Frankenstein")


def with_pictures(page: Page, address: str) -> None:
    """Open a book, as soon as the worker has made its three pictures."""
    for _try in range(120):
        page.goto(address)
        if page.locator("[data-picture]").count() == 3:
            return
        page.wait_for_timeout(1000)


def test_thumbnails_change_the_large_picture_by_click_and_by_keyboard(visit):
    page = visit(DESK)
    with_pictures(page, "/books/moby-dick/")
    thumbs, figures = page.locator("[data-picture]"), page.locator("[data-figure]")

    thumbs.nth(1).click()
    expect(figures.nth(1)).to_be_visible()
    expect(figures.nth(0)).to_be_hidden()
    expect(thumbs.nth(1)).to_have_attribute("aria-current", "true")
    assert page.url.endswith("?picture=2")
    thumbs.nth(1).press("End")
    expect(figures.nth(2)).to_be_visible()
    expect(thumbs.nth(2)).to_be_focused()

    page.reload()
    expect(figures.nth(2)).to_be_visible()


def test_pictures_are_links_without_scripts(visit):
    page = visit(PHONE, javascript=False)
    with_pictures(page, "/books/moby-dick/")

    page.locator("[data-picture]").nth(1).click()

    expect(page).to_have_url(re.compile(r"\?picture=2$"))
    expect(page.locator("[data-figure]").nth(1)).to_be_visible()
    expect(page.locator("[data-figure]").nth(0)).to_be_hidden()


def test_copies_are_counted_up_and_down_with_buttons(visit):
    page = visit(PHONE)
    page.goto("/books/moby-dick/")
    quantity = page.get_by_label("Quantity").first

    page.get_by_role("button", name="One more").first.click()
    page.get_by_role("button", name="One more").first.click()
    page.get_by_role("button", name="One fewer").first.click()
    expect(quantity).to_have_value("2")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.locator("[data-basket-count]").first).to_have_text(re.compile("2"))

    page.goto("/basket/")
    page.get_by_role("button", name=re.compile("One fewer|fewer", re.IGNORECASE)).first.click()
    expect(page.get_by_label("Quantity").first).to_have_value("1")


def test_the_basket_counts_in_place_and_the_last_of_quick_clicks_counts(visit):
    page = visit(PHONE)
    page.goto("/books/moby-dick/")
    page.get_by_role("button", name="Add to basket").click()
    page.evaluate("document.body.dataset.mark = 'the same page'")
    more = page.get_by_role("button", name="One more")
    one = page.locator(".basket-line__total").first.inner_text()
    page.get_by_label("Voucher code").fill("half a co")

    more.click()
    page.wait_for_timeout(400)  # the first change is on its way
    more.click()
    more.click()
    expect(page.locator("[data-basket-count]").first).to_have_text("4")
    expect(page.get_by_label("Quantity").first).to_have_value("4")
    expect(page.locator(".basket-line__total").first).not_to_have_text(one)
    expect(more).to_be_focused()
    expect(page.get_by_label("Voucher code")).to_have_value("half a co")
    assert page.evaluate("document.body.dataset.mark") == "the same page"
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]

    page.reload()
    expect(page.get_by_label("Quantity").first).to_have_value("4")


def test_a_copy_more_is_kept_though_another_book_is_removed_at_once(visit):
    page = visit(DESK)
    for book in ("moby-dick", "frankenstein"):
        page.goto(f"/books/{book}/")
        page.get_by_role("button", name="Add to basket").first.click()
        page.wait_for_url("**/basket/")

    page.get_by_role("button", name="One more: Moby-Dick").click()
    page.get_by_role("button", name=re.compile("^Remove.*Frankenstein")).click()

    expect(page.get_by_text("Frankenstein was removed from your basket.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Quantity")).to_have_value("2")


def test_filters_sort_and_pages_change_the_list_in_place(visit):
    page = visit(PHONE)
    page.goto("/books/")
    page.evaluate("document.body.dataset.mark = 'the same page'")
    total = page.locator(".listing__total")
    every = total.inner_text()
    page.locator(".facets > summary").click()

    page.get_by_role("navigation", name="Filter the books").get_by_role("link", name="Hardback").click()
    page.wait_for_url("**/books/?format=hardback")
    expect(total).not_to_have_text(every)
    hardback = page.get_by_role("navigation", name="Filter the books").get_by_role("link", name="Hardback")
    expect(hardback).to_be_visible()  # the drawer stays open for the next filter
    expect(hardback).to_be_focused()
    expect(hardback).to_have_attribute("aria-current", "true")
    page.get_by_label("Sort by").select_option(label="Title")
    page.wait_for_url("**sort=title**")
    page.get_by_role("link", name="Remove Hardback").click()
    expect(total).to_be_focused()
    expect(total).to_have_text(every)
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**page=2**")
    expect(total).to_contain_text("showing 25 to")
    expect(total).to_be_in_viewport()
    assert page.evaluate("document.body.dataset.mark") == "the same page"
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]

    page.go_back()
    expect(total).to_contain_text("showing 1 to 24")
    page.go_back()
    expect(page.get_by_role("link", name="Remove Hardback")).to_be_visible()


def test_a_filter_that_gets_no_list_is_followed_like_any_link(visit):
    page = visit(DESK)
    page.goto("/books/")
    page.route("**/books/?format=hardback", lambda route: route.fulfill(status=404, body="No such list"), times=1)

    page.get_by_role("navigation", name="Filter the books").get_by_role("link", name="Hardback").click()

    page.wait_for_url("**/books/?format=hardback")
    expect(page.get_by_role("link", name="Remove Hardback")).to_be_visible()


def test_a_list_of_two_quick_choices_is_that_of_the_second(visit):
    page = visit(DESK)
    page.goto("/books/")

    page.evaluate(
        "for (const chosen of ['hardback', 'paperback']) document.querySelector(`a[href$='?format=${chosen}']`).click()"
    )

    page.wait_for_url("**/books/?format=paperback")
    expect(page.get_by_role("link", name="Remove Paperback")).to_be_visible()
    expect(page.get_by_role("link", name="Remove Hardback")).to_be_hidden()


def test_who_goes_back_twice_at_once_is_where_they_were(visit):
    page = visit(DESK)
    page.goto("/books/")
    filters = page.get_by_role("navigation", name="Filter the books")
    for choice in ("Paperback", "English"):
        filters.get_by_role("link", name=choice).first.click()
        expect(page.get_by_role("link", name=f"Remove {choice}")).to_be_visible()
    every = page.evaluate("history.length")
    page.route("**/books/**", lambda route: (time.sleep(0.3), route.continue_()))

    page.evaluate("history.back(); setTimeout(() => history.back(), 80)")

    page.wait_for_url(re.compile("/books/$"))
    expect(page.get_by_role("link", name=re.compile("^Remove"))).to_have_count(0)
    assert page.evaluate("history.length") == every


def test_who_goes_back_does_not_get_the_list_that_was_asked_for(visit):
    page = visit(DESK)
    page.goto("/books/")
    page.get_by_label("Sort by").select_option(label="Title")
    page.wait_for_url("**sort=title**")
    page.route("**/books/?format=hardback**", lambda route: (time.sleep(0.5), route.continue_()))

    page.evaluate("document.querySelector(`a[href*='format=hardback']`).click(); setTimeout(() => history.back(), 80)")

    page.wait_for_url(re.compile("/books/$"))
    page.wait_for_timeout(1000)
    assert page.url.endswith("/books/")
    expect(page.get_by_label("Sort by")).to_have_value("newest")
    expect(page.get_by_role("link", name="Remove Hardback")).to_have_count(0)


def test_filters_are_links_without_scripts(visit):
    page = visit(PHONE, javascript=False)
    page.goto("/books/")
    page.locator(".facets > summary").click()

    page.get_by_role("navigation", name="Filter the books").get_by_role("link", name="Hardback").click()

    expect(page).to_have_url(re.compile(r"/books/\?format=hardback$"))
    expect(page.get_by_role("link", name="Remove Hardback")).to_be_visible()
