"""Choices of visitors: what is kept as proof, what is refused, who reads it and when it is forgotten."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from urllib.parse import quote, unquote

import pytest
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone
from wagtail.models import Site

from accounts.models import User
from core.throttle import is_too_often
from home.consent.choice import granted_categories, read_choice
from home.consent.question import present_question
from home.models import ConsentRecord, ConsentSettings, ConsentText
from home.tests.test_consent_pages import integration


@pytest.fixture
def question(shop):
    """The question of a shop with an integration for marketing and one for statistics."""
    integration(provider="Pixel Ltd")
    integration(kind="ga4", name="Analytics", identifier="G-AB12CD34EF", category="statistics", code="")
    return present_question(shop.get_site())


def key_of(question, category: str) -> str:
    """The key of the only provider of that category."""
    return next(key for key, of in question.keys.items() if of == category)


def answer(question, *allowed: str, **changes) -> dict:
    """What the script sends."""
    return {
        "act": "save",
        "allowed": [key_of(question, category) for category in allowed],
        "known": list(question.keys),
        "text": question.digest,
        "language": "en-gb",
        "path": "/books/?q=private",
        **changes,
    }


def send(client, told, **headers):
    """Post it as the script does."""
    body = told if isinstance(told, str) else json.dumps(told)
    return client.post("/consent/", body, "application/json", **headers)


def test_a_choice_is_kept_with_the_exact_words_and_nothing_about_who(client, question):
    response = send(client, answer(question, "statistics"))

    assert response.status_code == 204
    record = ConsentRecord.objects.get()
    assert (record.act, record.categories, record.providers) == (
        "save",
        ["statistics"],
        [key_of(question, "statistics")],
    )
    assert (record.path, record.language, record.gpc) == ("/books/", "en-gb", False)
    assert abs(timezone.now() - record.at) < dt.timedelta(seconds=5)
    text = record.text
    assert (text.digest, text.version, text.language) == (question.digest, 1, "en-gb")
    assert text.content["buttons"] == ["Accept all", "Refuse all", "Save choices", "Close"]
    assert [asked["category"] for asked in text.content["purposes"]] == ["statistics", "marketing"]
    assert [row[2] for row in text.content["purposes"][1]["providers"]] == ["Pixel Ltd"]
    assert {field.name for field in ConsentRecord._meta.fields} == {
        "id", "at", "text", "language", "act", "categories", "providers", "gpc", "path",
    }  # fmt: skip


def test_the_cookie_comes_from_the_shop_for_six_months_so_that_no_browser_forgets_it_after_a_week(client, question):
    response = send(client, answer(question, "statistics"))

    cookie = response.cookies["consent"]
    assert (cookie["max-age"], cookie["samesite"], cookie["path"], cookie["domain"]) == (183 * 86400, "Lax", "/", "")
    told = json.loads(unquote(cookie.value))
    assert (told["f"], told["v"], told["p"]) == (1, 1, [key_of(question, "statistics")])
    assert sorted(told["k"]) == sorted(question.keys)
    assert told["id"] == str(ConsentRecord.objects.get().pk)
    assert set(response.cookies) == {"consent"}


def test_two_choices_of_a_visitor_are_two_numbers(client, question):
    send(client, answer(question, "statistics"))
    send(client, answer(question))

    assert ConsentRecord.objects.count() == 2
    assert ConsentText.objects.count() == 1


def test_global_privacy_control_refuses_whatever_the_page_sent(client, question):
    response = send(client, answer(question, "statistics", "marketing", act="accept"), HTTP_SEC_GPC="1")

    record = ConsentRecord.objects.get()
    assert (record.categories, record.providers, record.gpc) == ([], [], True)
    assert json.loads(unquote(response.cookies["consent"].value))["p"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"act": "anything"},
        {"act": None},
        {"allowed": ["made-up"]},
        {"allowed": "all"},
        {"allowed": [1]},
        {"known": []},
        {"known": {"all": True}},
        {"path": "https://evil.example/"},
        {"path": "=cmd|x"},
        {"path": "/a\nb"},
        {"path": 7},
        {"language": "xx"},
        {"language": ["en-gb"]},
    ],
)
def test_what_no_page_sends_is_refused_and_leaves_nothing(client, question, change):
    response = send(client, answer(question, "statistics", **change))

    assert (response.status_code, len(response.cookies), ConsentRecord.objects.count()) == (400, 0, 0)


@pytest.mark.parametrize("body", ["", "no json", "[]", '"all"', "null", "x" * 9000])
def test_rubbish_is_refused(client, question, body):
    assert (send(client, body).status_code, ConsentRecord.objects.count()) == (400, 0)


def test_an_answer_to_yesterday_s_words_is_no_proof(client, question):
    settings = ConsentSettings.for_site(Site.objects.get())
    settings.title = "Other words"
    settings.save()

    response = send(client, answer(question, "statistics"))

    assert (response.status_code, len(response.cookies), ConsentRecord.objects.count()) == (409, 0, 0)


def test_reading_changes_nothing_and_other_sites_do_not_choose(question):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)

    assert client.get("/consent/").status_code == 405
    assert send(client, answer(question), HTTP_SEC_FETCH_SITE="cross-site").status_code == 403
    assert send(client, answer(question), HTTP_ORIGIN="https://evil.example").status_code == 403
    assert send(client, answer(question), HTTP_SEC_FETCH_SITE="same-origin").status_code == 204
    assert ConsentRecord.objects.count() == 1


def test_a_household_chooses_sixty_times_an_hour_and_no_more(client, question):
    statuses = [send(client, answer(question)).status_code for _ in range(61)]

    assert statuses == [204] * 60 + [429]
    assert send(client, answer(question), REMOTE_ADDR="192.0.2.7").status_code == 204


def test_addresses_of_one_ipv6_household_count_together():
    counted = [is_too_often("x", f"2001:db8:0:1::{number}", limit=2, seconds=60) for number in range(3)]

    assert counted == [False, False, True]
    assert is_too_often("x", "2001:db8:0:2::1", limit=2, seconds=60) is False


COOKIES = [
    '{"all":true}',
    "garbage",
    "",
    "[]",
    "null",
    '{"f":1,"v":1}',
    '{"f":1,"v":1,"p":"all","k":"all"}',
    '{"f":1,"v":1,"p":[true],"k":[true]}',
    '{"f":2,"v":1,"p":["KEY"],"k":["KEY"]}',
    '{"f":1,"v":0,"p":["KEY"],"k":["KEY"]}',
    '{"f":1,"v":"1","p":["KEY"],"k":["KEY"]}',
    '{"f":1,"v":1,"p":["KEY"],"k":[]}',
    '{"f":1,"v":1,"p":["*"],"k":["*"]}',
    "[" * 5000,
]


@pytest.mark.parametrize("value", COOKIES)
def test_garbage_and_old_versions_are_no_consent(question, value):
    request = RequestFactory().get("/", HTTP_HOST="localhost")
    request.COOKIES["consent"] = quote(value.replace("KEY", key_of(question, "statistics")))

    assert granted_categories(request) == frozenset()


def test_what_was_allowed_is_granted_until_its_provider_or_purpose_changes(client, question):
    client.cookies["consent"] = send(client, answer(question, "statistics", "marketing")).cookies["consent"].value
    request = RequestFactory().get("/", HTTP_HOST="localhost")
    request.COOKIES["consent"] = client.cookies["consent"].value
    assert granted_categories(request) == {"statistics", "marketing"}

    pixel = next(one for one in type(integration(name="New")).objects.all() if one.provider == "Pixel Ltd")
    pixel.provider = "Somebody else"
    pixel.save()

    assert granted_categories(request) == {"statistics"}
    now = present_question(Site.objects.get())
    choice = read_choice(request.COOKIES["consent"], now)
    assert len(set(now.keys) - choice.known) == 2  # both the new one and the changed one are asked for

    request.META["HTTP_SEC_GPC"] = "1"
    assert granted_categories(request) == frozenset()


def test_who_allows_the_statistics_of_others_and_refuses_the_shop_s_own_is_not_measured_by_the_shop(client, question):
    settings = ConsentSettings.for_site(Site.objects.get())
    settings.own_statistics = True
    settings.save()
    question = present_question(Site.objects.get())
    request = RequestFactory().get("/", HTTP_HOST="localhost")
    told = answer(question)
    others = [key for key in question.keys if key != "own-statistics"]

    granted = []
    for allowed in (others, [*others, "own-statistics"]):
        request.COOKIES["consent"] = send(client, {**told, "allowed": allowed}).cookies["consent"].value
        granted.append(granted_categories(request))

    assert granted == [{"marketing"}, {"marketing", "statistics"}]


def test_a_greater_version_asks_everybody_again(client, question):
    request = RequestFactory().get("/", HTTP_HOST="localhost")
    request.COOKIES["consent"] = send(client, answer(question, "statistics")).cookies["consent"].value
    settings = ConsentSettings.for_site(Site.objects.get())
    settings.version = 2
    settings.save()

    assert granted_categories(request) == frozenset()


def test_proofs_go_after_six_months_and_texts_with_the_last_of_them(client, question):
    send(client, answer(question))
    old = ConsentRecord.objects.get()
    long_ago = timezone.now() - dt.timedelta(days=184)
    ConsentRecord.objects.update(at=long_ago)
    ConsentText.objects.update(created_at=long_ago)
    send(client, answer(question, "statistics"))

    for _ in range(2):
        call_command("purge_consent", verbosity=0)
        assert ConsentRecord.objects.count() == 1
        assert not ConsentRecord.objects.filter(pk=old.pk).exists()
        assert ConsentText.objects.count() == 1

    ConsentRecord.objects.update(at=long_ago)
    call_command("purge_consent", verbosity=0)
    assert (ConsentRecord.objects.count(), ConsentText.objects.count()) == (0, 0)


def test_the_purge_is_in_the_schedule(settings):
    assert settings.SCHEDULE["purge_consent"] == 24 * 60 * 60


def test_staff_read_and_export_choices_and_change_none(admin_client, client, question):
    send(client, answer(question, "statistics"))
    record = ConsentRecord.objects.get()
    ConsentRecord.objects.update(path="=HYPERLINK(1)")  # no page has such a path; a spreadsheet must not care

    exported = b"".join(admin_client.get("/admin/consent-records/?export=csv").streaming_content).decode()

    head, row = csv.reader(io.StringIO(exported))
    told = dict(zip(head, row, strict=True))
    assert (row[0], row[2], row[3]) == (str(record.pk), "save", "statistics")
    assert "'=HYPERLINK(1)" in told.values()
    assert question.digest in told.values()
    assert admin_client.get("/admin/consent-records/").status_code == 200
    assert admin_client.get(f"/admin/consent-records/inspect/{record.pk}/").status_code == 200
    for path in ("new/", f"edit/{record.pk}/", f"delete/{record.pk}/"):
        admin_client.post(f"/admin/consent-records/{path}", {"act": "accept"})
    assert list(ConsentRecord.objects.values_list("act", flat=True)) == ["save"]


def test_nobody_s_name_is_near_a_choice_even_when_signed_in(client, question):
    client.force_login(User.objects.create_user("ada@booktime.example", "a long enough password"))

    send(client, answer(question, "statistics"), REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Secret/1")

    kept = json.dumps([list(map(str, row)) for row in ConsentRecord.objects.values_list()])
    assert [word in kept for word in ("ada", "192.0.2.7", "Secret")] == [False] * 3
