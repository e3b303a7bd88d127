"""Who may write integrations, and who may write what runs in them."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import Group
from django.utils.html import escape
from wagtail.models import ModelLogEntry

from accounts import roles
from accounts.models import User
from home.consent.proof import record_choice
from home.consent.providers import PROVIDERS
from home.consent.question import present_question
from home.models import ConsentRecord, ConsentSettings, ThirdPartyIntegration
from home.tests.test_consent_pages import CODE, integration

LIST = "/admin/snippets/home/thirdpartyintegration/"
EVIL = "<script>evil()</script>"


def form(**changes) -> dict[str, str]:
    """What the form of an integration sends."""
    counts = ("stored-TOTAL_FORMS", "stored-INITIAL_FORMS", "stored-MIN_NUM_FORMS", "stored-MAX_NUM_FORMS")
    return {
        "name": "Pixel",
        "purpose": "Advertises.",
        "kind": "custom",
        "code": CODE,
        "category": "marketing",
        "position": "head-end",
        "sort_order": "0",
        "hosts": "",
        "is_active": "on",
        **dict.fromkeys(counts, "0"),
        **changes,
    }


@pytest.fixture
def signed_in(client, shop):
    """A client signed in with a role."""
    roles.apply()

    def sign_in(role: str):
        user = User.objects.create_user(f"{role}@booktime.example".replace(" ", "-"), "a long enough password")
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


def test_an_integrator_writes_code_and_the_audit_log_says_so(signed_in):
    client = signed_in(roles.INTEGRATOR)

    client.post(f"{LIST}add/", form())
    made = ThirdPartyIntegration.objects.get()
    client.post(f"{LIST}edit/{made.pk}/", form(code=EVIL))
    client.post(f"{LIST}edit/{made.pk}/", form(code=EVIL, name="Other name"))

    made.refresh_from_db()
    assert (made.code, made.name) == (EVIL, "Other name")
    entries = ModelLogEntry.objects.filter(action="home.integration_code").order_by("pk")
    assert [entry.data["fields"] for entry in entries][1:] == [["code"]]
    assert {entry.user.email for entry in entries} == {"integrations@booktime.example"}
    assert entries[1].data["before"] == entries[0].data["after"] != entries[1].data["after"]
    assert ModelLogEntry.objects.filter(action="wagtail.edit").count() == 2
    assert made.revisions.count() == 3
    assert client.get(f"{LIST}history/{made.pk}/").status_code == 200


@pytest.mark.parametrize("kind", PROVIDERS)
def test_an_identifier_is_enough_for_a_kind_that_is_ready_made(signed_in, kind):
    examples = {"ga4": "G-AB12CD34EF", "gtm": "GTM-AB12CD", "clarity": "abcdefghij", "meta": "123456789012345",
                "matomo": "1", "plausible": "books.example"}  # fmt: skip
    provider = PROVIDERS[kind]
    told = {"kind": kind, "identifier": examples.get(kind, ""), "code": "", "name": "", "purpose": ""}

    response = signed_in(roles.INTEGRATOR).post(f"{LIST}add/", form(**told, server="stats.example.com"))

    assert response.status_code == 302
    made = ThirdPartyIntegration.objects.get()
    assert (made.category, made.position, made.provider) == (provider.purpose, provider.position, provider.company)
    assert made.name == provider.name
    assert made.purpose != ""


def test_the_category_of_a_ready_made_kind_may_be_changed_but_media_stay_in_the_text(signed_in):
    client = signed_in(roles.INTEGRATOR)
    manager = integration(kind="gtm", identifier="GTM-AB12CD")
    video = integration(kind="youtube", name="YouTube")

    for one, category in ((manager, "statistics"), (video, "marketing")):
        told = form(kind=one.kind, identifier=one.identifier, code="", category=category, position="head-end")
        assert client.post(f"{LIST}edit/{one.pk}/", told).status_code == 302
        one.refresh_from_db()

    assert (manager.category, manager.position) == ("statistics", "head-end")
    assert (video.category, video.position) == ("marketing", "in-place")


def test_code_of_one_s_own_needs_a_name_and_a_purpose(signed_in):
    response = signed_in(roles.INTEGRATOR).post(f"{LIST}add/", form(name="", purpose=""))

    assert (response.status_code, ThirdPartyIntegration.objects.count()) == (200, 0)
    assert response.content.decode().count("This field is required.") >= 2


@pytest.mark.parametrize("name", ThirdPartyIntegration.PROTECTED)
def test_a_marketer_edits_words_and_dates_but_nothing_that_runs(signed_in, name):
    made = integration()
    before = {field: getattr(made, field) for field in (*made.PROTECTED, "sort_order")}
    client = signed_in(roles.MARKETER)
    wanted = {"kind": "ga4", "identifier": "G-EVIL1234", "server": "evil.example", "code": EVIL,
              "position": "body-end", "category": "necessary", "hosts": "evil.example", "sort_order": "9"}  # fmt: skip

    response = client.post(f"{LIST}edit/{made.pk}/", form(name="Better name", **{name: wanted[name]}))

    assert response.status_code == 302
    made.refresh_from_db()
    assert made.name == "Better name"
    assert {field: getattr(made, field) for field in before} == before


def test_the_fields_of_code_are_not_in_a_marketer_s_form(signed_in):
    made = integration()

    content = signed_in(roles.MARKETER).get(f"{LIST}edit/{made.pk}/").content.decode()

    shown = [f'name="{field}"' in content for field in (*made.PROTECTED, "name", "purpose", "is_active")]
    assert shown == [False] * 7 + [True] * 3


def test_going_back_to_an_old_revision_does_not_bring_back_its_code(signed_in):
    made = integration(code=EVIL)
    old = made.save_revision()
    made.code = CODE
    made.save()
    made.save_revision()
    client = signed_in(roles.MARKETER)

    client.get(f"{LIST}history/{made.pk}/revisions/{old.pk}/revert/")
    client.post(f"{LIST}edit/{made.pk}/", form(revision=str(old.pk)))

    made.refresh_from_db()
    assert made.code == CODE


@pytest.mark.parametrize("path", ["add/", "copy/{pk}/", "delete/{pk}/"])
def test_a_marketer_neither_adds_nor_copies_nor_deletes_integrations(signed_in, path):
    made = integration()
    client = signed_in(roles.MARKETER)

    client.post(LIST + path.format(pk=made.pk), form(name="Copy"))

    assert list(ThirdPartyIntegration.objects.values_list("name", flat=True)) == ["Pixel"]


@pytest.mark.parametrize("role", [roles.EDITOR, roles.OFFICE, roles.DISPATCH])
def test_others_have_no_business_with_integrations(signed_in, role):
    made = integration()
    client = signed_in(role)

    client.post(f"{LIST}edit/{made.pk}/", form(name="Mine now"))

    made.refresh_from_db()
    assert made.name == "Pixel"
    assert client.get(LIST).status_code in {302, 403}
    assert client.get("/admin/consent-records/").status_code in {302, 403}


def test_the_list_and_the_settings_open_for_those_who_may(signed_in):
    integration()
    client = signed_in(roles.INTEGRATOR)

    assert "Pixel" in client.get(LIST).content.decode()
    assert client.get("/admin/settings/home/consentsettings/", follow=True).status_code == 200
    assert client.get("/admin/consent-records/").status_code == 200


def test_what_would_not_work_is_told_in_the_form(signed_in):
    client = signed_in(roles.INTEGRATOR)

    content = client.post(f"{LIST}add/", form(code='<img src="https://a.example/x" onload="x()">')).content.decode()

    assert "Attributes such as onclick or onload are not allowed" in content
    assert not ThirdPartyIntegration.objects.exists()


def test_a_change_that_no_form_made_is_in_the_audit_log_too(db):
    made = integration()
    made.code = EVIL
    made.save()
    made.purpose = "Only words."
    made.save()

    assert ModelLogEntry.objects.filter(action="home.integration_code").count() == 2


WORDS = [
    "May we, <i>please</i>?",
    '<p data-block-key="a">Say <b>yes</b> or no.</p>',
    "Accept all",
    "Refuse all",
    "Save choices",
    "Close",
    "Marketing: Shows others what you looked at here, so that you see advertisements elsewhere.",
    "Pixel (Pixel Ltd): Advertises.",
]


@pytest.fixture
def answered(shop):
    """A choice that answers words which are not those of today any more."""
    site = shop.get_site()
    settings = ConsentSettings.for_site(site)
    settings.title, settings.text = WORDS[:2]
    settings.save()
    integration(provider="Pixel Ltd")
    question = present_question(site)
    choice = record_choice(
        question, act=ConsentRecord.Act.ACCEPT, allowed=question.keys, known=question.keys, gpc=False, path="/"
    )
    settings.title, settings.text = "Other words", ""
    settings.save()
    return ConsentRecord.objects.get(pk=choice.number)


def test_the_words_that_a_choice_answers_are_shown_beside_it(signed_in, answered):
    content = signed_in(roles.INTEGRATOR).get(f"/admin/consent-records/inspect/{answered.pk}/").content.decode()

    assert [escape(line) in content for line in WORDS] == [True] * len(WORDS)
    assert WORDS[0] not in content


def test_the_words_that_a_choice_answers_are_exported_with_it(signed_in, answered, django_assert_max_num_queries):
    client = signed_in(roles.INTEGRATOR)
    same = {"text": answered.text, "language": "en-gb", "providers": answered.providers, "path": "/"}
    ConsentRecord.objects.bulk_create(ConsentRecord(act="accept", **same) for _ in range(5))

    with django_assert_max_num_queries(12):
        exported = b"".join(client.get("/admin/consent-records/?export=csv").streaming_content).decode()

    rows = list(csv.DictReader(io.StringIO(exported)))
    assert len(rows) == 6
    for row in rows:
        *lines, last = row["Words"].split("\n")
        assert [*lines, last.rpartition(" [")[0]] == WORDS
        assert last.rpartition(" [")[2].rstrip("]") == answered.providers[0]
