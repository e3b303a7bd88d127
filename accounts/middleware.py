"""Rules that hold for every request of somebody who is signed in."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.second_factor import has_second_factor
from accounts.staff import is_staff_member

Handler = Callable[[HttpRequest], HttpResponse]

CUSTOMER_IDLE_SECONDS = 14 * 24 * 60 * 60
STAFF_IDLE_SECONDS = 8 * 60 * 60
SEEN_EVERY_SECONDS = 5 * 60
"""How exactly the time of the last visit is kept: a session is not written anew for each page."""
SEEN = "seen"

ADMIN = ("/admin/", "/django-admin/")


class IdleSessionMiddleware:
    """Ends sessions that nobody used: a customer's after 14 days, those of staff after 8 hours."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        # Pages that did not look at the session stay without a query for it.
        if session.accessed and SESSION_KEY in session:
            now = int(time.time())
            if now - session.get(SEEN, 0) >= SEEN_EVERY_SECONDS:
                session[SEEN] = now
                session.set_expiry(STAFF_IDLE_SECONDS if is_staff_member(request.user) else CUSTOMER_IDLE_SECONDS)
        return response


class StaffMiddleware:
    """The admin is for staff, and for staff with a second factor: who has none yet is led to set one up.

    Customers are told so, and not sent to the sign-in page that they come from.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(ADMIN) and request.user.is_authenticated:
            if not is_staff_member(request.user):
                raise PermissionDenied
            if settings.STAFF_SECOND_FACTOR and not has_second_factor(request.user):
                messages.warning(request, _("Before the admin opens, please add a passkey or an app with codes."))
                return redirect("mfa_index")
        return self.get_response(request)
