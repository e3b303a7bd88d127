"""Page modals: what they take, where they stand, from when until when, and what pages carry of them."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.management import call_command
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.models import Site

from catalog import indexing
from catalog.models import TagIndexPage, TagPage
from catalog.tests.factories import TagFactory, book
from catalog.tests.test_product import picture
from core.tests.processes import another_process
from home.modals import calendar
from home.modals.blocks import ModalLinkBlock
from home.modals.targeting import Spot, Where
from home.modals.viewsets import _where
from home.models import ModalExclusion, ModalSettings, ModalTarget, ModalVariant, PageModal, StandardPage
from home.models.modals import Reach
from home.templatetags.modal_tags import page_modals
from home.tests.factories import standard_page

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def modal(shop):
    """`modal(targets=[(page, reach)], …)` writes and publishes one."""

    def make(slug="offer", *, targets=(), exclusions=(), variants=(), publish=True, **fields):
        made = PageModal(**{"name": slug.title(), "slug": slug, "title": "A table for the winter", **fields})
        made.targets = [
            ModalTarget(page_id=page.pk, reach=reach, with_books=bool(more)) for page, reach, *more in targets
        ]
        made.exclusions = [ModalExclusion(page_id=page.pk, reach=reach) for page, reach in exclusions]
        made.variants = [ModalVariant(**variant) for variant in variants]
        made.live = False
        made.full_clean()
        made.save()
        revision = made.save_revision()
        if publish:
            revision.publish()
        made.refresh_from_db()
        return made

    return make


def rules_on(client, path, **headers):
    """What the page's rules say; None where it has none."""
    content = client.get(path, **headers).content.decode()
    found = re.search(r'<script id="modal-rules" type="application/json">(.*?)</script>', content)
    assert bool(found) == ("js/modals.js" in content) == ("<template" in content)
    return json.loads(found[1]) if found else None


def shown_on(client, *paths):
    return [path for path in paths if rules_on(client, path)]


# --- What may be written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "books"]
)
def test_no_link_of_a_modal_runs_a_script(shop, address):
    with pytest.raises(ValidationError, match="Begin with /"):
        PageModal(name="x", slug="x", title="x", link_text="Go", link_url=address).full_clean()
    block = ModalLinkBlock()
    with pytest.raises(StructBlockValidationError):
        block.clean(block.to_python({"text": "Go", "page": None, "address": address}))


def test_a_script_in_rich_text_or_in_words_is_not_drawn(client, modal):
    modal(
        title="<script>alert(1)</script>",
        body=[
            ("heading", "</template><script>alert(2)</script>"),
            ("voucher", {"code": '"><script>alert(3)</script>', "note": ""}),
        ],
    )

    content = client.get("/").content.decode()

    assert "alert(1)&lt;/script&gt;" in content
    assert "<script>alert" not in content


def test_a_call_to_action_has_one_goal_and_words(shop):
    about = standard_page(shop)
    for wrong in (
        {"link_text": "Go"},
        {"link_url": "/books/"},
        {"link_text": "Go", "link_url": "/books/", "link_page_id": about.pk},
    ):
        with pytest.raises(ValidationError):
            PageModal(name="x", slug="x", title="x", **wrong).full_clean()
    PageModal(name="x", slug="x", title="x").full_clean()
    PageModal(name="x", slug="x", title="x", link_text="Go", link_url="/books/").full_clean()


@pytest.mark.parametrize(
    "wrong",
    [
        {"trigger": "scroll", "trigger_value": 101},
        {"basket": "over"},
        {"language": "tlh"},
        {"click_selector": "body *"},
        {"hold_out": 51},
        {"expected_rate": 3},
    ],
)
def test_rules_that_make_no_sense_are_refused(shop, wrong):
    with pytest.raises(ValidationError):
        PageModal(name="x", slug="x", title="x", **wrong).full_clean()


def test_only_a_tag_has_books_of_its_own(shop):
    with pytest.raises(ValidationError, match="not a tag"):
        ModalTarget(page=shop.page_ptr, with_books=True).clean()


# --- Where ------------------------------------------------------------------------------------


def test_a_page_without_a_candidate_carries_nothing(client, shop, modal):
    about = standard_page(shop)
    modal(targets=[(about, Reach.PAGE)])

    assert shown_on(client, "/", "/books/", "/about-us/") == ["/about-us/"]


def test_reach_goes_so_many_levels_down_and_exclusions_are_cut_out(client, shop, modal):
    first = standard_page(shop)
    second = standard_page(first, title="Second", slug="second")
    standard_page(second, title="Third", slug="third")
    paths = ("/", "/about-us/", "/about-us/second/", "/about-us/second/third/")
    made = modal(targets=[(shop, Reach.CHILDREN)])

    counts = []
    for reach in (Reach.PAGE, Reach.CHILDREN, Reach.TWO, Reach.ALL):
        target = made.targets.get()
        target.reach = reach
        made.targets = [target]
        made.save_revision().publish()
        counts.append(len(shown_on(client, *paths)))
    assert counts == [1, 2, 3, 4]

    made.exclusions = [ModalExclusion(page_id=second.pk, reach=Reach.PAGE)]
    made.save_revision().publish()
    assert shown_on(client, *paths) == ["/", "/about-us/", "/about-us/second/third/"]


def test_kinds_of_page_and_language_narrow_it(client, shop, books_page, modal):
    book("Emma", slug="emma", contributors=["Jane Austen"])
    modal(page_types=["catalog.productpage", "catalog:contributor"])

    assert shown_on(client, "/", "/books/", "/books/emma/", "/contributors/jane-austen/", "/search/?q=emma") == [
        "/books/emma/",
        "/contributors/jane-austen/",
    ]
    modal("french", language="en-gb", targets=[(shop, Reach.PAGE)])
    assert shown_on(client, "/") == ["/"]


def test_a_tags_books_are_its_pages_with_and_without_an_editors_page(client, shop, books_page, modal):
    book("Emma", slug="emma", tags=["Comedy"])
    book("Dracula", slug="dracula", tags=["Ghosts"])
    index = TagIndexPage.objects.get()
    page = index.add_child(instance=TagPage(title="Comedy", slug="comedy", tag=TagFactory(name="Comedy")))
    page.save_revision().publish()
    modal(targets=[(page, Reach.PAGE, True)])

    paths = ("/tags/comedy/", "/tags/ghosts/", "/books/emma/", "/books/dracula/")
    assert shown_on(client, *paths) == ["/tags/comedy/", "/books/emma/"]

    modal("tags", targets=[(index, Reach.CHILDREN)])
    assert shown_on(client, *paths) == ["/tags/comedy/", "/tags/ghosts/", "/books/emma/"]


def pages_of(made):
    """The list's words for where a modal is."""
    return _where(PageModal.objects.prefetch_related("targets__page").get(pk=made.pk))


def test_a_modal_whose_only_page_was_deleted_is_nowhere_and_the_list_says_so(client, shop, modal):
    about, draft = standard_page(shop), shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    made = modal(targets=[(about, Reach.ALL)])
    of_draft = modal("draft", targets=[(draft, Reach.PAGE)])
    assert (shown_on(client, "/", "/about-us/"), pages_of(made)) == (["/about-us/"], "About us")

    about.delete()
    draft.delete()

    assert shown_on(client, "/", "/books/", "/search/?q=x") == []
    assert pages_of(made) == pages_of(of_draft) == "Nowhere: its pages were deleted"
    made.refresh_from_db()
    made.save_revision().publish()
    assert shown_on(client, "/", "/books/") == []


def test_a_wording_that_was_approved_for_a_page_that_is_gone_is_nowhere_too(client, shop, modal, admin_client):
    about = standard_page(shop)
    with time_machine.travel(NOON, tick=False):
        made = modal(targets=[(about, Reach.PAGE)], go_live_at=NOON + dt.timedelta(hours=1))
        modal("other", targets=[(shop, Reach.ALL)])
        about.delete()
    with time_machine.travel(NOON + dt.timedelta(hours=1, seconds=1), tick=False):
        assert [rule["a"] for rule in rules_on(client, "/")["m"]] == ["/offers/other/"]
        assert calendar.month(dt.date(2026, 11, 1)).meetings == []

        call_command("publish_scheduled")

        made.refresh_from_db()
        assert (made.live, pages_of(made)) == (True, "Nowhere: its pages were deleted")
        assert [rule["a"] for rule in rules_on(client, "/")["m"]] == ["/offers/other/"]


def test_a_modal_keeps_the_pages_that_are_left(client, shop, modal):
    first, second = standard_page(shop), standard_page(shop, title="Second", slug="second")
    made = modal(targets=[(first, Reach.PAGE), (second, Reach.PAGE)])

    first.delete()

    assert shown_on(client, "/", "/second/") == ["/second/"]
    assert pages_of(made) == "Second"


def test_an_excluded_page_that_is_deleted_changes_nothing_elsewhere(client, shop, modal):
    first, second = standard_page(shop), standard_page(shop, title="Second", slug="second")
    made = modal(exclusions=[(first, Reach.ALL), (second, Reach.PAGE)])
    only = modal("only", targets=[(shop, Reach.PAGE)], exclusions=[(first, Reach.ALL)])

    first.delete()

    assert shown_on(client, "/", "/books/", "/second/") == ["/", "/books/"]
    assert (pages_of(made), pages_of(only)) == ("All pages", "BookTime")


def test_the_books_of_a_tag_whose_page_was_deleted_have_no_modal(client, shop, books_page, modal):
    book("Emma", slug="emma", tags=["Comedy"])
    page = TagIndexPage.objects.get().add_child(
        instance=TagPage(title="Comedy", slug="comedy", tag=TagFactory(name="Comedy"))
    )
    page.save_revision().publish()
    made = modal(targets=[(page, Reach.PAGE, True)])
    assert shown_on(client, "/", "/tags/comedy/", "/books/emma/") == ["/tags/comedy/", "/books/emma/"]

    page.delete()

    assert shown_on(client, "/", "/tags/comedy/", "/books/emma/") == []
    assert pages_of(made) == "Nowhere: its pages were deleted"


def test_the_form_asks_for_another_page_instead_of_the_one_that_is_gone(admin_client, shop, modal):
    about = standard_page(shop)
    made = modal(targets=[(about, Reach.PAGE)])
    about.delete()
    target = made.targets.get()

    def publish(**changes):
        rows = {
            "targets-TOTAL_FORMS": "1", "targets-INITIAL_FORMS": "1", "targets-0-id": str(target.pk),
            "targets-0-ORDER": "1", "targets-0-reach": "0", "targets-0-page": "", "slug": "offer",
            "action-publish": "1",
        }  # fmt: skip
        return admin_client.post(f"/admin/snippets/home/pagemodal/edit/{made.pk}/", form_data(**rows | changes))

    refused = publish()
    assert refused.context["form"].formsets["targets"].errors == [{"page": ["This field is required."]}]
    assert publish(**{"targets-0-page": str(shop.pk)}).status_code == 302
    assert pages_of(made) == "BookTime"


def test_basket_checkout_account_and_error_pages_never_have_one(client, shop, modal):
    modal()

    assert shown_on(client, "/")
    for path in ("/basket/", "/checkout/", "/account/login/", "/account/signup/", "/nowhere/", "/contributors/nobody/",
                 "/books/nothing/", "/offers/offer/", "/offers/nothing/"):  # fmt: skip
        assert "modal-rules" not in client.get(path, follow=True).content.decode(), path


def test_where_two_modals_may_meet():
    home, books, about = Spot("00010001", 99), Spot("000100010001", 1), Spot("000100010002", 0)
    meets = [
        (Where(), Where(spots=(about,)), True),
        (Where(spots=(home,)), Where(spots=(about,)), True),
        (Where(spots=(books,)), Where(spots=(about,)), False),
        (Where(kinds=frozenset({"a"})), Where(kinds=frozenset({"b"})), False),
        (Where(language="en-gb"), Where(language="fr"), False),
        (Where(tags=frozenset({1})), Where(spots=(books,)), True),
        (Where(tags=frozenset({1})), Where(spots=(about,)), False),
        (Where(spots=(home,), excluded=(about,)), Where(spots=(about,)), False),
        (Where(is_nowhere=True), Where(), False),
    ]
    for one, other, expected in meets:
        assert (one.meets(other), other.meets(one)) == (expected, expected), (one, other)


# --- From when until when ---------------------------------------------------------------------


def test_what_is_approved_for_later_comes_and_goes_without_any_job(client, shop, modal):
    with time_machine.travel(NOON, tick=False):
        made = modal(
            go_live_at=NOON + dt.timedelta(hours=1), expire_at=NOON + dt.timedelta(hours=2), link_text="", title="Soon"
        )
        assert (made.live, made.approved_schedule) == (False, True)
        [rule] = rules_on(client, "/")["m"]
        assert (rule["f"], rule["e"]) == (1000 * int(NOON.timestamp() + 3600), 1000 * int(NOON.timestamp() + 7200))
        assert client.get("/offers/offer/").status_code == 404
        assert "<noscript>" not in client.get("/").content.decode()

    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        assert client.get("/offers/offer/").status_code == 200
        assert '<a href="/offers/offer/">Soon</a>' in client.get("/").content.decode()

    with time_machine.travel(NOON + dt.timedelta(hours=1, seconds=1), tick=False):
        call_command("publish_scheduled")
        made.refresh_from_db()
        assert made.live
        [rule] = rules_on(client, "/")["m"]
        assert rule["e"] == 1000 * int(NOON.timestamp() + 7200)

    with time_machine.travel(NOON + dt.timedelta(hours=2), tick=False):
        assert client.get("/offers/offer/").status_code == 404
        assert rules_on(client, "/") is None


def test_a_modal_is_not_given_away_long_before_it_begins(client, modal):
    with time_machine.travel(NOON, tick=False):
        modal(go_live_at=NOON + dt.timedelta(hours=5))
        assert rules_on(client, "/") is None
    with time_machine.travel(NOON + dt.timedelta(hours=3), tick=False):
        assert rules_on(client, "/")["m"][0]["f"] == 1000 * int(NOON.timestamp() + 5 * 3600)


def test_a_new_wording_takes_over_from_the_old_one_at_its_second(client, modal):
    with time_machine.travel(NOON, tick=False):
        made = modal(title="Old")
        made.title, made.go_live_at = "New", NOON + dt.timedelta(minutes=30)
        made.save_revision().publish()
        old, new = sorted(rules_on(client, "/")["m"], key=lambda rule: rule["f"])
        assert (old["f"], old["e"], new["f"], new["e"]) == (0, new["f"], 1000 * int(NOON.timestamp() + 1800), 0)
        assert "Old" in client.get("/offers/offer/").content.decode()
    with time_machine.travel(NOON + dt.timedelta(minutes=30), tick=False):
        assert "New" in client.get("/offers/offer/").content.decode()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2027-03-28 00:59", dt.datetime(2027, 3, 28, 0, 59, tzinfo=dt.UTC)),
        ("2027-03-28 02:00", dt.datetime(2027, 3, 28, 1, 0, tzinfo=dt.UTC)),
        ("2027-10-31 00:59", dt.datetime(2027, 10, 30, 23, 59, tzinfo=dt.UTC)),
        ("2027-10-31 02:00", dt.datetime(2027, 10, 31, 2, 0, tzinfo=dt.UTC)),
    ],
)
def test_an_editors_time_is_the_sites_time_across_the_summer_time_change(admin_client, shop, typed, meant):
    response = admin_client.post("/admin/snippets/home/pagemodal/add/", form_data(go_live_at=typed))

    assert response.status_code == 302, response.context["form"].errors
    assert PageModal.objects.get().latest_revision.as_object().go_live_at == meant


def test_publishing_withdrawing_and_deleting_is_seen_on_the_next_request(client, modal):
    assert rules_on(client, "/") is None
    made = modal()
    assert rules_on(client, "/")

    made.unpublish()
    assert rules_on(client, "/") is None

    made.save_revision().publish()
    assert rules_on(client, "/")
    made.title = "Another title"
    made.save_revision()
    assert "Another title" not in client.get("/").content.decode()
    made.delete()
    assert rules_on(client, "/") is None


def test_a_picture_that_was_changed_or_deleted_is_on_the_next_request(client, modal):
    image = picture()
    modal(body=[("picture", {"image": image, "alt": "", "caption": ""})])
    pictures = re.findall(r"/media/images/[^ \"]+", client.get("/").content.decode())
    assert pictures

    image.renditions.all().delete()
    image.file.save("another.png", image.file.open())

    content = client.get("/").content.decode()
    assert "another" in content
    assert not any(name in content for name in pictures)

    image.delete()
    assert "another" not in client.get("/").content.decode()


def test_what_the_clock_publishes_or_withdraws_is_on_the_servers_next_page(client, shop, modal):
    assert not rules_on(client, "/")

    with another_process():
        made = modal(targets=[(shop, Reach.ALL)])
    assert rules_on(client, "/")

    with another_process():
        made.unpublish()
    assert not rules_on(client, "/")


def test_a_book_in_a_modal_has_the_price_of_the_moment(client, books_page, modal):
    emma = book("Emma", slug="emma", price="7.99")
    modal(body=[("books", {"books": [emma]})])
    edition = emma.editions.get()
    assert "Emma" in client.get("/").content.decode()

    edition.prices.update(amount=Decimal("3.21"))
    indexing.refresh([emma.pk])

    assert "£3.21" in client.get("/").content.decode()


def test_the_rest_between_two_is_that_of_the_site(client, shop, modal, settings):
    settings.ALLOWED_HOSTS = ["localhost", "other.example"]
    other = Site.objects.create(hostname="other.example", root_page=standard_page(shop))
    modal()

    def rests():
        return [rules_on(client, "/", HTTP_HOST=host)["c"] for host in settings.ALLOWED_HOSTS]

    assert rests() == [60, 60]
    ModalSettings.objects.create(site=shop.get_site(), cool_off_seconds=5)
    assert rests() == [5, 60]
    ModalSettings.objects.create(site=other, cool_off_seconds=7)
    assert rests() == [5, 7]


def test_warm_candidates_ask_the_database_nothing(rf, shop, modal, django_assert_num_queries):
    modal(body=[("text", "<p>Words</p>")])
    request = rf.get("/", HTTP_HOST="localhost")
    request.user = AnonymousUser()
    context = {"request": request, "page": shop}
    cold = page_modals(context)

    with django_assert_num_queries(0):
        assert page_modals(context) == cold
    assert "Words" in cold


# --- Versions ---------------------------------------------------------------------------------


def test_every_version_is_in_the_page_with_its_weight(client, modal):
    modal(
        link_text="Go",
        link_url="/books/",
        hold_out=10,
        variants=[{"code": "B", "title": "Other words", "weight": 3}],
    )

    [rule] = rules_on(client, "/")["m"]
    content = client.get("/").content.decode()

    assert (rule["v"], rule["h"]) == ([["A", 1], ["B", 3]], 10)
    assert re.findall(r'<template id="(.*?)">', content) == ["modal-0-A", "modal-0-B"]
    assert content.count("data-modal-action>Go</a>") == 2


def test_the_planned_size_is_that_of_the_textbook():
    # 3 % against 4 %, 5 % error, 80 % power: about 5,300 for each.
    assert PageModal(expected_rate=3, detectable_change=1).planned_size == 5298
    assert PageModal().planned_size is None


@pytest.mark.parametrize("mode", ["A", "B", "offer"])
def test_a_draft_is_previewed_on_the_page_of_the_editors_choice(shop, modal, mode):
    about = standard_page(shop)
    draft = modal(
        publish=False,
        preview_page_id=about.pk,
        body=[("heading", "Below")],
        variants=[{"code": "B", "title": "Second"}],
    )

    response = draft.make_preview_request(preview_mode=mode)
    content = response.content.decode()

    assert response.status_code == 200
    assert ("Second" if mode == "B" else "A table for the winter") in content
    if mode != "offer":
        assert "<h1>About us</h1>" in content
        assert '"preview": 1' in content


def test_the_preview_of_a_page_shows_no_modal(shop, modal):
    modal()

    assert "modal-rules" not in shop.make_preview_request().content.decode()


def form_data(**fields):
    """What the editor's form sends for a new modal."""
    data = {
        "name": "Winter", "slug": "winter", "title": "Winter", "kind": "centre", "priority": "50", "trigger": "delay",
        "trigger_value": "5", "frequency": "session", "every_days": "7", "weight": "1", "hold_out": "0",
        "body-count": "0", "link_page": "", "preview_page": "", "audience": "", "visits": "", "basket": "",
    }  # fmt: skip
    for name in ("targets", "exclusions", "variants"):
        data |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0", f"{name}-MIN_NUM_FORMS": "0"}
    return {**data, **fields}
