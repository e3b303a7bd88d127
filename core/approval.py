"""What is looked at where nobody presses "Publish": an approval that would publish, and a publication at its time.

An approval is stopped by `publish_approved`, which Wagtail calls at its end (WAGTAIL_FINISH_WORKFLOW_ACTION) inside its
transaction and without a request; `ApprovalMiddleware` tells the editor. What was scheduled in order and has a problem
that stops when its time comes is held back by `hold_back`, which `core.models.BasePage.publish` asks.

Wagtail reads this module while its own models are made: what needs models is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from wagtail.models import Page, Revision, WorkflowState

    from core.checks import Problem

Handler = Callable[[HttpRequest], HttpResponse]

BY_THE_CLOCK = "wagtail.publish.scheduled"
"""What Wagtail's `publish_scheduled` calls its publications in the log."""

_asked_by: ContextVar[HttpRequest | None] = ContextVar("asked_by", default=None)


class NotPublished(Exception):  # noqa: N818 - not an error
    """A page was approved that may not be published like this."""

    def __init__(self, page: Page, problems: Iterable[Problem]) -> None:
        super().__init__(page, problems)
        self.page, self.problems = page, problems


class ApprovalMiddleware:
    """Tells who approves a page what is wrong with it: why it was not published, or what could be better."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _asked_by.set(request)
        try:
            return self.get_response(request)
        finally:
            _asked_by.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Back to the editor; the dialog in which Wagtail asks for a comment goes there too."""
        if not isinstance(exception, NotPublished):
            return None
        begin = _("“%(title)s” stays in review, not published:") % {"title": exception.page.get_admin_display_title()}
        messages.error(request, listed(begin, exception.problems))
        address = reverse("wagtailadmin_pages:edit", args=[exception.page.pk])
        if request.headers.get("X-Requested-With") == "XMLHttpRequest":
            return JsonResponse({"step": "success", "redirect": address})
        return redirect(address)


def publish_approved(workflow_state: WorkflowState, user: Any = None) -> None:
    """Publish what was approved, or schedule it. A page with a problem that stops is not approved.

    Raises:
        NotPublished: it has one; the approval is undone with it.
    """
    from wagtail.models import Page
    from wagtail.workflows import publish_workflow_state

    from core.checks import problems_of

    draft = workflow_state.content_object.get_latest_revision_as_object()
    problems = problems_of(draft) if isinstance(draft, Page) else []
    if stopping := [problem for problem in problems if problem.stops]:
        raise NotPublished(draft, stopping)
    publish_workflow_state(workflow_state, user=user)
    if problems and (request := _asked_by.get()):
        messages.warning(request, could_be_better(draft, problems))


def hold_back(revision: Revision) -> bool:
    """True where a page whose time has come may not be published: its schedule ends, and who made it is told."""
    from wagtail.log_actions import log
    from wagtail.models import Revision

    from core.checks import problems_of
    from core.mail.held_back import post_held_back

    draft = revision.as_object()
    stopping = [problem.message for problem in problems_of(draft) if problem.stops]
    if not stopping:
        return False
    with transaction.atomic():
        Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=None)
        facts = {
            "id": revision.pk,
            "created": revision.created_at.isoformat(),
            "go_live_at": revision.approved_go_live_at and revision.approved_go_live_at.isoformat(),
            "has_live_version": draft.live,
        }
        log(instance=draft, action="wagtail.schedule.cancel", data={"revision": facts}, revision=revision)
        post_held_back(revision, stopping)
    return True


def could_be_better(page: Page, problems: Iterable[Problem]) -> SafeString:
    """What does not stop a page, in words."""
    return listed(_("“%(title)s” could be better:") % {"title": page.get_admin_display_title()}, problems)


def listed(begin: str, problems: Iterable[Problem]) -> SafeString:
    """Problems as a message of the admin."""
    lines = format_html_join("", "<li>{}</li>", ((problem.message,) for problem in problems))
    return format_html("{}<ul>{}</ul>", begin, lines)
