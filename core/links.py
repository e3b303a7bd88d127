"""Where the links of a text lead, as far as the shop can tell without asking anybody outside."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.http import Http404
from django.urls import Resolver404, ResolverMatch, resolve
from wagtail.contrib.redirects.models import Redirect
from wagtail.coreutils import get_dummy_request
from wagtail.documents import get_document_model
from wagtail.models import Page, Site

from core import languages

_WEB = frozenset({"http", "https"})


class Goal(Enum):
    """What is at the end of a link."""

    THERE = auto()
    """A page that is published, or anything outside the shop."""
    UNPUBLISHED = auto()
    NOWHERE = auto()


known: dict[str, Callable[..., bool]] = {
    "wagtaildocs_serve": lambda document_id, _name: get_document_model().objects.filter(pk=document_id).exists()
}
"""By the name of a view whose address names something: whether that is there. Rooms add theirs."""


def goal_of(href: str, page: Page) -> Goal:
    """Where a link that somebody typed into a page leads."""
    sites = {site.root_url: site for site in Site.objects.select_related("root_page").order_by("-is_default_site")}
    base = (page.full_url if page.url_path else None) or next(iter(sites), "")
    try:
        typed, address = urlsplit(href), urlsplit(urljoin(base, href))
    except ValueError:
        return Goal.NOWHERE
    if address.scheme not in _WEB:
        return Goal.THERE
    if typed.scheme in _WEB and not typed.netloc:
        return Goal.NOWHERE
    site = next((site for root, site in sites.items() if urlsplit(root).netloc == address.netloc.lower()), None)
    if site is None:
        return Goal.THERE
    return _goal_inside(unquote(address.path) or "/", site, page)


def _goal_inside(path: str, site: Site, page: Page) -> Goal:
    if "\x00" in path:
        return Goal.NOWHERE
    path = languages.split(path)[1]
    match = _match(path)
    if match and _is_there(match, path, site):
        return Goal.THERE
    if Redirect.get_for_site(site).filter(old_path=Redirect.normalise_path(path)).exists():
        return Goal.THERE
    url_path = f"{site.root_page.url_path}{path.strip('/')}/"
    if url_path == page.url_path:
        return Goal.THERE
    return Goal.UNPUBLISHED if Page.objects.filter(url_path=url_path, live=False).exists() else Goal.NOWHERE


def _match(path: str) -> ResolverMatch | None:
    """The view of a path, or of the same with a slash at its end."""
    for spelling in (path, f"{path}/") if settings.APPEND_SLASH else (path,):
        try:
            return resolve(spelling)
        except Resolver404:
            continue
    return None


def _is_there(match: ResolverMatch, path: str, site: Site) -> bool:
    if match.view_name in known:
        return known[match.view_name](*match.args, **match.kwargs)
    if match.view_name != "wagtail_serve":
        return True
    components = [component for component in path.split("/") if component]
    try:
        site.root_page.specific.route(get_dummy_request(path=path, site=site), components)
    except Http404:
        return False
    return True
