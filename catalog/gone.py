"""Deleted books answer 410: search engines forget them at once instead of asking for months."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from wagtail.contrib.redirects.models import Redirect

from catalog.addresses import BOOKS
from catalog.models import GoneAddress, ProductPage
from catalog.models.pages import address_is_taken

_LONGEST = 255


class GoneMiddleware:
    """Turns the 404 of a deleted book's address into 410. Stands before the redirects, which have the first word."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or not (slug := slug_in(request.path_info)):
            return response
        if not GoneAddress.objects.filter(slug=slug).exists() or address_is_taken(slug):
            return response
        return render(request, "410.html", status=410)


def slug_in(path: str) -> str:
    """The slug of the book that a path without a language names; nothing where it names none."""
    beginning = f"/{BOOKS}/"
    if not path.startswith(beginning):
        return ""
    slug, slash, rest = path.removeprefix(beginning).partition("/")
    return slug if slash and not rest and len(slug) <= _LONGEST and "\x00" not in slug else ""


def book_is_going(instance: ProductPage, **_kwargs: Any) -> None:
    """A book is about to be deleted: remember its address and its earlier ones, if it ever was published."""
    if not instance.first_published_at and not instance.live:
        return
    earlier = Redirect.objects.filter(redirect_page=instance.pk).values_list("old_path", flat=True)
    slugs = {instance.slug, *(slug_in(f"{unquote(path)}/") for path in earlier)} - {""}
    GoneAddress.objects.bulk_create([GoneAddress(slug=slug) for slug in sorted(slugs)], ignore_conflicts=True)
