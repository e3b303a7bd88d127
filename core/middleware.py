"""What every answer passes through: the site it belongs to, and the headers that keep it safe."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from wagtail.models import Site

from core import content_policy, generations

Handler = Callable[[HttpRequest], HttpResponse]

SITE_SECONDS = 60

PERSONAL = ("/basket/", "/checkout/", "/account/", "/orders/", "/withdraw/", "/back-in-stock/",
            "/wish-lists/", "/gift-cards/", "/webhooks/", "/api/")  # fmt: skip
"""Paths whose answers belong to one person, are never stored anywhere and carry no code of other companies.

Every address of `commerce` and `accounts` is one of them.
"""

OWN_POLICY = ("/admin/", "/django-admin/")
"""Paths of interfaces that still need inline scripts: they get no strict policy."""


HEALTH = ("/healthz", "/readyz")
"""Paths that answer whatever the database does, and need no site."""


class SiteMiddleware:
    """Gives the request its Wagtail site, with the root page, without a query a page.

    `Site.find_for_request` looks at `request._wagtail_site` first. The remembered site is dropped when
    a site or a page changes (`core.signals`) and after a minute at the latest.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in HEALTH:
            return self.get_response(request)
        generation = generations.generation(generations.SITE)
        key = f"core.site.{generation}.{request.META.get('HTTP_HOST', '')[:200]!r}".replace(" ", "")
        site = cache.get(key)
        if site is None:
            site = Site.find_for_request(request)
            if site is not None:
                site.root_page = site.root_page.specific
                cache.set(key, site, SITE_SECONDS)
        request._wagtail_site = site
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Headers that hold for every answer: content policy, permissions, and no storing of personal pages."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not request.path_info.startswith(OWN_POLICY):
            response.setdefault(*content_policy.header_for(request))
        if request.path_info.startswith(PERSONAL):
            response["Cache-Control"] = "no-store, private"
        return response
