"""Nothing of another company before a visitor agrees, nothing after they refuse or change their mind.

The shop has integrations for these stories: other companies answer inside the browser (no network), and every
request, cookie and storage key is written down on every kind of page.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Error, Page, Request, Route, expect

from tests.e2e.conftest import DESK, PHONE, Shop
from tests.e2e.test_buying import fill_address, sign_in
from tests.e2e.test_pages import WCAG

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
    "/search/?q=sea",
    "/about-us/",
    "/fr/books/",
    "/contact-us/",
    "/offers/winter-table/",
    "/cookies/",
    "/basket/",
    "/gift-cards/",
    "/gift-cards/balance/",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/books/a-lost-book/",
    "/no-such-page/",
]
FEW = ["/", "/books/frankenstein/", "/about-us/", "/basket/", "/fr/books/frankenstein/"]
ACCOUNT = ["/account/", "/account/addresses/", "/account/orders/", "/account/email/", "/account/password/change/"]
STATUS = {"/books/a-lost-book/": 410, "/no-such-page/": 404}
CLOSED = [
    "/basket/",
    "/gift-cards/",
    "/gift-cards/balance/",
    "/fr/basket/",
    "/withdraw/",
    "/back-in-stock/noted/",
    "/account/login/",
    "/account/signup/",
    "/checkout/",
    "/no-such-page/",
    "/admin/login/",
]
TABS = 6
EXEMPT = {f"cookie {name}" for name in ("basket", "sessionid", "messages", "consent")}
EXEMPT |= {"local booktime.modals", "session booktime.visits"}  # only after a promotion was closed: test_modals

SETUP = r"""
from catalog.models import CatalogPage, ProductPage
from home.models import StandardPage, ThirdPartyIntegration as T
def add(stored=(), **fields):
    one = T(**{"purpose": "For the story.", "is_active": True, **fields})
    for kind, name in stored:
        one.stored.create(kind=kind, name=name, lifetime="1 year")
    one.full_clean()
    one.save()
    return one
add(name="Stats", category="statistics", position="head-end", provider="Stats Ltd", sort_order=2,
    hosts="api.stats.example.net connect\nstats.example.net script",
    stored=[("cookie", "_st*"), ("local", "st_*"), ("session", "st_session"), ("database", "st_db")],
    code='''<script>window.ran=window.ran||[];ran.push("inline 1")</script>
<script defer src="https://stats.example.net/defer.js"></script>
<script src="https://stats.example.net/slow.js"></script>
<div><script>ran.push("inline 2")</script></div>
<script async src="https://stats.example.net/async.js"></script>
<script>
ran.push("inline 3");
document.cookie="_st=1; path=/; max-age=9999"; document.cookie="_st_2=1; path=/";
localStorage.setItem("st_1","1"); sessionStorage.setItem("st_session","1"); indexedDB.open("st_db");
fetch("https://api.stats.example.net/hit",{mode:"no-cors"});
</script>
<p data-stats-badge style="color: rgb(1, 2, 3)">Counted</p>''')
add(name="Analytics", kind="ga4", identifier="G-AB12CD34EF", category="statistics", sort_order=1)
add(name="Pixel", category="marketing", position="body-end", provider="Pixel Ltd", sort_order=3,
    stored=[("cookie", "_px")],
    code='''<img src="https://px.example.org/p.gif" alt=""><script>document.cookie="_px=1; path=/"</script>''')
add(name="YouTube", kind="youtube", category="embedded", position="in-place", sort_order=4)
CatalogPage.objects.get().add_child(instance=ProductPage(title="A lost book", slug="a-lost-book")).delete()
page = StandardPage.objects.get(slug="about-us")
page.body.append(("embed", {"url": "https://youtu.be/dQw4w9WgXcQ", "title": "A reading"}))
page.save_revision().publish()
"""
TEARDOWN = r"""
from home.models import StandardPage, ThirdPartyIntegration
for one in ThirdPartyIntegration.objects.all():
    one.delete()
page = StandardPage.objects.get(slug="about-us")
for number, block in reversed(list(enumerate(page.body))):
    if block.block_type == "embed":
        del page.body[number]
page.save_revision().publish()
"""
LEAK = """
from home.models import ThirdPartyIntegration as T
one = T(name="Leak", purpose="Declared as necessary, which it is not.", category="necessary", is_active=True,
        code='<img src="https://leak.example.org/x.gif" alt="">'
             '<script>document.cookie="leak=1; path=/"; localStorage.setItem("leak", "1")</script>')
one.full_clean()
one.save()
"""
UNLEAK = """
from home.models import ThirdPartyIntegration as T
for one in T.objects.filter(name="Leak"): one.delete()
"""
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
STORED = """async () => [
  ...Object.keys(localStorage).map(key => 'local ' + key),
  ...Object.keys(sessionStorage).map(key => 'session ' + key),
  ...(await indexedDB.databases()).map(one => 'database ' + one.name),
  ...(await caches.keys()).map(key => 'cache ' + key),
  ...(await navigator.serviceWorker.getRegistrations()).map(one => 'worker ' + one.scope),
]"""


@pytest.fixture(scope="module")
def integrations(shop_running: Shop) -> Iterator[Shop]:
    """The shop with integrations of four companies, which are gone afterwards."""
    shop_running.manage("shell", "--no-imports", "-c", SETUP)
    yield shop_running
    shop_running.manage("shell", "--no-imports", "-c", TEARDOWN)


class Watch:
    """What a visitor's browser asks others for and keeps."""

    def __init__(self, page: Page, shop: Shop) -> None:
        self.page, self.context, self.host = page, page.context, urlsplit(shop.url).netloc
        self.asked: list[tuple[str, Page]] = []
        """The hosts of others that were asked for something, and by which tab."""
        self.context.on("request", self._note)
        self.context.route(lambda url: urlsplit(url).netloc != self.host, self._answer)

    def _note(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in {"http", "https", "ws", "wss"} and url.netloc != self.host:
            self.asked.append((url.netloc, request.frame.page))

    def _answer(self, route: Route) -> None:
        """Other companies, as far as these stories need them."""
        parts = urlsplit(route.request.url)
        name = parts.path.rpartition("/")[2]
        if name == "slow.js":
            time.sleep(0.3)
        if name.endswith(".js") or name == "js":
            said = "gtag" if name == "js" else name.removesuffix(".js")
            body = f"window.ran=window.ran||[];window.ran.push({json.dumps(said)});"
            with contextlib.suppress(Exception):  # the page was left meanwhile
                route.fulfill(content_type="text/javascript", body=body)
            return
        with contextlib.suppress(Exception):
            route.fulfill(content_type="text/html" if "embed" in parts.path else "image/gif", body="")

    def findings(self) -> list[str]:
        """Everything that is not exempt, since the last time."""
        found = self._found(self.page)
        self.asked.clear()
        return found

    def _found(self, tab: Page) -> list[str]:
        found = [f"request {host}" for host, by in self.asked if by == tab]
        found += [f"cookie {one['name']}" for one in self.context.cookies()]
        return sorted({*found, *tab.evaluate(STORED)} - EXEMPT)

    def sweep(self, pages: list[str]) -> dict[str, list[str]]:
        """What is found on each page, where anything is. Some tabs wait at once: waiting is most of it."""
        everything = {}
        tabs = [self.page, *(self.context.new_page() for _ in pages[1:TABS])]
        for start in range(0, len(pages), TABS):
            looked_at = list(zip(tabs, pages[start : start + TABS], strict=False))
            for tab, path in looked_at:
                assert tab.goto(path, wait_until="commit").status == STATUS.get(path, 200), path
            for tab, _path in looked_at:
                tab.wait_for_load_state("networkidle")
            everything |= {path: found for tab, path in looked_at if (found := self._found(tab))}
            self.asked.clear()
        for tab in tabs[1:]:
            tab.close()
        return everything


@pytest.fixture
def watched(visit, integrations):
    """`watched()` gives a fresh visitor and what watches them."""

    def fresh(viewport=DESK, **options) -> tuple[Page, Watch]:
        page = visit(viewport, **options)
        return page, Watch(page, integrations)

    return fresh


def banner(page: Page):
    """The question."""
    return page.locator("[data-consent]")


def press(page: Page, name: str) -> None:
    """Press a button of the question, or of the settings."""
    page.locator("[data-consent-root]").get_by_role("button", name=name, exact=True).click()


def ran(page: Page) -> list[str]:
    """What the scripts of others say they did, in their order."""
    return page.evaluate("window.ran || []")


def wait_for(page: Page, *names: str) -> None:
    """Until those scripts of others ran; without a name, until none has. (No eval: the content policy refuses it.)"""
    for _ in range(100):
        with contextlib.suppress(Error):  # the page is being loaded anew
            if set(names) <= set(ran(page)) if names else not ran(page):
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"{names} not among {ran(page)}")


def consent_cookie(context: BrowserContext) -> dict | None:
    """The cookie of the choice."""
    return next((one for one in context.cookies() if one["name"] == "consent"), None)


def test_before_a_choice_there_is_nothing_but_what_is_exempt(watched):
    page, watch = watched()

    assert watch.sweep(PAGES) == {}
    assert watch.context.cookies() == []


def test_the_watch_finds_an_integration_that_leaks(watched, integrations):
    """The control of all the others: something declared as necessary, which is not."""
    page, watch = watched()
    integrations.manage("shell", "--no-imports", "-c", LEAK)
    try:
        found = watch.sweep(PAGES)
    finally:
        integrations.manage("shell", "--no-imports", "-c", UNLEAK)

    assert found["/"] == ["cookie leak", "local leak", "request leak.example.org"]
    told = [path for path in PAGES if "request leak.example.org" in found[path]]
    assert told == [
        path for path in PAGES if path not in STATUS and not path.startswith(("/basket/", "/gift-cards/", "/account/"))
    ]


def test_after_refusal_there_is_nothing_but_what_is_exempt(watched):
    page, watch = watched()
    page.goto("/")

    press(page, "Refuse all")

    expect(banner(page)).to_be_hidden()
    assert watch.sweep(PAGES) == {}
    assert [one["name"] for one in watch.context.cookies()] == ["consent"]
    assert page.locator("html").get_attribute("data-consent-granted") is None
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-consent-granted", "")
    expect(banner(page)).to_be_hidden()


def test_closing_is_refusal_and_says_so(watched):
    page, watch = watched()
    page.goto("/")
    expect(banner(page)).to_contain_text("Closing this refuses everything.")

    press(page, "Close")

    expect(banner(page)).to_be_hidden()
    assert watch.sweep(PAGES[:4]) == {}
    assert consent_cookie(watch.context) is not None


def test_after_acceptance_scripts_run_in_their_order_and_once(watched):
    page, watch = watched()
    page.goto("/books/")

    press(page, "Accept all")
    wait_for(page, "defer")

    order = [one for one in ran(page) if one not in {"async", "gtag"}]
    assert order == ["inline 1", "slow", "inline 2", "inline 3", "defer"]
    wait_for(page, "async", "gtag")
    assert sorted(ran(page)) == sorted([*order, "async", "gtag"])
    assert page.locator("template[data-integration]").count() == 0
    assert page.locator("head [data-stats-badge]").evaluate("node => node.style.color") == "rgb(1, 2, 3)"
    assert page.locator("body > img[src='https://px.example.org/p.gif']").count() == 1
    assert page.locator("script[src$='defer.js']").evaluate("node => node.defer") is True
    expect(page.locator("html")).to_have_attribute("data-consent-granted", "statistics marketing embedded")
    found = watch.findings()
    assert [one for one in found if one.startswith("request")] == [
        "request api.stats.example.net",
        "request px.example.org",
        "request stats.example.net",
        "request www.googletagmanager.com",
    ]
    assert {"cookie _st", "cookie _st_2", "cookie _px", "local st_1", "session st_session", "database st_db"} <= set(
        found
    )
    page.goto("/tags/")
    wait_for(page, "defer")
    assert ran(page).count("inline 1") == 1


def test_what_the_shop_could_not_keep_allows_nothing_and_a_refusal_holds_all_the_same(watched):
    page, watch = watched()
    watch.context.route("**/consent/", lambda route: route.fulfill(status=429))
    page.goto("/", wait_until="networkidle")

    press(page, "Accept all")

    expect(banner(page)).to_contain_text("Your choice could not be kept")
    assert (watch.findings(), ran(page)) == ([], [])
    assert watch.sweep(PAGES[:4]) == {}
    expect(banner(page)).to_be_visible()
    press(page, "Refuse all")
    expect(banner(page)).to_be_hidden()
    page.goto("/books/", wait_until="networkidle")
    expect(banner(page)).to_be_hidden()


def test_who_answers_a_question_that_has_changed_is_asked_the_new_one(watched):
    page, watch = watched()
    page.goto("/", wait_until="networkidle")
    page.locator("[data-consent-root]").evaluate("root => { root.dataset.text = 'yesterday'; }")

    with page.expect_event("load"):
        press(page, "Accept all")
    page.wait_for_load_state("networkidle")

    expect(banner(page)).to_be_visible()
    assert (watch.findings(), ran(page)) == ([], [])
    press(page, "Accept all")
    wait_for(page, "defer")


def test_google_is_told_that_all_is_denied_before_its_tag_and_then_the_choice(watched):
    page, _watch = watched()
    page.goto("/")
    page.get_by_text("Choose one by one").click()
    banner(page).get_by_role("checkbox", name="Statistics").check()

    press(page, "Save choices")
    wait_for(page, "gtag")

    told = page.evaluate("window.dataLayer.map(entry => [...entry].map(one => one instanceof Date ? 'now' : one))")
    signals = ["ad_personalization", "ad_storage", "ad_user_data", "analytics_storage",
               "functionality_storage", "personalization_storage"]  # fmt: skip
    assert told[0] == ["consent", "default", dict.fromkeys(signals, "denied")]
    assert told[1] == ["consent", "update", {**dict.fromkeys(signals, "denied"), "analytics_storage": "granted"}]
    assert [entry[0] for entry in told[2:]] == ["js", "config"]


def test_withdrawal_takes_effect_at_once_and_leaves_nothing(watched):
    page, watch = watched()
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")
    assert watch.findings() != []

    page.get_by_role("link", name="Cookie settings").click()
    page.wait_for_url("**/cookies/")
    wait_for(page, "defer")
    expect(page.get_by_role("checkbox", name="Stats")).to_be_checked()
    with page.expect_event("load"):
        press(page, "Refuse all")
    page.wait_for_load_state("networkidle")
    watch.asked.clear()

    expect(page.get_by_role("checkbox", name="Stats")).not_to_be_checked()
    assert ran(page) == []
    assert watch.findings() == []
    assert watch.sweep(PAGES) == {}


def test_withdrawal_of_one_provider_leaves_the_others(watched):
    page, watch = watched()
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")
    page.goto("/cookies/", wait_until="networkidle")
    watch.asked.clear()

    page.get_by_role("checkbox", name="Stats").uncheck()
    with page.expect_event("load"):
        press(page, "Save choices")
    wait_for(page, "gtag")
    page.wait_for_load_state("networkidle")

    found = watch.findings()
    assert [one for one in found if "st" in one.split(" ")[1]] == []
    assert {"request www.googletagmanager.com", "request px.example.org", "cookie _px"} <= set(found)
    statistics = page.get_by_role("checkbox", name="Statistics")
    assert (statistics.is_checked(), statistics.evaluate("box => box.indeterminate")) == (False, True)


def test_what_a_provider_kept_is_removed_when_staff_switch_it_off(watched, integrations):
    page, watch = watched()
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")
    assert {"cookie _px", "cookie _st"} <= set(watch.findings())
    switch = (
        "from home.models import ThirdPartyIntegration as T\n"
        "one = T.objects.get(name='Pixel'); one.is_active = {}; one.save()"
    )
    integrations.manage("shell", "--no-imports", "-c", switch.format(False))
    try:
        page.goto("/books/", wait_until="networkidle")
        found = set(watch.findings())
        assert "cookie _px" not in found
        assert "cookie _st" in found, "what is on stays"
    finally:
        integrations.manage("shell", "--no-imports", "-c", switch.format(True))


def test_another_tab_follows_a_withdrawal(watched):
    page, watch = watched()
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")
    other = watch.context.new_page()
    other.goto("/cookies/", wait_until="networkidle")

    other.locator("[data-consent-root]").get_by_role("button", name="Refuse all").click()

    wait_for(page)
    expect(page.locator("html")).to_have_attribute("data-consent-granted", "")


def test_with_global_privacy_control_statistics_and_marketing_stay_away_whatever_is_pressed(watched):
    page, watch = watched()
    watch.context.set_extra_http_headers({"Sec-GPC": "1"})
    watch.context.add_init_script(GPC)
    assert watch.sweep(PAGES) == {}
    page.goto("/")
    expect(banner(page)).to_contain_text("Global Privacy Control: statistics and marketing are refused already")

    press(page, "Accept all")

    expect(banner(page)).to_be_hidden()
    # What they do not cover was accepted: the video of that page, and nothing else.
    assert watch.sweep(FEW) == {"/about-us/": ["request www.youtube-nocookie.com"]}
    expect(page.locator("html")).not_to_have_attribute("data-consent-granted", re.compile("statistics|marketing"))
    page.goto("/cookies/")
    expect(page.get_by_role("checkbox", name="Statistics")).to_be_disabled()
    expect(page.get_by_role("checkbox", name="YouTube")).to_be_checked()


def test_where_money_and_people_are_nothing_runs_even_after_acceptance(watched):
    page, watch = watched()
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")
    watch.asked.clear()

    for path in CLOSED:
        response = page.goto(path, wait_until="networkidle")

        assert watch.asked == []
        assert page.locator("template[data-integration]").count() == 0
        assert ran(page) == []
        assert "example" not in response.headers.get("content-security-policy", "")


def screens_of_an_order(page: Page) -> Iterator[str]:
    """Buy a book as a guest; the name of each screen when it is there."""
    page.goto("/books/frankenstein/", wait_until="networkidle")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.locator("[data-basket-count]").first).to_have_text(re.compile("1"))
    yield "book"
    page.goto("/basket/", wait_until="networkidle")
    yield "basket"
    page.goto("/checkout/", wait_until="networkidle")
    yield "address"
    fill_address(page, "consent@reader.example")
    page.wait_for_load_state("networkidle")
    yield "delivery"
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_load_state("networkidle")
    yield "review"
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    page.wait_for_load_state("networkidle")
    yield "thanks"
    page.get_by_role("link", name="View invoice").first.click()
    page.wait_for_load_state("networkidle")
    yield "invoice"


SCREENS = ["book", "basket", "address", "delivery", "review", "thanks", "invoice"]


@pytest.mark.parametrize("choice", [None, "Refuse all"])
def test_nobody_is_told_of_an_order(watched, choice):
    page, watch = watched()
    if choice:
        page.goto("/")
        press(page, choice)

    assert {screen: watch.findings() for screen in screens_of_an_order(page)} == {screen: [] for screen in SCREENS}


def test_nobody_is_told_of_an_order_even_after_acceptance(watched):
    page, watch = watched()
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")

    seen = {}
    for screen in screens_of_an_order(page):
        seen[screen] = (len(watch.asked), len(ran(page)), page.locator("template[data-integration]").count())
        watch.asked.clear()

    assert seen.pop("book") > (0, 0, 0)
    assert seen == dict.fromkeys(SCREENS[1:], (0, 0, 0))


@pytest.mark.parametrize("choice", [None, "Refuse all"])
def test_somebody_signed_in_is_not_told_of_either(watched, choice):
    page, watch = watched()
    page.goto("/account/login/")
    sign_in(page, "reader@booktime.example")
    page.goto("/")
    expect(page.locator("[data-account-label]")).not_to_have_text("Your account")
    if choice:
        press(page, choice)

    assert watch.sweep([*FEW, *ACCOUNT]) == {}


def test_the_account_carries_none_of_it_after_acceptance(watched):
    page, watch = watched()
    page.goto("/account/login/")
    sign_in(page, "reader@booktime.example")
    page.goto("/")
    press(page, "Accept all")
    wait_for(page, "defer")
    page.wait_for_load_state("networkidle")
    watch.asked.clear()

    for path in ACCOUNT:
        page.goto(path, wait_until="networkidle")
        assert (watch.asked, ran(page), page.locator("template[data-integration]").count()) == ([], [], 0)


@pytest.mark.parametrize(
    "value",
    ['{"all":true}', "garbage", '{"f":1,"v":0,"p":["KEY"],"k":["KEY"]}', '{"f":1,"v":1,"p":"KEY","k":["KEY"]}',
     '{"f":1,"v":1,"p":["KEY"],"k":[]}', "%", "null"],
)  # fmt: skip
def test_garbage_and_answers_to_an_old_version_are_no_consent(watched, integrations, value):
    page, watch = watched()
    page.goto("/")
    key = page.locator("template[data-name='Stats']").get_attribute("data-integration")
    written = value if value == "%" else quote(value.replace("KEY", key))
    watch.context.add_cookies([{"name": "consent", "value": written, "url": integrations.url}])

    assert watch.sweep(["/", "/books/frankenstein/"]) == {}
    expect(banner(page)).to_be_visible()


def test_a_new_provider_is_asked_for_and_the_old_answers_hold(watched, integrations):
    page, watch = watched()
    page.goto("/")
    page.get_by_text("Choose one by one").click()
    banner(page).get_by_role("checkbox", name="Stats").check()
    press(page, "Save choices")
    expect(banner(page)).to_be_hidden()
    new = (
        "from home.models import ThirdPartyIntegration as T\n"
        "T(name='New', purpose='New.', category='support', code='<p>new</p>', is_active=True).save()"
    )
    integrations.manage("shell", "--no-imports", "-c", new)
    try:
        page.goto("/", wait_until="networkidle")

        expect(banner(page)).to_be_visible()
        page.get_by_text("Choose one by one").click()
        ticked = {box: banner(page).get_by_role("checkbox", name=box).is_checked() for box in ("Stats", "Pixel", "New")}
        assert ticked == {"Stats": True, "Pixel": False, "New": False}
        wait_for(page, "defer")
        assert page.get_by_text("new", exact=True).count() == 0
    finally:
        gone = (
            "from home.models import ThirdPartyIntegration as T; [one.delete() for one in T.objects.filter(name='New')]"
        )
        integrations.manage("shell", "--no-imports", "-c", gone)


def test_a_video_loads_once_or_always_and_not_before(watched):
    page, watch = watched()
    page.goto("/about-us/", wait_until="networkidle")
    assert watch.findings() == []

    page.get_by_role("button", name=re.compile("Load once.*A reading")).click()
    expect(page.locator("iframe[title='A reading']")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert watch.findings() == ["request www.youtube-nocookie.com"]
    assert consent_cookie(watch.context) is None
    page.goto("/about-us/", wait_until="networkidle")
    assert watch.findings() == []

    page.get_by_role("button", name="Always load YouTube").click()
    expect(page.locator("iframe[title='A reading']")).to_be_visible()
    page.goto("/about-us/")
    expect(page.locator("iframe[title='A reading']")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-consent-granted", "embedded")
    expect(banner(page)).to_be_visible()  # the rest of the question is still open


def test_without_javascript_nothing_loads_and_the_settings_page_explains(watched):
    page, watch = watched(javascript=False)

    for path in ("/", "/books/frankenstein/", "/about-us/", "/cookies/"):
        page.goto(path, wait_until="networkidle")
        assert (watch.asked, watch.context.cookies()) == ([], [])
        expect(banner(page)).to_be_hidden()
    expect(page.get_by_text("Without JavaScript nothing of another company is loaded")).to_be_visible()
    page.goto("/about-us/")
    expect(page.get_by_role("link", name="Open at YouTube")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Load once"))).to_be_hidden()


def test_refusing_is_as_easy_as_accepting(watched):
    page, _watch = watched(PHONE)
    page.goto("/")

    looks = {}
    for name in ("Accept all", "Refuse all"):
        button = banner(page).get_by_role("button", name=name)
        expect(button).to_be_in_viewport()
        box = button.bounding_box()
        style = button.evaluate(
            "node => ((css) => [css.color, css.backgroundColor, css.fontSize, css.fontWeight])(getComputedStyle(node))"
        )
        looks[name] = (round(box["width"]), round(box["height"]), *style)

    assert looks["Accept all"] == looks["Refuse all"]
    assert banner(page).get_by_role("checkbox").count() == 0  # folded away
    page.get_by_text("Choose one by one").click()
    boxes = banner(page).get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [False] * 7
    # No wall: the page behind can be used.
    page.get_by_role("link", name="Basket").first.click()
    page.wait_for_url("**/basket/")


def test_the_keyboard_answers_and_the_focus_is_not_lost(watched):
    page, _watch = watched()
    page.goto("/")
    expect(banner(page)).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_accessible_name("Close")
    for _ in range(6):
        if page.locator(":focus").inner_text() == "Refuse all":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(banner(page)).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 640}, PHONE, DESK], ids=["320", "390", "1280"])
@pytest.mark.parametrize("path", ["/", "/cookies/", "/about-us/"])
def test_the_question_fits_its_screen_and_has_no_accessibility_fault(watched, viewport, path):
    page, _watch = watched(viewport)
    page.goto(path, wait_until="networkidle")
    if path != "/cookies/":
        page.get_by_text("Choose one by one").click()

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    faults = Axe().run(page, options=WCAG).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == []
    small = page.evaluate(
        "[...document.querySelectorAll('[data-consent-root] button, [data-consent-root] summary, [data-gated] button')]"
        ".filter(node => node.offsetParent && node.getBoundingClientRect().height < 24).map(node => node.outerHTML)"
    )
    assert small == []


def test_the_question_moves_nothing_of_the_page(watched):
    page, _watch = watched(PHONE)
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
        " if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )

    page.goto("/books/frankenstein/", wait_until="networkidle")

    expect(banner(page)).to_be_visible()
    assert page.evaluate("window.shift") < 0.02


def test_the_choice_is_kept_six_months_and_its_proof_says_nothing_about_who(watched, integrations):
    page, watch = watched()
    page.goto("/books/")
    with page.expect_response("**/consent/") as answered:
        press(page, "Refuse all")

    assert answered.value.status == 204
    page.wait_for_timeout(100)
    cookie = consent_cookie(watch.context)
    days = (cookie["expires"] - page.evaluate("Date.now()") / 1000) / 86400
    assert (182 < days <= 183, cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    ask = (
        "from home.models import ConsentRecord as R; r = R.objects.first();"
        "print(r.act, r.categories, r.path, r.language, r.text.version)"
    )
    assert integrations.manage("shell", "--no-imports", "-c", ask).split("\n")[0] == "refuse [] /books/ en-gb 1"


def test_no_header_of_a_visitor_s_own_makes_them_somebody_else(integrations):
    """As `make run` serves it: the server in front of the shop must not believe the header either."""
    statuses = []
    for number in range(40):
        request = urllib.request.Request(f"{integrations.url}/csp-report/", data=b"{}", method="POST")
        request.add_header("X-Forwarded-For", f"198.51.100.{number}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                statuses.append(answer.status)
        except urllib.error.HTTPError as refusal:
            statuses.append(refusal.code)

    assert statuses[-1] == 429
