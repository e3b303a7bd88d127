"""Whole pages from the cache: what every visitor is given alike. ADR 0008.

An answer is stored compressed together with the versions of what it was built from ("site", "catalogue",
"book:12"). A change purges those names, so the next request sees it; expiry is only the net below. A hit
is one read of the cache, before sessions, users or Wagtail run.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qsl, urlencode

from django.core.cache import BaseCache, caches
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.utils import timezone
from django.utils.http import parse_etags

from core import cdn, languages
from core.middleware import OWN_POLICY, PERSONAL

Handler = Callable[[HttpRequest], HttpResponse]

SITE = "site"
"""What stands around every page: menus, footer, company pages, snippets."""
CATALOGUE = "catalogue"
"""What lists say: any book, price or figure of stock."""
BOOKS = "books"
"""Which books there are and what editors wrote of them; not what they cost."""

PARAMETERS = frozenset(
    {"page", "sort", "format", "language", "availability", "price", "tag", "edition", "picture", "sent"}
)
"""Query parameters that change a page. Any other, a campaign's say, is neither in the key nor seen by the page."""

LONGEST_VALUE = 255
"""Characters of a parameter's value: what is longer is not seen by the page either."""

OWN_ADDRESSES = (
    *PERSONAL, *OWN_POLICY, "/media/", "/static/", "/documents/", "/healthz", "/readyz", "/search/", "/_util/",
    "/feeds/", "/sitemap", "/social/",
)  # fmt: skip
"""Where no page for everybody lives, or where the address holds anything a visitor types."""

SECONDS = 60 * 60
RENDER_SECONDS = 10
STAMP = "pages.stamp"
AT_HAND = 500
"""Pages that a process keeps in its own memory: some 10 MB."""
_at_hand: dict[str, Entry] = {}
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_NOT_KEPT = frozenset({"vary", "cache-control", "etag", "content-length", "content-encoding", "expires", "date"})

horizons: dict[str, list[Callable[[], dt.datetime | None]]] = {SITE: [], CATALOGUE: []}
"""Each says when something that pages show will change by itself next: rooms with dated things add theirs, under the
name that is purged when they are written.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored answer: compressed body, headers, tag, and the versions of what it was built from."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    etag: str
    until: float
    """Time stamp from which it holds no longer, whatever else is true."""
    stamp: str
    versions: dict[str, str]


def built_from(request: HttpRequest, *names: str) -> None:
    """Say what the page is built from besides `SITE`, where that is less than the whole catalogue."""
    request.built_from = {SITE, *names}  # type: ignore[attr-defined]


def built_from_besides(request: HttpRequest, *names: str) -> None:
    """Say what stands on the page besides: no matter where all of the catalogue is named already."""
    if hasattr(request, "built_from"):
        request.built_from |= set(names)


def understood(request: HttpRequest, *parameters: tuple[str, str]) -> None:
    """Say which parameters of the address the page made sense of.

    An address with any other (an edition that the book does not have) is rendered each time: nobody fills the cache.
    """
    request.understood = getattr(request, "understood", frozenset()) | set(parameters)  # type: ignore[attr-defined]


def purge(*names: str) -> None:
    """Make every stored page that was built from one of these stale, as soon as the data is committed.

    Then it asks when the catalogue changes by itself next, so that no page need; of the site, pages know it anyway.
    """
    transaction.on_commit(partial(_purge, names))
    if CATALOGUE in names:
        transaction.on_commit(lambda: _look_ahead(CATALOGUE), robust=True)
    if cdn.is_used():
        transaction.on_commit(lambda: cdn.forget(names), robust=True)


def purge_when_saved(*models: type[Model], name: str = SITE) -> None:
    """Purge whenever a row of these models is saved or deleted."""
    for model in models:
        for signal in (post_save, post_delete):
            signal.connect(
                lambda **_kwargs: purge(name), sender=model, weak=False, dispatch_uid=f"purge-{model._meta.label}"
            )


class PageCacheMiddleware:
    """Answers from the cache where it can, and stores what everybody may have.

    Pages are the same for those who are signed in: what is personal lies under `OWN_ADDRESSES`. An answer
    that read the session, sets a cookie or says that it is private is never stored.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A preview comes as a request for the page's own address: it must not be answered with the page itself.
        is_preview = getattr(request, "is_dummy", False)
        _language, path = languages.split(request.path_info)
        if request.method not in {"GET", "HEAD"} or path.startswith(OWN_ADDRESSES) or is_preview:
            return self.get_response(request)
        cache = caches["pages"]
        asked = request.META.get("QUERY_STRING", "")
        query = _known(asked)
        key = _key(request, query)
        entry, stamp = _read(cache, key)
        if entry is not None and entry.until <= time.time():
            entry = None
        if entry is not None and entry.stamp == stamp:
            return _answer(request, entry, lasting=not asked)
        if entry is not None and _versions(cache, entry.versions) == entry.versions:
            entry = replace(entry, stamp=stamp)
            cache.set(key, entry, SECONDS)
            return _answer(request, entry, lasting=not asked)
        mine = cache.add(f"{key}.rendering", uuid.uuid4().hex, RENDER_SECONDS)
        if not mine and (other := entry or _wait_for(cache, key)):
            return _answer(request, other)
        try:
            if mine:  # somebody may have finished between the two calls
                other, stamp = _read(cache, key)
                if other is not None and other.stamp == stamp and other.until > time.time():
                    return _answer(request, other, lasting=not asked)
            return self._render(request, cache, key, stamp, query)
        finally:
            if mine:
                cache.delete(f"{key}.rendering")

    def _render(self, request: HttpRequest, cache: BaseCache, key: str, stamp: str, query: str) -> HttpResponse:
        asked = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query
        request.GET = QueryDict(query)  # type: ignore[assignment]
        response = self.get_response(request)
        if not _is_for_everybody(response) or not _is_understood(request, query):
            # An unpublished page is gone for those too who would be given the old answer while somebody renders.
            cache.delete(key)
            response.setdefault("Cache-Control", "private, no-cache")
            return response
        versions = _versions(cache, getattr(request, "built_from", {SITE, CATALOGUE, BOOKS}))
        entry = Entry(
            body=gzip.compress(response.content, 6, mtime=0),
            headers=tuple((name, value) for name, value in response.items() if name.lower() not in _NOT_KEPT),
            etag=f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"',
            until=time.time() + (seconds := _seconds(cache)),
            stamp=stamp,
            versions=versions,
        )
        if not query and _may_last(request, entry):
            cdn.note(_address(request), versions)
        # A change while the page was rendered may have come too late for it: such a page is shown once, not kept.
        if cache.get(STAMP) != stamp or seconds <= 0:
            return _answer(request, entry)
        cache.set(key, entry, seconds)
        return _answer(request, entry, lasting=not asked)


def _known(query: str) -> str:
    pairs = {pair for pair in parse_qsl(query) if pair[0] in PARAMETERS and len(pair[1]) <= LONGEST_VALUE}
    return urlencode(sorted(pairs))


def _is_understood(request: HttpRequest, query: str) -> bool:
    return getattr(request, "understood", frozenset()).issuperset(parse_qsl(query))


def _address(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}{request.get_full_path().partition('?')[0]}"


def _key(request: HttpRequest, query: str) -> str:
    return "page." + hashlib.sha256(f"{_address(request)}?{query}".encode()).hexdigest()[:40]


def _read(cache: BaseCache, key: str) -> tuple[Entry | None, str]:
    """The stored page, and the stamp of now: from this process's own memory while nothing at all was purged."""
    entry = _at_hand.get(key)
    if entry is not None and entry.until > time.time() and cache.get(STAMP) == entry.stamp:
        return entry, entry.stamp
    found = cache.get_many([key, STAMP])
    entry, stamp = found.get(key), found.get(STAMP)
    if stamp is None:
        cache.add(STAMP, uuid.uuid4().hex, None)
        stamp = cache.get(STAMP, "")
    if entry is not None and entry.stamp == stamp:
        if len(_at_hand) >= AT_HAND:
            _at_hand.clear()
        _at_hand[key] = entry
    return entry, stamp


def _versions(cache: BaseCache, names: Iterable[str]) -> dict[str, str]:
    """The present version of each name; one that was never purged, or was lost, begins anew."""
    keys = {f"pages.version.{name}": name for name in names}
    found = cache.get_many(keys)
    for key in keys.keys() - found.keys():
        cache.add(key, uuid.uuid4().hex, None)
        found[key] = cache.get(key, "")
    return {name: found[key] for key, name in keys.items()}


def _purge(names: Iterable[str]) -> None:
    """Two stamps: by the first, who renders at this moment sees that the new versions are not his; by the second,
    who compared the old versions under the first stamp compares once more.
    """
    cache = caches["pages"]
    cache.set(STAMP, uuid.uuid4().hex, None)
    cache.set_many(dict.fromkeys((f"pages.version.{name}" for name in names), uuid.uuid4().hex), None)
    cache.set(STAMP, uuid.uuid4().hex, None)


def _look_ahead(name: str) -> dt.datetime:
    """Ask when something under that name changes by itself next, and remember it with the version of the name."""
    cache = caches["pages"]
    version = _versions(cache, [name])[name]
    until = min((moment for horizon in horizons.get(name, ()) if (moment := horizon())), default=_NEVER)
    cache.set(f"pages.horizon.{name}", (version, until), None)
    return until


def _seconds(cache: BaseCache) -> float:
    """How long a page may be kept: not beyond the moment at which something changes by itself."""
    now, versions = timezone.now(), _versions(cache, horizons)
    kept = cache.get_many([f"pages.horizon.{name}" for name in versions])
    moments = [now + dt.timedelta(seconds=SECONDS)]
    for name, version in versions.items():
        asked_at, until = kept.get(f"pages.horizon.{name}", ("", _NEVER))
        moments.append(until if asked_at == version and until > now else _look_ahead(name))
    return (min(moments) - now).total_seconds()


def _wait_for(cache: BaseCache, key: str) -> Entry | None:
    """The page that somebody else is rendering at this moment, if it comes soon."""
    until = time.monotonic() + RENDER_SECONDS / 2
    first = rendering = cache.get(f"{key}.rendering")
    while True:  # who renders is asked before the page: whoever is gone by then has left it, or it is not kept
        if (entry := cache.get(key)) is not None and entry.until > time.time():
            return entry
        if rendering is None or rendering != first or time.monotonic() > until:
            return None
        time.sleep(0.05)
        rendering = cache.get(f"{key}.rendering")


def _is_for_everybody(response: HttpResponse) -> bool:
    varies_by = {name.strip().lower() for name in response.get("Vary", "").split(",")}
    told = response.get("Cache-Control", "").lower()
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and varies_by <= {"", "accept-encoding"}
        and not any(word in told for word in ("private", "no-store", "no-cache"))
    )


def _answer(request: HttpRequest, entry: Entry, *, lasting: bool = False) -> HttpResponse:
    """The stored answer as this browser takes it. A CDN may keep a lasting one, if it can be told of changes."""
    if _bare(entry.etag) in map(_bare, parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))):
        response = HttpResponse(status=304)
    elif "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        response = HttpResponse(entry.body, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(gzip.decompress(entry.body))
    for name, value in entry.headers:
        response[name] = value
    response["ETag"] = entry.etag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, no-cache"  # a browser asks each time, and is mostly told 304
    if lasting and _may_last(request, entry):
        seconds = min(cdn.SECONDS, int(entry.until - time.time()))
        response["Cache-Control"] = f"public, max-age=0, s-maxage={seconds}"
    return response


def _may_last(request: HttpRequest, entry: Entry) -> bool:
    return cdn.is_used() and CATALOGUE not in entry.versions and cdn.may_keep(_address(request))


def _bare(etag: str) -> str:
    return etag.removeprefix("W/")
