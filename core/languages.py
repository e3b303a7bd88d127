"""The language is in the address and nowhere else: `/…` is the shop's first language, `/fr/…` is French. ADR 0022.

What stands behind the prefix is the same for every language, so it is taken off at the door: views, addresses and rules
know paths without it, and whatever address they make carries the prefix of the visitor's language.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from wagtail.contrib.redirects.middleware import RedirectMiddleware as WagtailRedirectMiddleware

from core.middleware import OWN_POLICY

Handler = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Translation:
    """An address in a language of the shop: its code, its own name for itself, and the path."""

    code: str
    name: str
    path: str


def split(path: str) -> tuple[str, str]:
    """The language that a path names, and the path behind it: ("fr", "/books/") of "/fr/books/"."""
    first, slash, rest = path[1:].partition("/")
    if slash and first != settings.LANGUAGE_CODE and first in dict(settings.LANGUAGES):
        return first, f"/{rest}"
    return settings.LANGUAGE_CODE, path


def prefix(code: str) -> str:
    """What addresses in a language begin with."""
    return "/" if code == settings.LANGUAGE_CODE else f"/{code}/"


def translations(path: str) -> list[Translation]:
    """The same address in every language of the shop, the first language first; nothing where there is only one."""
    if len(settings.LANGUAGES) < 2:
        return []
    bare = split(path)[1].removeprefix("/")
    return [Translation(code, str(name), f"{prefix(code)}{bare}") for code, name in settings.LANGUAGES]


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Words and addresses in a language, as long as it lasts; in the shop's first one where it does not speak it."""
    known = code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    before = get_script_prefix()
    set_script_prefix(prefix(known))
    try:
        with translation.override(known):
            yield
    finally:
        set_script_prefix(before)


class LanguageMiddleware:
    """Takes the language off the address. The office has none: its language is in the profile of who works there."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        code, request.path_info = split(request.path_info)
        if code != settings.LANGUAGE_CODE and request.path_info.startswith(OWN_POLICY):
            return HttpResponseRedirect(request.get_full_path_info())
        with speaking(code):
            return self.get_response(request)


class RedirectMiddleware(WagtailRedirectMiddleware):
    """Wagtail's redirects, for an address in any language."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Look for the path without its language; where it leads is said in that language. A circle is no way."""
        bare = copy.copy(request)
        bare.path = request.path_info
        led = super().process_response(bare, response)
        is_circle = led is not response and urlsplit(led.headers.get("Location", "")).path == request.path
        return response if is_circle else led
