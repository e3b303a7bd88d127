"""What pages carry of other companies, and what their content policy lets in."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
import json
import re

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from core import content_policy
from home.consent import gates
from home.consent.code import sources_of, without_style_attributes
from home.consent.embeds import Embed, embed_of
from home.models import ConsentSettings, StandardPage, ThirdPartyIntegration
from home.models.consent import IntegrationStorage
from home.tests.factories import contact_page, standard_page

STRICT = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'; report-uri /csp-report/"
)
CODE = '<script src="https://cdn.pixel.example/p.js"></script><script>px("init")</script>'
HOSTILE = (
    "<script>document.write('</template><img src=x>')</script>",
    "</template><script>alert(1)</script>",
    "<script>alert(1)",
    "<script>a</script></script>",
    '<img src="https://a.example/x.gif" onerror="alert(1)">',
    '<script src="http://a.example/x.js"></script>',
    '<script src="//a.example/x.js"></script>',
    '<script src="javascript:alert(1)"></script>',
    '<script src="https://a.example; script-src *"></script>',
    '<iframe src="data:text/html,x"></iframe>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<object data="https://a.example/x"></object>',
    "only words",
    "<script>\x00</script>",
)


def integration(**fields) -> ThirdPartyIntegration:
    """A checked and saved integration; a pixel with code of its own unless told otherwise."""
    made = ThirdPartyIntegration(
        **{
            "name": "Pixel",
            "purpose": "Advertises.",
            "category": "marketing",
            "code": "" if fields.get("kind") else CODE,
            "is_active": True,
            **fields,
        }
    )
    made.full_clean()
    made.save()
    return made


def templates(content: str) -> dict[str, str]:
    """Name and code of what a page carries inert."""
    found = re.findall(r'<template data-integration="[^"]+" data-name="([^"]+)"[^>]*>(.*?)</template>', content, re.S)
    return {name: html.unescape(code) for name, code in found}


def hash_of(script: str) -> str:
    """What a browser compares with the policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@pytest.fixture
def pages(shop):
    """Some pages to look at."""
    standard_page(shop)
    contact_page(shop)
    return shop


def test_a_shop_that_needs_no_consent_asks_nothing_and_lets_nobody_in(client, pages):
    for path in ("/", "/books/", "/about-us/", "/contact-us/", "/cookies/"):
        response = client.get(path)
        content = response.content.decode()

        assert response["Content-Security-Policy"] == STRICT
        assert [word in content for word in ("data-consent-root", "data-integration", "consent.js")] == [False] * 3
        assert '<a class="site-footer__link" href="/cookies/">Cookie settings</a>' in content


def test_an_integration_is_there_as_inert_text_and_the_policy_knows_its_hosts_and_hashes(client, pages):
    integration(hosts="api.pixel.example connect\nimg.pixel.example img")

    response = client.get("/about-us/")

    content = response.content.decode()
    assert templates(content) == {"Pixel": CODE}
    assert "<script>px" not in content
    assert 'src="https://cdn.pixel.example' not in content
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["script-src"].split() == ["'self'", hash_of('px("init")'), "https://cdn.pixel.example"]
    assert policy["connect-src"] == "'self' https://api.pixel.example"
    assert policy["img-src"] == "'self' data: https://img.pixel.example"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "nonce" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/basket/", "/checkout/", "/account/login/", "/account/signup/", "/orders/none/invoice/", "/no-such-page/",
     "/gift-cards/", "/gift-cards/balance/", "/withdraw/", "/admin/login/", "/fr/basket/"],
)  # fmt: skip
def test_where_money_and_people_are_there_is_none_of_it(client, pages, path):
    integration()
    integration(name="Needed", category="necessary")

    response = client.get(path)

    content = response.content.decode()
    assert [word in content for word in ("data-integration", "pixel.example", "data-consent-root")] == [False] * 3
    assert response.get("Content-Security-Policy", STRICT) == STRICT


def test_the_policy_of_one_page_says_nothing_about_the_next(client, pages):
    integration()

    answers = [client.get(path)["Content-Security-Policy"] == STRICT for path in ("/", "/basket/", "/", "/basket/")]

    assert answers == [False, True, False, True]


def test_a_stored_page_keeps_its_policy_and_both_change_with_the_integration(
    client, pages, settings, django_capture_on_commit_callbacks
):
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]

    def seen() -> list[tuple[bool, bool]]:
        answers = [client.get("/about-us/") for _ in range(3)]
        assert answers[1]["ETag"] == answers[2]["ETag"]
        return [
            ("Pixel" in templates(one.content.decode()), one["Content-Security-Policy"] != STRICT) for one in answers
        ]

    assert seen() == [(False, False)] * 3
    with django_capture_on_commit_callbacks(execute=True):
        made = integration()
    assert seen() == [(True, True)] * 3
    assert client.get("/about-us/", HTTP_IF_NONE_MATCH=client.get("/about-us/")["ETag"]).status_code == 304
    with django_capture_on_commit_callbacks(execute=True):
        made.delete()
    assert seen() == [(False, False)] * 3


@pytest.mark.parametrize("path", ["/", "/books/", "/about-us/"])
def test_pages_are_the_same_whatever_the_visitor_chose(client, pages, path):
    integration()
    first = client.get(path).content
    client.cookies["consent"] = "anything"

    assert client.get(path, HTTP_SEC_GPC="1").content == first
    assert "Cookie" not in client.get(path).get("Vary", "")


def test_integrations_come_in_their_order(client, pages):
    integration(name="Second", sort_order=2)
    integration(name="First", sort_order=1)

    assert list(templates(client.get("/").content.decode())) == ["First", "Second"]


def test_start_and_end_hold_to_the_second_without_a_job(client, pages):
    now = dt.datetime(2026, 10, 25, 0, 59, 59, tzinfo=dt.UTC)  # the last second of summer time in London
    integration(starts_at=now + dt.timedelta(seconds=1), ends_at=now + dt.timedelta(hours=1))

    seen = []
    for moment in (now, now + dt.timedelta(seconds=1), now + dt.timedelta(seconds=3599), now + dt.timedelta(hours=1)):
        with time_machine.travel(moment, tick=False):
            seen.append("Pixel" in templates(client.get("/").content.decode()))

    assert seen == [False, True, True, False]


def test_no_page_is_kept_beyond_the_next_start_or_end(db):
    now = timezone.now()
    integration(starts_at=now - dt.timedelta(days=1), ends_at=now + dt.timedelta(hours=2))
    integration(starts_at=now + dt.timedelta(hours=1))
    integration(starts_at=now + dt.timedelta(minutes=1), is_active=False)

    assert gates.next_change() == now + dt.timedelta(hours=1)


def test_switching_off_is_seen_at_once(client, pages):
    made = integration()
    before = templates(client.get("/").content.decode())

    made.is_active = False
    made.save()

    assert (list(before), templates(client.get("/").content.decode())) == (["Pixel"], {})


@pytest.mark.parametrize("code", HOSTILE)
def test_code_that_the_policy_would_refuse_or_that_does_not_end_is_not_taken(db, code):
    with pytest.raises(ValidationError) as refusal:
        integration(code=code)

    assert set(refusal.value.message_dict) == {"code"}


def test_code_that_got_past_every_check_still_cannot_leave_its_template(client, pages):
    made = integration()
    hostile = "</template></script><script>alert(1)</script>"
    ThirdPartyIntegration.objects.filter(pk=made.pk).update(code=hostile)
    gates.forget()

    content = client.get("/").content.decode()

    assert templates(content) == {"Pixel": hostile}
    assert "<script>alert(1)" not in content


@pytest.mark.parametrize(
    ("code", "script"),
    [
        ("<script>a</script>", "a"),
        ("<script>\n  a()\n</script>", "\n  a()\n"),
        ("<script>if (a < b && c) d('<b>')</script>", "if (a < b && c) d('<b>')"),
        ("<script><!-- a\n--></script>", "<!-- a\n-->"),
        ("<script>é “ü” 💡</script >", "é “ü” 💡"),
        ('<script>a("&amp;")</script>', 'a("&amp;")'),
        ("<script type='module'>a</script>", "a"),
        ('<script type="text/javascript">a</script>', "a"),
        ('<script type="application/javascript">a</script>', "a"),
    ],
)
def test_the_hash_is_of_the_text_that_browsers_see(code, script):
    assert sources_of(code) == {"script-src": {hash_of(script)}}


def test_data_needs_no_hash_and_styles_have_theirs():
    assert sources_of('<script type="application/json">{}</script><style>a{}</style>') == {
        "style-src": {hash_of("a{}")}
    }


def test_style_attributes_wait_as_data_and_scripts_are_left_alone():
    code = '<p class="a" style="color: red" id="b">x</p><script>a = "<p style=1>"</script><i STYLE=x>style=</i>'

    assert without_style_attributes(code) == (
        '<p class="a" data-style="color: red" id="b">x</p><script>a = "<p style=1>"</script><i data-style=x>style=</i>'
    )


def test_line_ends_of_a_form_are_the_ones_browsers_hash(client, pages):
    integration(code="<script>a\r\nb</script>")

    response = client.get("/")

    assert templates(response.content.decode()) == {"Pixel": "<script>a\nb</script>"}
    assert hash_of("a\nb") in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "hosts",
    [
        "*",
        "https://a.example",
        "a.example; script-src *",
        "'unsafe-inline'",
        "a.example any",
        "localhost",
        "*.com;",
        "a b",
    ],
)
def test_hosts_are_hosts_and_nothing_else(db, hosts):
    with pytest.raises(ValidationError) as refusal:
        integration(hosts=hosts)

    assert set(refusal.value.message_dict) == {"hosts"}


@pytest.mark.parametrize("sources", [{"object-src": {"https://a.example"}}, {"script-src": {"https://a.example; x"}}])
def test_the_policy_opens_no_other_door(sources):
    with pytest.raises(ValueError, match="not to be allowed"):
        content_policy.allow(RequestFactory().get("/"), sources)


KINDS = {
    "ga4": ("G-AB12CD34EF", "", ["UA-1234-5", "G-", "G-ABC');alert('"], "gtag/js?id=G-AB12CD34EF"),
    "gtm": ("GTM-ABC123", "", ["G-ABC1234", "GTM-abc"], "gtm.js?id=GTM-ABC123"),
    "clarity": ("abcde12345", "", ["ABC", "abc/../x1"], "clarity.ms/tag/abcde12345"),
    "meta": ("123456789012345", "", ["12", "12345678901x"], 'fbq("init","123456789012345")'),
    "matomo": ("7", "stats.shop.example", ["a", "7;"], "https://stats.shop.example/matomo.js"),
    "plausible": ("shop.example", "", ['shop"><script>', ""], 'data-domain="shop.example"'),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_ready_made_kind_asks_for_an_identifier_and_knows_the_rest(client, pages, kind):
    identifier, server, wrong, expected = KINDS[kind]
    for other in wrong:
        with pytest.raises(ValidationError) as refusal:
            integration(kind=kind, identifier=other, server=server, category="statistics")
        assert "identifier" in refusal.value.message_dict

    integration(kind=kind, identifier=identifier, server=server, category="statistics", privacy_url="")

    response = client.get("/")
    [code] = templates(response.content.decode()).values()
    assert expected in code
    for directive, values in sources_of(code).items():
        policy = next(p for p in response["Content-Security-Policy"].split("; ") if p.startswith(directive))
        assert all(value in policy or "https://*." in policy for value in values)
    assert ThirdPartyIntegration.objects.get().privacy_url.startswith("https://")


def test_a_ready_made_kind_is_never_necessary_and_matomo_needs_a_server(db):
    with pytest.raises(ValidationError) as refusal:
        integration(kind="matomo", identifier="1", category="necessary")

    assert set(refusal.value.message_dict) == {"category", "server"}


def test_the_question_names_purposes_and_providers_and_nothing_is_ticked(client, pages):
    integration(provider="Pixel Ltd")
    integration(kind="ga4", name="Analytics", identifier="G-AB12CD34EF", category="statistics")
    integration(name="Needed", category="necessary")

    banner = re.search(r"<section class=\"consent\".*?</section>", client.get("/").content.decode(), re.S)[0]

    assert re.findall(r'data-purpose="([a-z]+)"', banner) == ["statistics", "marketing"]
    assert len(re.findall(r'data-key="', banner)) == 2
    assert "(Pixel Ltd)" in banner
    assert "checked" not in banner
    assert re.findall(r'class="button" type="button" data-consent-act="[a-z]+">([^<]+)<', banner) == [
        "Refuse all",
        "Accept all",
    ]
    assert "Save choices" in banner
    assert "Closing this refuses everything." in banner
    assert re.search(r'<section class="consent"[^>]* hidden>', banner)


def test_editors_write_the_words_and_empty_ones_are_the_shop_s(client, pages):
    site = ConsentSettings.for_site(pages.get_site())
    site.title, site.text, site.version = "Biscuits?", "<p>Say <b>yes</b> or no.</p>", 3
    site.privacy_page = StandardPage.objects.get()
    site.purposes.create(category="marketing", title="Advertisements", description="On other sites.")
    site.save()
    integration()

    content = client.get("/").content.decode()

    assert [word in content for word in ("Biscuits?", "<p>Say <b>yes</b> or no.</p>", 'data-version="3"')] == [True] * 3
    assert [word in content for word in ("Advertisements", "On other sites.", 'href="/about-us/">Privacy<')] == [
        True
    ] * 3


def test_our_own_statistics_are_asked_for_only_when_the_shop_wants_them(client, pages):
    settings = ConsentSettings.for_site(pages.get_site())
    settings.own_statistics = True
    settings.save()

    content = client.get("/").content.decode()

    assert 'data-key="own-statistics" data-category="statistics"' in content
    assert "data-integration" not in content


def test_the_settings_page_lists_what_is_declared_and_what_the_shop_keeps_itself(client, pages):
    made = integration(provider="Pixel Ltd", privacy_url="https://pixel.example/privacy")
    made.stored.create(kind="local", name="px_*", lifetime="1 year", about="Knows you again.")
    made.save()

    content = client.get("/cookies/").content.decode()

    for word in (
        "basket",
        "sessionid",
        "messages",
        "consent",
        "px_*",
        "1 year",
        "Knows you again.",
        "cdn.pixel.example",
    ):
        assert f">{word}<" in content or word in content
    assert "The data goes to Pixel Ltd." in content
    assert 'href="https://pixel.example/privacy"' in content
    assert content.count("data-consent-root") == 1
    assert "data-consent " not in content
    assert "data-consent-unscripted" in content


def test_the_settings_page_says_what_media_keep_at_their_own_hosts_which_no_script_of_ours_removes(client, pages):
    for kind in ("youtube", "vimeo", "google-maps", "openstreetmap"):
        integration(kind=kind, name=kind)
    integration(kind="clarity", identifier="abcdefghij")

    content = client.get("/cookies/").content.decode()

    for name in ("VISITOR_INFO1_LIVE (youtube.com)", "YSC (youtube.com)", "vuid (vimeo.com)", "NID (google.com)",
                 "_osm_session (openstreetmap.org)", "MUID (bing.com)", "CLID (clarity.ms)", "_clck"):  # fmt: skip
        assert f'<th scope="row">{name}</th>' in content
    [clarity] = re.findall(r'data-name="Pixel"[^>]* data-stored="([^"]*)"', client.get("/").content.decode())
    assert {name for _kind, name in json.loads(html.unescape(clarity))} == {"_clck", "_clsk", "_cltk"}


def test_the_settings_page_says_that_nothing_was_declared_and_not_that_nothing_is_kept(client, pages):
    integration()
    content = client.get("/cookies/").content.decode()
    assert "What it keeps in your browser was not declared." in content
    assert "It keeps nothing" not in content

    integration(kind="plausible", name="Plausible", identifier="books.example")
    assert "It keeps nothing in your browser." in client.get("/cookies/").content.decode()


def test_what_the_shop_keeps_for_statistics_is_listed_where_it_asks_for_them(client, pages):
    integration()
    assert "booktime.orders" not in client.get("/cookies/").content.decode()

    settings = ConsentSettings.for_site(pages.get_site())
    settings.own_statistics = True
    settings.save()

    assert "booktime.orders" in client.get("/cookies/").content.decode()


def test_a_preview_of_the_words_shows_the_banner_and_no_integration(admin_client, pages):
    integration()
    site = pages.get_site()
    path = f"/admin/settings/home/consentsettings/{site.pk}/preview/"
    data = {"title": "Only a draft", "text": json.dumps({"blocks": [], "entityMap": {}}), "version": "1"}
    formset = {f"purposes-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}

    sent = admin_client.post(path, {**data, **formset})
    content = admin_client.get(path).content.decode()

    assert sent.json()["is_valid"] is True
    assert "Only a draft" in content
    assert re.search(r'<section class="consent"[^>]* data-preview>', content)
    assert "data-integration" not in content
    assert not ConsentSettings.objects.filter(title="Only a draft").exists()


@pytest.mark.parametrize(
    ("url", "embed"),
    [
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            ("youtube", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ),
        ("https://youtu.be/dQw4w9WgXcQ", ("youtube", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ")),
        ("https://vimeo.com/76979871", ("vimeo", "https://player.vimeo.com/video/76979871?dnt=1")),
        (
            "https://www.google.com/maps/place/Hatchards+Piccadilly/@51.5",
            ("google-maps", "https://www.google.com/maps?q=Hatchards%20Piccadilly&output=embed"),
        ),
        (
            "https://www.openstreetmap.org/export/embed.html?bbox=1",
            ("openstreetmap", "https://www.openstreetmap.org/export/embed.html?bbox=1"),
        ),
        ("https://evil.example/watch?v=dQw4w9WgXcQ", None),
        ('https://www.youtube.com/watch?v="><script>', None),
        ("javascript:alert(1)", None),
    ],
)
def test_addresses_of_videos_and_maps_are_known(url, embed):
    assert embed_of(url) == (Embed(*embed, url) if embed else None)


def test_a_video_is_a_placeholder_where_its_provider_is_let_in_and_a_link_elsewhere(client, pages):
    page = StandardPage.objects.get()
    page.body = [("embed", {"url": "https://youtu.be/dQw4w9WgXcQ", "title": 'Reading "Emma"'})]
    page.save_revision().publish()
    without = client.get("/about-us/")
    integration(kind="youtube", name="YouTube", category="embedded", position="in-place")

    response = client.get("/about-us/")

    assert [word in without.content.decode() for word in ("youtube-nocookie", "Load once")] == [False, False]
    assert (
        '<a href="https://youtu.be/dQw4w9WgXcQ" rel="noreferrer">Reading &quot;Emma&quot;</a>'
        in without.content.decode()
    )
    assert without["Content-Security-Policy"] == STRICT
    content = response.content.decode()
    assert [word in content for word in (">Load once<", ">Always load YouTube<", ">Open at YouTube<")] == [True] * 3
    assert templates(content)["YouTube"].startswith(
        '<iframe class="gated__frame" src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"'
        ' title="Reading &quot;Emma&quot;" '
    )
    assert "<iframe" not in content
    assert "frame-src 'self' https://www.youtube-nocookie.com;" in response["Content-Security-Policy"]
    assert client.get("/")["Content-Security-Policy"] == STRICT


def test_an_integration_with_a_place_is_only_there(client, pages):
    made = integration(name="Chat", category="support", position="in-place")
    page = StandardPage.objects.get()
    page.body = [("integration", {"integration": made})]
    page.save_revision().publish()

    assert templates(client.get("/about-us/").content.decode()) == {"Chat": CODE}
    assert templates(client.get("/").content.decode()) == {}


def test_something_necessary_with_a_place_needs_nothing_else_to_wake(client, pages):
    made = integration(name="Reservation", category="necessary", position="in-place")
    page = StandardPage.objects.get()
    page.body = [("integration", {"integration": made})]
    page.save_revision().publish()

    content = client.get("/about-us/").content.decode()

    assert templates(content) == {"Reservation": CODE}
    assert ("js/consent.js" in content, "data-consent-root" in content) == (True, False)
    assert "js/consent.js" not in client.get("/").content.decode()


def test_report_only_reports_and_refuses_nothing(client, pages, settings):
    settings.CONTENT_SECURITY_POLICY_REPORT_ONLY = True

    response = client.get("/")

    assert response["Content-Security-Policy-Report-Only"] == STRICT
    assert "Content-Security-Policy" not in response


REPORT = {
    "csp-report": {
        "document-uri": "https://books.example/search/?q=secret",
        "effective-directive": "img-src",
        "blocked-uri": "https://ads.example/x.gif?user=7",
    }
}


def test_a_report_is_one_line_an_hour_without_anything_personal(client, db, caplog):
    for _ in range(3):
        assert client.post("/csp-report/", json.dumps(REPORT), "application/csp-report").status_code == 204

    assert [record.getMessage() for record in caplog.records] == [
        "Content policy refused https://ads.example for img-src on /search/"
    ]


def test_reports_in_the_newer_form_are_understood(client, db, caplog):
    body = {"documentURL": "https://books.example/", "effectiveDirective": "script-src-elem", "blockedURL": "inline"}

    client.post("/csp-report/", json.dumps([{"type": "csp-violation", "body": body}]), "application/reports+json")

    assert [record.getMessage() for record in caplog.records] == [
        "Content policy refused inline for script-src-elem on /"
    ]


def test_reports_come_from_anywhere_but_not_without_end(client, db):
    answers = [
        client.post("/csp-report/", body, "application/csp-report", HTTP_SEC_FETCH_SITE="cross-site").status_code
        for body in ("{}", "no json", "[1]", '"x"', "x" * 20_000)
    ]
    assert answers == [204, 400, 204, 204, 413]

    cache.clear()
    statuses = [client.post("/csp-report/", "{}", "application/csp-report").status_code for _ in range(31)]
    assert statuses == [204] * 30 + [429]
    assert client.get("/csp-report/").status_code == 405


def test_cookie_settings_are_a_link_away_also_where_something_went_wrong():
    assert '<a href="/cookies/">Cookie settings</a>' in render_to_string("500.html")


# --- What an integration leaves behind that was switched off ------------------------------------------


def left_behind_on(client, path: str = "/") -> list[list[str]]:
    found = re.search(r'data-left-behind="([^"]*)"', client.get(path).content.decode())
    return json.loads(html.unescape(found.group(1))) if found else []


def test_what_one_kept_that_is_off_or_over_is_named_for_removal_on_every_page(client, pages, settings):
    integration(name="On")
    off = integration(name="Off", is_active=True)
    off.stored.add(IntegrationStorage(kind="cookie", name="_off*", lifetime="1 year"))
    off.stored.add(IntegrationStorage(kind="local", name="off.visits", lifetime="for ever"))
    off.save()
    assert left_behind_on(client) == []

    off.is_active = False
    off.save()

    for path in ("/", "/books/", "/cookies/"):
        assert left_behind_on(client, path) == [["cookie", "_off*"], ["local", "off.visits"]]


def test_what_another_one_keeps_that_is_on_stays(client, pages):
    for name, is_active in (("_shared", True), ("_sha*", False), ("_other", False)):
        one = integration(name=name, is_active=is_active)
        one.stored.add(IntegrationStorage(kind="cookie", name=name, lifetime="1 year"))
        one.save()

    assert left_behind_on(client) == [["cookie", "_other"]]
