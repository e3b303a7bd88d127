"""What every page of the shop passes through in the Wagtail admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.userbar import ContentCheckerItem
from wagtail.models import Page

from core.approval import could_be_better, listed
from core.checks import problems_of
from core.content_checker import ShopChecker


@hooks.register("construct_wagtail_userbar")
def check_with_our_rules(request: HttpRequest, items: list[Any], page: Page) -> None:
    """The content checker knows the shop's own rules."""
    for place, item in enumerate(items):
        if isinstance(item, ContentCheckerItem) and not isinstance(item, ShopChecker):
            items[place] = ShopChecker(in_editor=item.in_editor)


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
