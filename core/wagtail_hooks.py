"""What every page of the shop passes through in the Wagtail admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.userbar import ContentCheckerItem
from wagtail.models import Page
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from core.approval import could_be_better, listed
from core.checks import problems_of
from core.content_checker import ShopChecker
from core.mail.models import MailText, OutgoingMail
from core.mail.viewsets import LimitedPolicy, MailPanel, MailTextViewSet, OutgoingMailViewSet, SendAgain

register_permission_policy(OutgoingMail, LimitedPolicy(OutgoingMail, "view"))
register_permission_policy(MailText, LimitedPolicy(MailText, "view", "change"))
register_snippet(MailTextViewSet)
hooks.register("register_bulk_action", SendAgain)


@hooks.register("construct_wagtail_userbar")
def check_with_our_rules(request: HttpRequest, items: list[Any], page: Page) -> None:
    """The content checker knows the shop's own rules."""
    for place, item in enumerate(items):
        if isinstance(item, ContentCheckerItem) and not isinstance(item, ShopChecker):
            items[place] = ShopChecker(in_editor=item.in_editor)


@hooks.register("register_admin_viewset")
def outgoing_mail() -> OutgoingMailViewSet:
    """Mail that leaves, or does not."""
    return OutgoingMailViewSet()


@hooks.register("construct_homepage_panels")
def mail_that_does_not_leave(request: HttpRequest, panels: list[Any]) -> None:
    """The first page says so."""
    panels.append(MailPanel())


@hooks.register("register_permissions")
def mail_permissions() -> QuerySet[Permission]:
    """Who may read and send mails again, beside Wagtail's own for their texts."""
    return Permission.objects.filter(
        content_type__app_label="core", codename__in=("view_outgoingmail", "change_outgoingmail")
    )


@hooks.register("before_publish_page")
def stop_before_publishing(request: HttpRequest, page: Page) -> HttpResponse | None:
    """A page with a problem that stops stays a draft."""
    stopping = [problem for problem in problems_of(page.specific) if problem.stops]
    if not stopping:
        return None
    begin = _("“%(title)s” is saved as a draft, not published:") % {"title": page.get_admin_display_title()}
    messages.error(request, listed(begin, stopping))
    return redirect("wagtailadmin_pages:edit", page.pk)


@hooks.register("after_publish_page")
def warn_after_publishing(request: HttpRequest, page: Page) -> None:
    """Problems that do not stop are said."""
    if problems := problems_of(page.specific):
        messages.warning(request, could_be_better(page, problems))


@hooks.register("before_bulk_action")
def stop_before_publishing_many(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: object
) -> HttpResponse | None:
    """The same where many pages are published at once: none is, while one of them has a problem that stops."""
    if action_type != "publish":
        return None
    for page in objects:
        if isinstance(page, Page) and (
            response := stop_before_publishing(request, page.get_latest_revision_as_object())
        ):
            return response
    return None
