"""What pages of the office share: rows that are only looked at, a question before a deed, the deed itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.permission_policies import ModelPermissionPolicy

from commerce.exceptions import CommerceError


class LookedAtPolicy(ModelPermissionPolicy):
    """Rows that are looked at. What changes them are actions, each with its own permission."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        """View only, whatever else the user was given."""
        return action == "view" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Iterable[str]) -> bool:
        """View only."""
        return any(self.user_has_permission(user, action) for action in actions)


def refuse_without(request: HttpRequest, permission: str) -> None:
    """Raises PermissionDenied where the colleague may not."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def confirm(
    request: HttpRequest,
    *,
    title: str,
    question: str,
    label: str,
    action_url: str,
    back_url: str,
    lines: Iterable[Any] = (),
    wants_reason: bool = True,
    asks_restock: bool = False,
    is_serious: bool = False,
) -> HttpResponse:
    """The page that asks before something is done."""
    context = {
        "question": question,
        "label": label,
        "lines": lines,
        "action_url": action_url,
        "back_url": back_url,
        "wants_reason": wants_reason,
        "asks_restock": asks_restock,
        "is_serious": is_serious,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": back_url, "label": title},
            {"url": "", "label": label},
        ],
        "header_title": label,
    }
    return render(request, "commerce/office/confirm.html", context)


def act(request: HttpRequest, back_url: str, action: Callable[[], object], done: str) -> HttpResponse:
    """Do it, and tell what was done or why not."""
    try:
        action()
    except CommerceError as refusal:
        messages.error(request, refusal.public)
    else:
        messages.success(request, done)
    return redirect(back_url)
