"""Modals in the admin: who writes, who publishes, the list, the calendar and the figures."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Workflow, WorkflowState

from accounts import roles
from accounts.models import User
from home.modals.statistics import difference, width_for, wilson
from home.models import ModalCount, ModalExclusion, ModalTarget, ModalVariant, PageModal
from home.tests.factories import standard_page
from home.tests.test_modals import form_data

ADD = "/admin/snippets/home/pagemodal/add/"


@pytest.fixture
def member(shop):
    roles.apply()

    def member(role):
        user = User.objects.create_user(f"{role.replace(' ', '-')}@booktime.example", "a long enough password")
        user.groups.add(Group.objects.get(name=role))
        return user

    return member


def edit(modal):
    return f"/admin/snippets/home/pagemodal/edit/{modal.pk}/"


def published(slug="winter", *, pages=(), variants=(), **fields):
    modal = PageModal(**{"name": slug.title(), "slug": slug, "title": slug, **fields})
    modal.targets = [ModalTarget(page_id=page.pk) for page in pages]
    modal.variants = [ModalVariant(**variant) for variant in variants]
    modal.live = False
    modal.save()
    modal.save_revision().publish()
    modal.refresh_from_db()
    return modal


def test_a_marketer_writes_and_schedules_and_an_editor_puts_it_live(client, member):
    client.force_login(member(roles.MARKETER))
    answer = client.post(ADD, form_data(go_live_at="2030-01-02 09:00", expire_at="2030-01-09 09:00"))
    assert answer.status_code == 302
    modal = PageModal.objects.get()
    assert (modal.live, modal.latest_revision.as_object().go_live_at.year) == (False, 2030)

    client.post(edit(modal), form_data(**{"action-publish": "1"}))
    modal.refresh_from_db()
    assert (modal.live, modal.approved_schedule) == (False, False)

    client.post(edit(modal), form_data(go_live_at="2030-01-02 09:00", **{"action-submit": "1"}))
    state = modal.current_workflow_state
    assert state.status == WorkflowState.STATUS_IN_PROGRESS

    client.force_login(member(roles.EDITOR))
    task = state.current_task_state
    client.post(f"/admin/snippets/home/pagemodal/workflow/action/{modal.pk}/approve/{task.pk}/", {"comment": ""})
    modal = PageModal.objects.get()  # what is scheduled is remembered by the object
    assert (modal.live, modal.approved_schedule) == (False, True)

    with time_machine.travel("2030-01-02 09:00:01Z", tick=False):
        call_command("publish_scheduled")
    assert PageModal.objects.get().live


@pytest.mark.parametrize("role", [roles.OWNER, roles.EDITOR, roles.MARKETER, roles.OFFICE, roles.DISPATCH])
def test_who_sees_modals(client, member, role):
    modal = published()
    client.force_login(member(role))
    paths = ("/admin/snippets/home/pagemodal/", ADD, edit(modal), f"/admin/snippets/home/pagemodal/copy/{modal.pk}/",
             f"/admin/snippets/home/pagemodal/history/{modal.pk}/", f"/admin/snippets/home/pagemodal/usage/{modal.pk}/",
             "/admin/modals/calendar/", f"/admin/modals/{modal.pk}/figures/",
             f"/admin/modals/{modal.pk}/figures/?export=csv")  # fmt: skip
    publishing = (f"/admin/snippets/home/pagemodal/unpublish/{modal.pk}/", "/admin/settings/home/modalsettings/1/")

    def opens(path):
        return client.get(path).status_code == 200

    works = role in {roles.OWNER, roles.EDITOR, roles.MARKETER}
    assert {path for path in paths if opens(path)} == (set(paths) if works else set())
    assert opens(publishing[0]) == (role in {roles.OWNER, roles.EDITOR})


def test_a_marketer_cannot_publish_unpublish_or_delete_by_hand(client, member):
    modal = published()
    client.force_login(member(roles.MARKETER))

    for path in ("unpublish", "delete"):
        client.post(f"/admin/snippets/home/pagemodal/{path}/{modal.pk}/")

    modal.refresh_from_db()
    assert modal.live


def test_the_approval_of_the_shop_is_assigned_to_modals(shop):
    assert PageModal.get_default_workflow() == Workflow.objects.filter(active=True).first()


def test_the_list_says_where_when_and_what_it_did_in_as_many_queries_for_many(
    admin_client, shop, django_assert_max_num_queries
):
    about = standard_page(shop)
    modal = published(pages=[shop, about, about], priority=70)
    for number in range(12):
        published(f"offer-{number}", pages=[about])
    for event, count in (("shown", 200), ("clicked", 7)):
        ModalCount.objects.create(modal=modal, variant="A", day="2026-11-01", event=event, count=count)
    admin_client.get("/admin/snippets/home/pagemodal/")

    with django_assert_max_num_queries(25):
        content = admin_client.get("/admin/snippets/home/pagemodal/").content.decode()

    assert "BookTime, About us and 1 more" in content
    assert "3.5 %" in content
    assert f"/admin/modals/{modal.pk}/figures/" in content


def test_a_copy_begins_as_a_draft_with_an_address_of_its_own(admin_client, shop):
    modal = published(pages=[shop])

    form = admin_client.get(f"/admin/snippets/home/pagemodal/copy/{modal.pk}/").context["form"]

    assert (form.instance.name, form.instance.slug) == ("Copy of Winter", "")


def test_the_calendar_shows_a_month_and_warns_where_two_meet(admin_client, shop):
    about = standard_page(shop)
    at = lambda day: dt.datetime(2026, 11, day, 9, tzinfo=dt.UTC)  # noqa: E731
    with time_machine.travel("2026-10-01", tick=False):
        published("first", pages=[shop], go_live_at=at(3), expire_at=at(10))
        published("second", pages=[shop], go_live_at=at(9), expire_at=at(20))
        published("third", pages=[about], go_live_at=at(9), expire_at=at(20))
        published("later", pages=[shop], go_live_at=at(20), expire_at=at(21))
        response = admin_client.get("/admin/modals/calendar/?month=2026-11")
        other = admin_client.get("/admin/modals/calendar/?month=2026-12")

    month = response.context["month"]
    on = {
        slot.modal.slug: [day.day for day, is_on in zip(month.days, days, strict=True) if is_on]
        for slot, days in month.rows
    }
    assert on["first"] == list(range(3, 11))
    assert on["later"] == [20, 21]
    assert [(m.first.slug, m.second.slug, m.starts, m.ends) for m in month.meetings] == [
        ("first", "second", at(9), at(10))
    ]
    assert response.content.decode().count("data-meeting") == 1
    assert other.context["month"].rows == []


@pytest.fixture
def figures(admin_client):
    """`figures(modal)` is the screen; `figures.add(modal, "A", shown=3)` is what browsers said before."""

    class Screen:
        def __call__(self, modal):
            return admin_client.get(f"/admin/modals/{modal.pk}/figures/").content.decode()

        def add(self, modal, variant, **events):
            for event, count in events.items():
                row, _made = ModalCount.objects.get_or_create(
                    modal=modal, variant=variant, day="2026-11-01", event=event
                )
                ModalCount.objects.filter(pk=row.pk).update(count=row.count + count)

    return Screen()


def test_clicks_are_compared_only_when_the_planned_size_is_reached(figures, shop):
    modal = published(variants=[{"code": "B", "title": "x"}], expected_rate=10, detectable_change=10)
    assert modal.planned_size == 197

    figures.add(modal, "A", eligible=150, shown=150, clicked=15)
    figures.add(modal, "B", eligible=197, shown=197, clicked=79)
    early = figures(modal)
    assert "Clicks: Too early to compare: 150 of 197 planned visits" in early
    assert "data-comparison" not in early

    figures.add(modal, "A", shown=47, eligible=47, clicked=5)
    ripe = figures(modal)
    assert "Clicks: Version B – Version A: +21.7 to +37.7 points. The difference is more than chance." in ripe
    assert "Orders:" not in ripe


def test_orders_wait_for_a_size_of_their_own_among_those_who_were_shown_nothing(figures, shop):
    modal = published(expected_rate=10, detectable_change=10, hold_out=10)
    figures.add(modal, "A", eligible=9000, shown=9000, clicked=900, ordered=270)
    figures.add(modal, "-", eligible=500)
    unknown = figures(modal)
    assert "how many visits are needed is known once there are orders in the hold-out" in unknown

    figures.add(modal, "-", eligible=1500, ordered=20)
    early = figures(modal)
    assert "Orders: Too early to compare: 2000 of 2316 planned visits" in early
    assert "data-comparison" not in unknown + early

    figures.add(modal, "-", eligible=400, ordered=4)
    ripe = figures(modal)
    assert re.search(
        r"Orders: Version A – Hold-out: \+[0-9.]+ to \+[0-9.]+ points. The difference is more than chance.", ripe
    )
    assert "That holds for whoever reads it once" in ripe
    assert "their share is of all visits: it is smaller than the true one" in ripe


def test_the_more_is_compared_the_surer_each_comparison_must_be(figures, shop):
    """Three visits of a hundred apart: enough for one pair, chance among nine."""
    plan = {"expected_rate": 10, "detectable_change": 10}
    pair = published("pair", variants=[{"code": "B", "title": "x"}], **plan)
    many = published("many", variants=[{"code": code, "title": "x"} for code in "BCDE"], hold_out=10, **plan)
    assert (pair.comparisons, many.comparisons) == (1, 9)
    assert (pair.planned_size, many.planned_size) == (197, 327)

    for modal in (pair, many):
        figures.add(modal, "A", shown=1000, clicked=100)
        for version in modal.versions()[1:]:
            figures.add(modal, version.code, shown=1000, clicked=130)

    assert figures(pair).count("The difference is more than chance.") == 1
    content = figures(many)
    assert content.count("No difference is shown.") == 4
    assert "The difference is more than chance." not in content
    assert "Orders: Too early to compare: how many visits" in content


def test_a_draft_that_is_to_bring_an_ended_modal_back_is_on_the_calendar(admin_client, shop):
    at = lambda month, day: dt.datetime(2026, month, day, 9, tzinfo=dt.UTC)  # noqa: E731

    def lines(month):
        rows = admin_client.get(f"/admin/modals/calendar/?month=2026-{month}").context["month"].rows
        return [(str(slot.status), [day for day, is_on in enumerate(days, 1) if is_on]) for slot, days in rows]

    with time_machine.travel(at(11, 1), tick=False):
        modal = published(pages=[shop], go_live_at=at(11, 1), expire_at=at(11, 3))
    with time_machine.travel(at(11, 4), tick=False):
        call_command("publish_scheduled")
        modal.refresh_from_db()
        assert modal.expired
        assert lines(11) == [("Over", [1, 2, 3])]

        modal.go_live_at, modal.expire_at = at(12, 5), at(12, 6)
        modal.save_revision()

        assert lines(11) == [("Over", [1, 2, 3])]
        assert lines(12) == [("Draft", [5, 6])]


@pytest.mark.parametrize("month", ["0001-01", "1999-12", "3000-01", "9999-12", "2026-13", "soon", ""])
def test_a_month_that_the_calendar_does_not_have_is_this_one(admin_client, shop, month):
    with time_machine.travel("2026-11-20", tick=False):
        response = admin_client.get(f"/admin/modals/calendar/?month={month}")

    assert response.context["month"].first == dt.date(2026, 11, 1)


def test_the_calendar_asks_as_often_for_many_as_for_one(admin_client, shop, django_assert_num_queries):
    about = standard_page(shop)

    def add(number):
        """One that is live, one that is live and rewritten, one approved for later and one draft."""
        later = timezone.now() + dt.timedelta(minutes=5)
        published(f"live-{number}", pages=[shop, about])
        for slug, fields in (("rewritten", {}), ("draft", {"live": False}), ("approved", {"go_live_at": later})):
            modal = published(f"{slug}-{number}", pages=[shop, about])
            modal.exclusions = [ModalExclusion(page_id=about.pk)]
            for name, value in fields.items():
                setattr(modal, name, value)
            modal.save()
            revision = modal.save_revision()
            if slug == "approved":
                revision.publish()

    add(1)
    address = "/admin/modals/calendar/"
    admin_client.get(address)
    with CaptureQueriesContext(connection) as few:
        rows = len(admin_client.get(address).context["month"].rows)
    for number in (2, 3, 4):
        add(number)

    with django_assert_num_queries(len(few)):
        assert len(admin_client.get(address).context["month"].rows) == 4 * rows


def test_figures_are_exported_by_day_version_and_page(admin_client, shop):
    about = standard_page(shop, title="=HYPERLINK()")
    modal = published()
    for page, event, count in ((about.pk, "shown", 3), (about.pk, "clicked", 1), (0, "shown", 2), (999999, "seen", 4)):
        ModalCount.objects.create(
            modal=modal, variant="A", page_number=page, day="2026-11-01", event=event, count=count
        )

    answer = admin_client.get(f"/admin/modals/{modal.pk}/figures/?export=csv")

    assert answer["Content-Disposition"] == 'attachment; filename="modal-winter.csv"'
    assert answer.content.decode().splitlines() == [
        "Day,Version,Page,Could be shown,Shown,Seen,Dismissed,Clicked,Orders in the visit",
        "2026-11-01,A,,0,2,0,0,0,0",
        "2026-11-01,A,'=HYPERLINK(),0,3,0,0,1,0",
        "2026-11-01,A,#999999,0,0,4,0,0,0",
    ]


def test_intervals_are_those_of_the_literature():
    # Newcombe 1998, methods 3 and 10.
    assert [round(bound, 4) for bound in wilson(81, 263)] == [0.2553, 0.3662]
    assert [round(bound, 4) for bound in difference((48, 80), (56, 70))] == [0.0524, 0.3339]
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 3)[1] == 1.0
    # Two-sided 5 %, in one part and in four: tables of the normal distribution.
    assert [round(width_for(number), 4) for number in (1, 4)] == [1.96, 2.4977]
