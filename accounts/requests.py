"""Requests, for type checkers."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request behind `login_required` or an admin check: somebody is signed in."""

    user: User
