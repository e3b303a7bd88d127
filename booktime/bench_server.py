"""The shop as `make bench` asks it over HTTP: as it is, without its page cache, or a bare view with the same bytes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "booktime.settings.production")

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

KIND = os.environ["BENCH_KIND"]
BODIES = [file.read_bytes() for file in sorted(Path(os.environ["BENCH_BODIES"]).iterdir())]
CPU = "/bench/cpu"
"""Where the server says how much processor time it has used, in seconds."""


def bare(_request: HttpRequest, number: int) -> HttpResponse:
    """The limit: the compressed bytes of a page from memory, without middleware."""
    return HttpResponse(BODIES[number], headers={"Content-Encoding": "gzip"})


urlpatterns = [path("<int:number>/", bare)]

# Nothing need be collected first.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
django.setup()
if KIND == "bare":
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = __name__
elif KIND == "uncached":
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "core.page_cache.PageCacheMiddleware"]

_shop = ASGIHandler()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The shop, and its processor time."""
    if scope["type"] == "http" and scope["path"] == CPU:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(time.process_time()).encode()})
    else:
        await _shop(scope, receive, send)
