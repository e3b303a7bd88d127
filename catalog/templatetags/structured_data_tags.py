"""What stands in the head of a page for search engines, readers of feeds and social networks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from wagtail.models import Page, Site
from wagtailmetadata.models import MetadataMixin
from wagtailmetadata.tags import meta_tags

from catalog import structured_data as data
from catalog.models import Tag, TagPage
from catalog.models.people import Slugged
from catalog.product import ShownBook
from catalog.social import HEIGHT, WIDTH, card_url
from catalog.summaries import first_words, plain
from core import languages
from core.models import SearchEngineSettings
from core.seo import absolute, site_url

register = template.Library()


@register.inclusion_tag("catalog/_findable.html", takes_context=True)
def findable(context: Context) -> dict[str, Any]:
    """Address of record, translations, feeds, search of the browser, structured data: one tag for every page."""
    request: HttpRequest = context["request"]
    base = site_url(request)
    canonical = _canonical(context, request, base)
    page = context.get("page")
    tag = getattr(page, "tag", None)
    book = context.get("book")
    return {
        "canonical": canonical,
        "translations": _translations(canonical),
        "tag": tag if isinstance(tag, Tag) else None,
        "site_name": settings.WAGTAIL_SITE_NAME,
        "book": book if isinstance(book, ShownBook) else None,
        "json_ld": data.script(_graph(context, request, base, canonical)) if canonical else "",
    }


@register.simple_tag(takes_context=True)
def meta_of(
    context: Context, thing: Slugged, description: str = "", photo: Mapping[str, Any] | None = None
) -> SafeString:
    """The meta tags of something that is no page of Wagtail: a contributor, a publisher, a series."""
    return meta_tags(context["request"], _Thing(context, thing, description, photo))


@register.simple_tag(takes_context=True)
def social_card(context: Context, thing: Any) -> dict[str, Any] | None:
    """The drawn picture of a page for social networks; None where it has no address of its own."""
    if isinstance(thing, _Thing):
        thing = thing.of
    elif isinstance(thing, TagPage) and not thing.pk:  # a tag for which no editor made a page
        thing = thing.tag
    if not isinstance(thing, Page | Slugged) or not thing.pk:
        return None
    url = absolute(site_url(context["request"]), card_url(thing))
    return {"url": url, "width": WIDTH, "height": HEIGHT}


class _Thing(MetadataMixin):
    """What wagtail-metadata asks of an object."""

    def __init__(self, context: Context, of: Slugged, description: str, photo: Mapping[str, Any] | None) -> None:
        self._context, self.of, self._title, self._photo = context, of, of.name, photo
        self._description = first_words(plain(description))

    def get_meta_url(self) -> str:
        request = self._context["request"]
        return _canonical(self._context, request, site_url(request)) or request.build_absolute_uri(request.path)

    def get_meta_title(self) -> str:
        return self._title

    def get_object_title(self) -> str:
        return f"{self._title} · {settings.WAGTAIL_SITE_NAME}"

    def get_meta_description(self) -> str:
        return self._description

    def get_meta_image_url(self, request: HttpRequest) -> str | None:
        return absolute(site_url(request), self._photo["src"]) if self._photo else None

    def get_meta_image_dimensions(self) -> tuple[int | None, int | None]:
        return (self._photo["width"], self._photo["height"]) if self._photo else (None, None)


def _canonical(context: Context, request: HttpRequest, base: str) -> str:
    """The one address under which the page may be found; nothing where it shall not be."""
    listing, page = context.get("listing"), context.get("page")
    if context.get("noindex") or getattr(listing, "is_filtered", False):
        return ""
    if listing is not None:
        return absolute(base, listing.canonical_path)
    if isinstance(page, Page):
        # A tag without a page of its own is shown by a page that is not saved.
        address = page.get_url(request) if page.pk else request.path
        return absolute(base, address or request.path)
    return ""


def _translations(canonical: str) -> list[dict[str, str]]:
    """The page in every language it is in, itself too; nothing where there is one language only."""
    parts = urlsplit(canonical)
    found = [
        {"language": other.code, "url": parts._replace(path=other.path).geturl()}
        for other in (languages.translations(parts.path) if canonical else [])
    ]
    return found and [*found, {"language": "x-default", "url": found[0]["url"]}]


def _graph(context: Context, request: HttpRequest, base: str, canonical: str) -> list[data.Node]:
    whole = partial(absolute, base)
    home = reverse("wagtail_serve", args=[""])
    page, listing, tags = context.get("page"), context.get("listing"), context.get("tags")
    nodes = [data.breadcrumbs(whole, context.get("breadcrumbs") or (), canonical)]
    book = context.get("book")
    if page is not None and isinstance(book, ShownBook):
        return [*data.book(whole, home, book, page.get_meta_description(), timezone.now()), *nodes]
    if isinstance(page, Page):
        site = Site.find_for_request(request)
        if site and page.pk == site.root_page_id:
            profiles = SearchEngineSettings.of(request).profiles.split()
            logo = whole(static("images/wordmark.svg"))
            return [
                data.organization(whole, home, footer=context["footer"], logo=logo, profiles=profiles),
                data.website(whole, home, reverse("catalog:search"), get_language() or settings.LANGUAGE_CODE),
            ]
        kind = "CollectionPage" if listing is not None or tags is not None else page.schema_type
        description = page.get_meta_description()
        nodes.insert(0, data.web_page(kind, canonical, page.title, description=description))
    elif contributor := context.get("contributor"):
        nodes.insert(0, {"@type": "ProfilePage", "mainEntity": data.person(contributor, canonical, whole)})
    elif publisher := context.get("publisher"):
        about = data.house(publisher.name, canonical)
        nodes.insert(0, data.web_page("CollectionPage", canonical, publisher.name, about=about))
    elif series := context.get("series"):
        about = data.series(series.name, canonical)
        nodes.insert(0, data.web_page("CollectionPage", canonical, series.name, about=about))
    if listing is not None:
        nodes.append(data.list_of_books(whole, canonical, listing))
    if tags is not None:
        nodes.append(data.list_of_tags(whole, canonical, tags))
    return nodes
