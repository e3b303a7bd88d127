"""Page modals in a real browser: when, to whom, how often, with which focus. The clock is moved, never waited for.

The demo shop has one modal, on tag pages. Stories change the rules in the page as the server might have written
them; what the server writes is tested in `home/tests`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from zoneinfo import ZoneInfo

import brotli
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import DESK, PHONE, Shop
from tests.e2e.test_buying import fill_address, place_order, sign_in
from tests.e2e.test_pages import NARROW, WCAG

ADDRESS = "/tags/sea-and-voyages/"
MODAL = "dialog[data-modal]"
NOON = "2026-11-20T12:00:00Z"
CENTRE = {"k": "centre", "t": ["delay", 2, ""], "o": ["every", 7, 0, 1], "f": 0, "e": 0}
ANSWERED = (
    "addEventListener('DOMContentLoaded',"
    " () => document.querySelectorAll('body [data-consent]').forEach(banner => banner.remove()))"
)
RULES = re.compile(r'(<script id="modal-rules" type="application/json">)(.*?)(</script>)')


def milliseconds(page: Page, text: str) -> int:
    return page.evaluate("text => Date.parse(text)", text)


@pytest.fixture
def tag_page(visit, shop_running):
    """`tag_page(k="top", …)` opens a tag's page whose modal has these rules; `others` are more of the same."""

    def opened(
        *, others=(), viewport=DESK, settings=None, at=NOON, summary=None, consent=True, query="", granted="", **rule
    ):
        page = visit(viewport)
        page.clock.install(time=at)
        kind = rule.get("k", "centre")

        def write(route):
            response = route.fetch()
            text = response.text()
            found = RULES.search(text)
            rules = json.loads(found[2])
            [first] = rules["m"]
            rules["m"] = [{**first, **CENTRE, **rule}]
            rules["c"] = 0
            for number, other in enumerate(others, 1):
                rules["m"].append({**first, **CENTRE, "i": 1000 + number, **other})
                again = re.search(r'<template id="modal-0-A">.*?</template>', text, re.DOTALL)[0]
                again = again.replace("modal-0-A", f"modal-{number}-A").replace(
                    "Something enormous", f"Number {number}"
                )
                text = text.replace("<template", f"{again}<template", 1)
            rules |= settings or {}
            text = text.replace("modal--corner", f"modal--{kind}")
            if granted:  # as consent.js would have said
                text = text.replace("<html ", f'<html data-consent-granted="{granted}" ', 1)
            if rules["m"][0]["v"] != first["v"]:
                again = re.search(r'<template id="modal-0-A">.*?</template>', text, re.DOTALL)[0]
                text = text.replace("<template", f"{again.replace('modal-0-A', 'modal-0-B')}<template", 1)
            text = RULES.sub(lambda found: found[1] + json.dumps(rules) + found[3], text)
            route.fulfill(response=response, body=text)

        page.route(re.compile(re.escape(ADDRESS) + r"(\?.*)?$"), write)
        if summary:
            page.route("**/basket/summary/", lambda route: route.fulfill(json=summary))
        if consent:
            page.add_init_script(ANSWERED)
        page.goto(f"{ADDRESS}{query}")
        return page

    return opened


def after(page: Page, seconds: float) -> None:
    page.clock.run_for(int(seconds * 1000))


def is_shown(page: Page) -> bool:
    return page.locator(MODAL).count() == 1


def close(page: Page) -> None:
    page.locator(MODAL).get_by_role("button", name="Close").click()
    expect(page.locator(MODAL)).to_have_count(0)


# --- When -------------------------------------------------------------------------------------


def test_a_delay_is_waited_for_to_the_second(tag_page):
    page = tag_page(t=["delay", 10, ""])

    after(page, 9)
    assert not is_shown(page)
    after(page, 2)
    expect(page.locator(MODAL)).to_be_visible()


def test_start_and_end_hold_on_a_page_that_was_stored_before_them(tag_page):
    page = tag_page(f=1795180200000, e=1795180260000, at="2026-11-20T13:08:00Z")
    assert milliseconds(page, "2026-11-20T13:10:00Z") == 1795180200000

    page.clock.pause_at("2026-11-20T13:09:59Z")
    expect(page.locator(MODAL)).to_have_count(0)
    page.clock.pause_at("2026-11-20T13:10:01Z")
    expect(page.locator(MODAL)).to_be_visible()
    page.clock.pause_at("2026-11-20T13:10:59Z")
    expect(page.locator(MODAL)).to_be_visible()
    page.clock.pause_at("2026-11-20T13:11:01Z")
    expect(page.locator(MODAL)).to_have_count(0)
    page.reload()
    after(page, 10)
    expect(page.locator(MODAL)).to_have_count(0)


def test_a_start_in_the_night_of_the_summer_time_change_is_one_moment_everywhere(tag_page):
    # 02:00 British Summer Time on 28 March 2027 is 01:00 UTC, an hour after 00:00 UTC.
    page = tag_page(f=1806195600000, at="2027-03-28T00:58:00Z")
    assert milliseconds(page, "2027-03-28T02:00:00+01:00") == 1806195600000

    page.clock.pause_at("2027-03-28T00:59:59Z")
    expect(page.locator(MODAL)).to_have_count(0)
    page.clock.pause_at("2027-03-28T01:00:01Z")
    expect(page.locator(MODAL)).to_be_visible()


@pytest.mark.parametrize(
    ("viewport", "percent", "scrolled"),
    [(DESK, 10, {0: False, 0.05: False, 0.2: True}), (PHONE, 100, {0: False, 0.9: False, 1: True})],
    ids=["first screen", "all of it"],
)
def test_a_share_of_what_is_below_the_first_screen_is_scrolled_first(tag_page, viewport, percent, scrolled):
    page = tag_page(viewport=viewport, t=["scroll", percent, ""])

    for share, expected in scrolled.items():
        room = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        page.evaluate("top => scrollTo({top, behavior: 'instant'})", share * room)
        page.wait_for_timeout(100)
        after(page, 5)
        assert is_shown(page) == expected, share


def test_the_pointer_that_leaves_at_the_top_or_a_quick_way_up_means_leaving(tag_page):
    page = tag_page(t=["exit", 0, ""])
    after(page, 60)
    assert not is_shown(page)
    page.evaluate("document.documentElement.dispatchEvent(new MouseEvent('mouseout', {bubbles: true, clientY: -1}))")
    after(page, 1)
    assert is_shown(page)

    page = tag_page(viewport=PHONE, t=["exit", 0, ""])
    page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
    page.wait_for_timeout(200)
    after(page, 5)
    assert not is_shown(page)
    page.evaluate("scrollTo({top: 300, behavior: 'instant'})")
    page.wait_for_timeout(200)
    after(page, 1)
    assert is_shown(page)


def test_idle_begins_anew_with_each_movement(tag_page):
    page = tag_page(t=["idle", 20, ""])
    after(page, 15)
    page.keyboard.press("Shift")
    after(page, 15)
    assert not is_shown(page)
    after(page, 6)
    assert is_shown(page)


NAMED = ".site-footer__name"


def add_link(page: Page) -> Locator:
    """A link to the modal's own address."""
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML("
        "'afterbegin', '<a id=ask href=/offers/winter-table/>Ask</a>')"
    )
    return page.locator("#ask")


def test_a_link_opens_it_however_often_and_the_focus_comes_back_to_it(tag_page):
    page = tag_page(t=["click", 0, NAMED], o=["session", 7, 1, 1], w=["", "", "", 0, "spring"])
    link = add_link(page)
    after(page, 60)
    assert not is_shown(page)

    for _ in range(2):
        link.click()
        expect(page.locator(MODAL)).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).to_be_focused()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [True, True]),
        ({"o": ["session", 7, 0, 1]}, [True, False]),
        ({"o": ["every", 7, 1, 1]}, [True, False]),
        ({"w": ["", "", "", 0, "spring"]}, [False, False]),
        ({"w": ["", "returning", "", 0, ""]}, [False, False]),
    ],
)
def test_a_click_on_what_the_editor_named_opens_it_as_the_rules_say(tag_page, rule, expected):
    page = tag_page(t=["click", 0, NAMED], **rule)
    found = []
    for _ in expected:
        page.locator(NAMED).click()
        found.append(is_shown(page))
        if found[-1]:
            close(page)
    assert found == expected


def test_while_another_is_open_a_link_leads_to_its_page_and_a_named_element_does_what_it_always_does(tag_page):
    page = tag_page(k="bottom", others=[{"t": ["click", 0, "#main"]}])
    after(page, 3)
    page.locator("#main h1").click()
    expect(page.locator(MODAL)).to_have_count(1)

    add_link(page).click()

    page.wait_for_url("**/offers/winter-table/")


def test_while_the_consent_banner_is_open_no_click_opens_one(tag_page):
    page = tag_page(t=["click", 0, NAMED], consent=False)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<section data-consent>May we?</section>')")
    page.locator(NAMED).click()
    assert not is_shown(page)

    add_link(page).click()

    page.wait_for_url("**/offers/winter-table/")


def costing(amount: str) -> dict[str, object]:
    """What the shop says of a basket with one book of that price."""
    return {"count": 1, "name": "", "total": {"amount": amount, "currency": "GBP"}}


# --- To whom ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "summary", "query", "expected"),
    [
        (["guest", "", "", 0, ""], {"count": 0, "name": ""}, "", True),
        (["guest", "", "", 0, ""], {"count": 0, "name": "Ada"}, "", False),
        (["member", "", "", 0, ""], {"count": 0, "name": "Ada"}, "", True),
        (["", "", "empty", 0, ""], {"count": 0, "name": ""}, "", True),
        (["", "", "empty", 0, ""], {"count": 1, "name": ""}, "", False),
        (["", "", "over", 20, ""], costing("20.00"), "", True),
        (["", "", "over", 20, ""], costing("19.99"), "", False),
        (["", "", "", 0, "spring"], None, "?utm_campaign=spring", True),
        (["", "", "", 0, "spring"], None, "", False),
        (["", "first", "", 0, ""], None, "", True),
        (["", "returning", "", 0, ""], None, "", False),
    ],
)  # fmt: skip
def test_only_those_whom_the_rules_name_see_it(tag_page, who, summary, query, expected):
    page = tag_page(w=who, summary=summary, query=query)
    page.wait_for_timeout(200)

    after(page, 10)

    assert is_shown(page) == expected


def test_a_visit_is_one_in_all_tabs_and_over_half_an_hour_after_its_last_page(tag_page):
    page = tag_page(w=["", "returning", "", 0, ""], granted="statistics")
    for minutes, expected in ((0, False), (29, False), (29, False), (31, True)):
        page.clock.fast_forward(minutes * 60 * 1000)
        page.evaluate("sessionStorage.clear()")  # as in another tab
        page.reload()
        after(page, 5)
        assert is_shown(page) == expected, minutes


# --- How often --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("often", "seen"),
    [
        (["every", 7, 0, 1], [True, True, True, True]),
        (["session", 7, 0, 1], [True, False, True, True]),
        (["days", 7, 0, 1], [True, False, False, True]),
        (["every", 7, 2, 1], [True, True, False, False]),
    ],
)
def test_it_comes_as_often_as_its_rules_say(tag_page, often, seen):
    """Twice in one visit, the second time in another tab; then a day later, then a week later."""
    page = tag_page(o=often)
    found = []
    for step in range(4):
        if step:
            page.evaluate("sessionStorage.clear()")
            if step == 2:
                page.clock.fast_forward(24 * 3600 * 1000)
            if step == 3:
                page.clock.fast_forward(7 * 24 * 3600 * 1000)
            page.reload()
        after(page, 5)
        found.append(is_shown(page))
        if found[-1]:
            close(page)
    assert found == seen


def test_after_the_call_to_action_it_never_comes_again(tag_page):
    page = tag_page()
    after(page, 3)
    page.locator(MODAL).get_by_role("link", name="See the winter table").click()
    page.wait_for_url("**/tags/big-winter-reads/")

    page.goto(ADDRESS)
    after(page, 30)

    assert not is_shown(page)


def test_one_at_a_time_by_priority_with_a_rest_between(tag_page):
    page = tag_page(p=10, others=[{"p": 90}], settings={"c": 60})

    after(page, 3)
    expect(page.locator(MODAL)).to_have_count(1)
    expect(page.locator(MODAL)).to_contain_text("Number 1")
    close(page)
    after(page, 55)
    assert not is_shown(page)
    after(page, 10)
    expect(page.locator(MODAL)).to_contain_text("Something enormous")


def test_it_waits_while_the_consent_banner_is_open(tag_page):
    page = tag_page(consent=False)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<section id=asking data-consent>May we?</section>')")
    after(page, 60)
    assert not is_shown(page)

    page.evaluate("document.querySelectorAll('[data-consent]').forEach(banner => banner.hidden = true)")
    after(page, 2)
    assert is_shown(page)


# --- How it behaves ---------------------------------------------------------------------------


def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(tag_page):
    page = tag_page()
    page.locator("#site-search").focus()
    page.keyboard.press("Shift+Tab")
    page.evaluate("window.before = document.activeElement")
    after(page, 3)
    dialog = page.get_by_role("dialog", name="Something enormous for the dark evenings?")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
    assert page.evaluate("document.querySelector('dialog[data-modal]').matches(':modal')")

    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    assert page.evaluate("document.activeElement === window.before")


@pytest.mark.parametrize("kind", ["corner", "top", "bottom"])
def test_a_bar_leaves_the_focus_where_it_is_and_closes_by_keyboard(tag_page, kind):
    page = tag_page(k=kind)
    page.locator("#main a").first.focus()
    page.evaluate("window.before = document.activeElement")
    after(page, 3)
    expect(page.get_by_role("dialog", name="Something enormous")).to_be_visible()
    assert page.evaluate("document.activeElement === window.before")
    expect(page.locator(f"{MODAL} [role=status]")).to_have_text("Something enormous for the dark evenings?")

    page.get_by_role("button", name="Close").last.focus()
    page.keyboard.press("Escape")

    expect(page.locator(MODAL)).to_have_count(0)
    assert page.evaluate("document.activeElement === window.before")


@pytest.mark.parametrize("kind", ["centre", "corner", "top", "bottom"])
@pytest.mark.parametrize("viewport", [NARROW, {"width": 320, "height": 256}, DESK], ids=["320", "400%", "1280"])
def test_every_kind_fits_has_no_fault_and_moves_nothing(tag_page, kind, viewport):
    page = tag_page(k=kind, viewport=viewport)
    page.evaluate(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
        " window.shift += entry.value; }).observe({type: 'layout-shift'});"
    )
    after(page, 3)
    page.wait_for_timeout(400)

    box = page.locator(MODAL).bounding_box()
    button = page.locator(MODAL).get_by_role("button", name="Close")
    button.scroll_into_view_if_needed()
    size = button.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= viewport["height"]
    assert min(size["width"], size["height"]) >= 24
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("window.shift") < 0.005
    faults = Axe().run(page, context=MODAL, options={**WCAG, "preload": False}).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == []


def test_who_wants_no_motion_gets_none(tag_page):
    page = tag_page()
    page.emulate_media(reduced_motion="reduce")
    after(page, 3)
    assert page.locator(MODAL).evaluate("dialog => getComputedStyle(dialog).animationName") == "none"


def test_without_scripts_the_content_is_a_link_away(visit):
    page = visit(javascript=False)
    page.goto(ADDRESS)
    page.get_by_role("link", name="Something enormous for the dark evenings?").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Something enormous for the dark evenings?")
    expect(page.get_by_role("link", name="See the winter table")).to_be_visible()


def test_only_pages_with_a_candidate_load_a_script_and_a_small_one(visit):
    page = visit()
    loaded = {}
    page.on("response", lambda response: loaded.update({response.url: response}) if "/modals" in response.url else None)
    for address in ("/", "/books/frankenstein/", "/basket/", "/tags/big-winter-reads/", "/no-such-page/"):
        page.goto(address)
    assert loaded == {}

    page.goto(ADDRESS, wait_until="networkidle")

    assert loaded
    assert sum(len(brotli.compress(response.body())) for response in loaded.values()) < 6_000, "as browsers get it"


# --- What it remembers and counts -------------------------------------------------------------


def followed(page: Page) -> list | None:
    """What the browser keeps for an order that may follow."""
    found = page.evaluate("localStorage.getItem('booktime.orders')")
    return json.loads(found)["met"] if found else None


def grant(page: Page, purposes: str) -> None:
    """What consent.js says when a choice was made."""
    page.evaluate(
        "purposes => { document.documentElement.dataset.consentGranted = purposes;"
        " document.dispatchEvent(new CustomEvent('consent:changed')) }",
        purposes,
    )


def counted(page: Page) -> list[list[object]]:
    batches = []
    page.on(
        "request", lambda request: batches.append(request.post_data_json) if "/offers/count/" in request.url else None
    )
    page.batches = batches
    return batches


def test_the_same_browser_is_given_the_same_version_and_shares_are_kept(tag_page):
    page = tag_page(v=[["A", 1], ["B", 3]], h=10, t=["click", 0, ""])

    shares = page.evaluate(
        """async () => {
            const main = document.querySelector('script[src*="js/modals."]').src;
            const text = await (await fetch(main)).text();
            const { version } = await import(new URL(text.match(/"([^"]*when[^"]*)"/)[1], main));
            const modal = { i: 7, h: 10, v: [["A", 1], ["B", 3]] };
            const found = { A: 0, B: 0, '-': 0 };
            for (let chance = 0; chance < 10000; chance++) found[version(modal, { chance })] += 1;
            const again = [1, 2, 3].map(() => version(modal, { chance: 4321 }));
            return { ...found, again: new Set(again).size };
        }"""
    )

    assert shares["again"] == 1
    assert abs(shares["-"] - 1000) < 120
    assert abs(shares["A"] - 2250) < 150
    assert abs(shares["B"] - 6750) < 200


def kept(page: Page) -> dict[str, set[str]]:
    """What stands in the browser's storage, and what each key holds."""
    return {
        f"{kind} {key}": set(json.loads(value))
        for kind in ("local", "session")
        for key, value in page.evaluate(f"Object.entries({{...{kind}Storage}})")
    }


def test_without_consent_nothing_is_stored_until_a_modal_is_closed_and_no_number_stays(tag_page):
    page = tag_page(v=[["A", 1], ["B", 1]])
    after(page, 3)
    assert is_shown(page)
    assert kept(page) == {}

    close(page)

    found = kept(page)
    assert found["local booktime.modals"] == {"modals", "closed", "by", "acted", "until"}
    assert set(found) == {"local booktime.modals", "session booktime.visits"}
    assert page.evaluate("document.cookie") == ""


def test_with_consent_to_statistics_the_visit_and_the_split_are_remembered_until_it_is_withdrawn(tag_page):
    page = tag_page(v=[["A", 1], ["B", 1]], granted="statistics")
    after(page, 3)

    found = kept(page)
    assert {"visits", "began", "counted", "chance", "at"} <= found["local booktime.visits"]
    assert not [key for key in found if key.startswith("session")]


def test_what_is_remembered_of_modals_ends(tag_page):
    page = tag_page(o=["every", 7, 1, 1])
    after(page, 3)
    close(page)
    page.clock.fast_forward(184 * 24 * 3600 * 1000)
    page.reload()
    after(page, 3)

    assert is_shown(page)


def test_what_happened_is_sent_in_one_batch_and_a_visit_is_followed_only_with_consent(tag_page):
    page = tag_page(viewport=DESK, t=["delay", 2, ""])
    page.context.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => false })")
    page.reload()
    batches = counted(page)
    after(page, 3)
    page.wait_for_timeout(300)
    after(page, 2)
    close(page)
    after(page, 6)
    page.wait_for_timeout(200)

    [batch] = batches
    assert [event[1:] for event in batch["e"]] == [["A", "eligible"], ["A", "shown"], ["A", "seen"], ["A", "dismissed"]]
    assert followed(page) is None

    grant(page, "statistics")
    [[modal, version, _moment]] = followed(page)
    assert [modal, version] == batch["e"][0][:2]


def test_figures_are_of_visits(tag_page):
    """What happens again in the same visit, on another page view say, is no second visit."""
    page = tag_page()
    page.context.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => false })")
    batches = counted(page)
    for minutes in (0, 0, 31):
        page.clock.fast_forward(minutes * 60 * 1000)
        page.reload()
        after(page, 3)
        page.wait_for_timeout(300)
        after(page, 2)
        close(page)
        after(page, 6)
    page.wait_for_timeout(200)

    events = [event[2] for batch in batches for event in batch["e"]]
    assert events == ["eligible", "shown", "seen", "dismissed"] * 2


def test_a_preview_is_open_at_once_whatever_the_rules_say_and_leaves_nothing_behind(tag_page):
    page = tag_page(h=100, w=["", "returning", "", 0, ""], settings={"preview": 1})

    expect(page.locator(MODAL)).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_who_is_held_out_is_shown_it_only_when_asking_by_a_link_and_nothing_of_that_is_counted(tag_page):
    page = tag_page(t=["click", 0, NAMED], h=100)
    page.context.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => false })")
    page.reload()
    batches = counted(page)

    page.locator(NAMED).click()
    assert not is_shown(page)
    add_link(page).click()
    expect(page.locator(MODAL)).to_be_visible()
    after(page, 2)
    close(page)
    after(page, 6)
    page.wait_for_timeout(200)

    assert [event[1:] for batch in batches for event in batch["e"]] == [["-", "eligible"]]


# --- An order in the same visit ---------------------------------------------------------------

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
BOOK = "/books/frankenstein/"
SETUP = """
from catalog.models import ProductPage
from home.models import ConsentSettings, ModalTarget, PageModal
from wagtail.models import Site
modal = PageModal(name="Story", slug="story", title="A word on ghosts", trigger_value=1, frequency="every")
modal.targets = [ModalTarget(page=ProductPage.objects.get(slug="frankenstein"))]
modal.live = False
modal.full_clean()
modal.save()
modal.save_revision().publish()
settings = ConsentSettings.for_site(Site.objects.get())
settings.own_statistics = True
settings.save()
"""
TEARDOWN = """
from home.models import ConsentSettings, PageModal
PageModal.objects.get(slug="story").delete()
settings = ConsentSettings.objects.get()
settings.own_statistics = False
settings.save()
"""


@pytest.fixture
def shopper(visit, shop_running: Shop):
    """Somebody who is taken for no machine, in a shop with a modal on a book and statistics of its own."""
    shop_running.manage("shell", "--no-imports", "-c", SETUP)
    page = visit(DESK, user_agent=BROWSER)
    page.context.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => false })")
    yield page
    shop_running.manage("shell", "--no-imports", "-c", TEARDOWN)


def order(page: Page, email: str, *, choice: str, minutes_ago: int = 0, tab: Page | None = None) -> None:
    """Answer the question, see the modal on the page of a book, and buy the book as a guest, perhaps in another tab."""
    page.goto(BOOK)
    page.locator("[data-consent]").get_by_role("button", name=choice).click()
    expect(page.locator(MODAL)).to_contain_text("A word on ghosts")
    with page.expect_response("**/offers/count/"):  # what is sent as a page is left has the name of a headless browser
        close(page)
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "minutes => { for (const key of ['booktime.modals', 'booktime.visits']) if (localStorage[key]) {"
        " const kept = JSON.parse(localStorage[key]); kept.at -= minutes * 60000; kept.acted -= minutes * 60000;"
        " localStorage[key] = JSON.stringify(kept) } }",
        minutes_ago,
    )
    page = tab or page
    page.goto("/checkout/")
    fill_address(page, email)
    place_order(page)
    page.wait_for_load_state("networkidle")


def figures(office: Page) -> tuple[list[str], list[dict[str, str]]]:
    """What the marketer reads: the line of the report, and the lines of the export."""
    office.goto("/admin/")
    sign_in(office, "marketer@booktime.example")
    office.goto("/admin/snippets/home/pagemodal/")
    office.get_by_role("row").filter(has_text="Story").get_by_role("link", name=re.compile(r"^\d+$")).click()
    cells = office.get_by_role("row").filter(has=office.get_by_role("rowheader", name="Version A")).get_by_role("cell")
    expect(cells).to_have_count(8)
    shown = cells.all_inner_texts()
    with office.expect_download() as download:
        office.get_by_role("link", name="Download CSV").click()
    return shown, list(csv.DictReader(io.StringIO(download.value.path().read_text())))


def ordered(lines: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """The lines of the export that have an order."""
    names = ("Day", "Version", "Page", "Orders in the visit")
    return [tuple(line[name] for name in names) for line in lines if line["Orders in the visit"] != "0"]


def test_an_order_after_a_modal_is_counted_once_however_often_its_page_is_seen(shopper, visit):
    page = shopper

    order(page, "followed@reader.example", choice="Accept all")
    done = page.url
    page.reload(wait_until="networkidle")
    page.goto(BOOK, wait_until="networkidle")
    page.go_back(wait_until="networkidle")
    page.goto(done, wait_until="networkidle")

    report, lines = figures(visit(DESK))
    today = str(dt.datetime.now(ZoneInfo("Europe/London")).date())
    assert ordered(lines) == [(today, "A", "", "1")]
    assert report[5] == "1"
    assert followed(page) == []


def test_an_order_in_another_tab_of_the_visit_is_counted(shopper, visit):
    page = shopper
    tab = page.context.new_page()

    order(page, "tabs@reader.example", choice="Accept all", tab=tab)

    assert followed(page) == []
    _report, lines = figures(visit(DESK))
    assert [line[3] for line in ordered(lines)] == ["1"]


def test_an_order_after_the_visit_is_not_counted_and_the_next_visit_forgets_it(shopper, visit):
    page = shopper

    order(page, "later@reader.example", choice="Accept all", minutes_ago=31)
    kept = followed(page)
    page.goto(BOOK)
    expect(page.locator(MODAL)).to_be_visible()

    assert len(kept) == 1
    assert [moment > kept[0][2] for _modal, _version, moment in followed(page)] == [True]
    _report, lines = figures(visit(DESK))
    assert ordered(lines) == []


def test_an_order_before_a_modal_is_not_its_own(shopper, visit):
    page = shopper
    order(page, "before@reader.example", choice="Accept all")
    done = page.url

    page.goto(BOOK)
    page.evaluate("sessionStorage.clear(); localStorage.clear()")  # as if the modal were another one
    page.reload()
    expect(page.locator(MODAL)).to_be_visible()
    page.goto(done, wait_until="networkidle")

    assert len(followed(page)) == 1
    _report, lines = figures(visit(DESK))
    assert [line[3] for line in ordered(lines)] == ["1"]


def test_without_consent_no_order_is_followed(shopper, visit):
    page = shopper

    order(page, "private@reader.example", choice="Refuse all")

    assert followed(page) is None
    report, lines = figures(visit(DESK))
    assert report[1] == "1"
    assert report[5] == "0"
    assert ordered(lines) == []
