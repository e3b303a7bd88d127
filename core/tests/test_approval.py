"""What is approved or scheduled is looked at before it is public, as what is published by hand is."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.urls import reverse
from wagtail.models import PageLogEntry, Revision, TaskState, Workflow, WorkflowState

from catalog.models import ProductPage
from catalog.tests.factories import book
from catalog.tests.test_checks import contentstate, form_of
from core.approval import NotPublished
from home.models import StandardPage

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
BROKEN = '<p><a linktype="page" id="99999">there</a></p>'
AJAX = {"x-requested-with": "XMLHttpRequest"}


@pytest.fixture
def owner(db):
    return get_user_model().objects.create_superuser(email="owner@booktime.example", password="x" * 14)


@pytest.fixture
def editor(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def about(shop) -> StandardPage:
    """A public page."""
    page = shop.add_child(instance=StandardPage(title="About us", slug="about-us", intro="<p>Old.</p>"))
    page.save_revision().publish()
    return StandardPage.objects.get(pk=page.pk)


def submitted(page, user, **changes) -> TaskState:
    """A new wording of the page, given to those who approve."""
    page = page.specific_class.objects.get(pk=page.pk)
    for name, value in changes.items():
        setattr(page, name, value)
    page.save_revision(user=user)
    return Workflow.objects.filter(active=True).first().start(page, user).current_task_state


def approve(client, page, task: TaskState, **headers):
    address = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", task.pk])
    return client.post(address, {"comment": "Fine."}, headers=headers)


def words_on(client, page) -> str:
    """The page's own editor, with what it was told."""
    return client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()


def public(page) -> str:
    return StandardPage.objects.get(pk=page.pk).intro


def of_the_form(page, **changes) -> dict[str, str]:
    return form_of(page, **changes) | {"comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0"}


def test_an_approval_does_not_publish_a_broken_link_and_says_why(editor, owner, about):
    task = submitted(about, owner, intro=BROKEN)

    response = approve(editor, about, task)

    assert (response.status_code, response["Location"]) == (302, f"/admin/pages/{about.pk}/edit/")
    words = words_on(editor, about)
    assert "“About us” stays in review, not published:" in words
    assert "A link leads nowhere: page 99999." in words
    task.refresh_from_db()
    assert (public(about), task.status) == ("<p>Old.</p>", TaskState.STATUS_IN_PROGRESS)
    assert WorkflowState.objects.get().status == WorkflowState.STATUS_IN_PROGRESS
    assert not PageLogEntry.objects.filter(action="wagtail.workflow.approve").exists()


def test_the_dialog_for_a_comment_leads_to_the_same_words(editor, owner, about):
    task = submitted(about, owner, intro=BROKEN)

    response = approve(editor, about, task, **AJAX)

    assert response.json() == {"step": "success", "redirect": f"/admin/pages/{about.pk}/edit/"}
    assert "stays in review, not published" in words_on(editor, about)
    assert public(about) == "<p>Old.</p>"


def test_an_approval_in_the_form_keeps_what_was_written_there(editor, owner, about, settings):
    settings.WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = False  # else who changes it approves it once more
    submitted(about, owner, intro="<p>New.</p>")
    form = of_the_form(about, intro=contentstate(99999))

    editor.post(
        reverse("wagtailadmin_pages:edit", args=[about.pk]),
        {**form, "action-workflow-action": "1", "workflow-action-name": "approve"},
    )

    assert "stays in review, not published" in words_on(editor, about)
    assert public(about) == "<p>Old.</p>"
    assert "99999" in StandardPage.objects.get(pk=about.pk).get_latest_revision_as_object().intro


def test_a_wrong_isbn_is_not_approved(editor, owner, shop):
    page = ProductPage.objects.get(pk=book("Persuasion", isbn="9780306406158").pk)
    page.unpublish()
    task = submitted(page, owner)

    approve(editor, page, task)

    assert ProductPage.objects.get(pk=page.pk).live is False
    assert "An ISBN is wrong" in words_on(editor, page)


def test_what_was_mended_is_approved_and_what_could_be_better_is_said(editor, owner, about, shop):
    draft = shop.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    task = submitted(about, owner, intro=f'<p><a linktype="page" id="{draft.pk}">there</a></p>')

    approve(editor, about, task)

    words = words_on(editor, about)
    assert "“About us” could be better:" in words
    assert "A link leads to a page that is not published: Draft." in words
    assert str(draft.pk) in public(about)
    assert WorkflowState.objects.get().status == WorkflowState.STATUS_APPROVED


def test_an_approval_outside_the_admin_is_stopped_too(owner, about):
    task = submitted(about, owner, intro=BROKEN)

    with pytest.raises(NotPublished, match="link-broken"):
        task.task.specific.on_action(task, owner, "approve")

    task.refresh_from_db()
    assert (public(about), task.status) == ("<p>Old.</p>", TaskState.STATUS_IN_PROGRESS)


# --- What is scheduled -------------------------------------------------------------------------


def later(hours: int = 1) -> dt.datetime:
    return NOON + dt.timedelta(hours=hours)


def waiting(page) -> list[dt.datetime]:
    """When the page is to be published by the clock."""
    rows = Revision.page_revisions.filter(object_id=page.pk, approved_go_live_at__isnull=False)
    return list(rows.values_list("approved_go_live_at", flat=True))


@pytest.mark.parametrize(("target", "expected"), [("99999", []), ("mine", [later()])])
def test_a_broken_link_is_not_scheduled(editor, about, target, expected):
    link = contentstate(about.pk if target == "mine" else int(target))
    with time_machine.travel(NOON, tick=False):
        form = of_the_form(about, intro=link, go_live_at="2026-11-20 13:00")
        response = editor.post(
            reverse("wagtailadmin_pages:edit", args=[about.pk]), {**form, "action-publish": "1"}, follow=True
        )

    assert waiting(about) == expected
    assert ("is saved as a draft, not published" in response.content.decode()) == (not expected)


def test_a_broken_link_is_not_scheduled_by_an_approval(editor, owner, about):
    with time_machine.travel(NOON, tick=False):
        broken = submitted(about, owner, intro=BROKEN, go_live_at=later())
        approve(editor, about, broken)
        assert waiting(about) == []
        assert "stays in review, not published" in words_on(editor, about)

        WorkflowState.objects.get().cancel(user=owner)
        approve(editor, about, submitted(about, owner, intro="<p>New.</p>", go_live_at=later()))
        assert waiting(about) == [later()]


@pytest.fixture
def scheduled(shop, about, owner):
    """The public page with a new wording for an hour later, which links to a page that is deleted before that."""
    target = shop.add_child(instance=StandardPage(title="Summer", slug="summer"))
    with time_machine.travel(NOON, tick=False):
        about.intro = f'<p><a linktype="page" id="{target.pk}">there</a></p>'
        about.go_live_at = later()
        about.save_revision(user=owner).publish(user=owner)
        assert waiting(about) == [later()]
    return about, target


def run_the_clock(at: dt.datetime, capture) -> None:
    with time_machine.travel(at, tick=False), capture(execute=True):
        call_command("publish_scheduled")


def test_what_was_scheduled_in_order_is_held_back_where_a_link_broke_since_and_its_editor_is_told(
    editor, scheduled, django_capture_on_commit_callbacks
):
    page, target = scheduled
    target.delete()
    mail.outbox.clear()

    for minutes in (1, 2):
        run_the_clock(later() + dt.timedelta(minutes=minutes), django_capture_on_commit_callbacks)

    assert (public(page), waiting(page)) == ("<p>Old.</p>", [])
    [told] = mail.outbox
    assert (told.to, told.subject) == (["owner@booktime.example"], "Not published: About us")
    assert f"- A link leads nowhere: page {target.pk}. What it leads to was deleted: change or remove it." in told.body
    assert f"/admin/pages/{page.pk}/edit/" in told.body
    assert PageLogEntry.objects.filter(page=page.pk, action="wagtail.schedule.cancel").count() == 1
    history = editor.get(reverse("wagtailadmin_pages:history", args=[page.pk])).content.decode()
    assert "unscheduled from publishing" in history
    assert "A link leads nowhere" in words_on(editor, page)


def test_what_is_in_order_at_its_time_is_published(scheduled, django_capture_on_commit_callbacks):
    page, target = scheduled
    mail.outbox.clear()

    run_the_clock(later() + dt.timedelta(minutes=1), django_capture_on_commit_callbacks)

    assert str(target.pk) in public(page)
    assert mail.outbox == []


def test_what_was_held_back_and_mended_is_scheduled_and_published(owner, scheduled, django_capture_on_commit_callbacks):
    page, target = scheduled
    target.delete()
    run_the_clock(later() + dt.timedelta(minutes=1), django_capture_on_commit_callbacks)

    with time_machine.travel(later(2), tick=False):
        page = StandardPage.objects.get(pk=page.pk).get_latest_revision_as_object()
        page.intro, page.go_live_at = "<p>Mended.</p>", later(3)
        page.save_revision(user=owner).publish(user=owner)
    run_the_clock(later(3) + dt.timedelta(minutes=1), django_capture_on_commit_callbacks)

    assert public(page) == "<p>Mended.</p>"


def test_nobody_left_to_tell_is_customer_service(shop, about, settings, django_capture_on_commit_callbacks):
    with time_machine.travel(NOON, tick=False):
        about.intro, about.go_live_at = BROKEN, later()
        about.save_revision().publish()
    mail.outbox.clear()

    run_the_clock(later() + dt.timedelta(minutes=1), django_capture_on_commit_callbacks)

    assert [told.to for told in mail.outbox] == [[settings.CUSTOMER_SERVICE_EMAIL]]
