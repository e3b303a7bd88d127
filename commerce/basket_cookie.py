"""The cookie by which a browser's basket is known when nobody is signed in. No session is made for it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

NAME = "basket"
SALT = "commerce.basket"
SECONDS = 60 * 60 * 24 * 60
"""Sixty days: a basket survives the browser's restart."""


def read(request: HttpRequest) -> str:
    """The browser's token; empty where there is no cookie, or one that we did not sign."""
    return str(request.get_signed_cookie(NAME, default="", salt=SALT, max_age=SECONDS) or "")


def write(response: HttpResponse, token: str) -> None:
    """Give the browser its token, good for another sixty days."""
    response.set_signed_cookie(
        NAME, token, salt=SALT, max_age=SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def forget(response: HttpResponse) -> None:
    """Take the token away: what it stood for has joined a customer's basket."""
    response.delete_cookie(NAME, samesite="Lax")
