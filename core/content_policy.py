"""The Content-Security-Policy: strict by itself, and wider by what a page itself asks for while it is rendered.

A page that shows something of another company calls `allow`; nothing else ever widens the policy of its answer.
Nothing in it belongs to a visitor (hosts and hashes, no nonces), so it is stored with the page.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.throttle import is_too_often, sender_of

logger = logging.getLogger(__name__)

POLICY: dict[str, tuple[str, ...]] = {
    "default-src": ("'self'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:"),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "media-src": ("'self'",),
    "frame-src": ("'self'",),
    "object-src": ("'none'",),
    "base-uri": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'self'",),
}
"""What our own pages need."""

OPEN_TO_OTHERS = frozenset({"script-src", "style-src", "img-src", "font-src", "connect-src", "media-src", "frame-src"})
"""Directives that a page may widen."""

REPORTS = "/csp-report/"
"""Where browsers report to: the same in every language."""
REPORT_BYTES = 16_000
REPORT_KEPT_SECONDS = 60 * 60


def allow(request: HttpRequest, sources: Mapping[str, Collection[str]]) -> None:
    """Widen the policy of the answer to this request.

    Raises:
        ValueError: a directive that stays as it is, or a source with a blank or a semicolon in it.
    """
    found: dict[str, set[str]] = request.__dict__.setdefault("content_policy", {})
    for directive, values in sources.items():
        if directive not in OPEN_TO_OTHERS or any(set(value) & set(" ;,\r\n") for value in values):
            raise ValueError(f"not to be allowed: {directive} {values}")
        found.setdefault(directive, set()).update(values)


def header_for(request: HttpRequest) -> tuple[str, str]:
    """Name and value of the header for the answer to this request."""
    more: dict[str, set[str]] = getattr(request, "content_policy", {})
    parts = [
        " ".join((directive, *sources, *sorted(more.get(directive, set()) - set(sources))))
        for directive, sources in POLICY.items()
    ]
    name = "Content-Security-Policy"
    if settings.CONTENT_SECURITY_POLICY_REPORT_ONLY:
        name += "-Report-Only"
    return name, "; ".join((*parts, f"report-uri {REPORTS}"))


@csrf_exempt  # Browsers send reports by themselves; nothing is changed but a line in the log.
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Take a browser's report of something refused: one line in the log an hour for each thing and page."""
    if is_too_often("csp", sender_of(request), limit=30, seconds=60):
        return HttpResponse(status=429)
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > REPORT_BYTES:
            return HttpResponse(status=413)
        told = json.loads(request.body)
    except ValueError:
        return HttpResponse(status=400)
    for one in told if isinstance(told, list) else [told]:
        if isinstance(one, dict):
            _log(one.get("csp-report") or one.get("body") or {})
    return HttpResponse(status=204)


def _log(told: object) -> None:
    if not isinstance(told, dict):
        return
    directive = _words(
        told.get("effective-directive") or told.get("effectiveDirective") or told.get("violated-directive")
    )
    refused = _origin(told.get("blocked-uri") or told.get("blockedURL"))
    page = urlsplit(str(told.get("document-uri") or told.get("documentURL") or ""))
    where = _words(page.path)
    if cache.add(f"csp.{directive}.{refused}.{where}".replace(" ", "_")[:200], 1, REPORT_KEPT_SECONDS):
        logger.warning("Content policy refused %s for %s on %s", refused, directive, where)


def _origin(address: object) -> str:
    """Scheme and host of what was refused; keywords such as “inline” stay as they are. Queries may be personal."""
    parts = urlsplit(str(address or ""))
    return _words(f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.scheme or parts.path)


def _words(value: object) -> str:
    return "".join(sign for sign in str(value or "") if sign.isprintable())[:120]
