"""Where the site is on the web, and the two files that machines ask for first: robots.txt and OpenSearch."""

from __future__ import annotations

from urllib.parse import urljoin
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.models import Site

from core import languages
from core.models import SearchEngineSettings

_LONGEST_NAME = 16
"""Characters that OpenSearch allows in a short name."""


def site_url(request: HttpRequest | None = None) -> str:
    """The address of record of the site, without a slash at the end: never the host that a visitor typed."""
    site = Site.find_for_request(request) if request else Site.objects.filter(is_default_site=True).first()
    return str(site.root_url) if site else str(settings.SITE_URL)


def absolute(base: str, address: str) -> str:
    """An address of this site as a whole one; one that is whole already (object storage) stays."""
    return urljoin(f"{base}/", address)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What robots may read: the rules of the setting, and where the sitemap is."""
    text = _in_every_language(SearchEngineSettings.of(request).robots_txt.strip())
    sitemap = absolute(site_url(request), reverse("catalog:sitemap"))
    return HttpResponse(f"{text}\n\nSitemap: {sitemap}\n".lstrip(), content_type="text/plain; charset=utf-8")


def _in_every_language(rules: str) -> str:
    """A rule about a path holds for it in every language of the shop."""
    lines = []
    for line in rules.splitlines():
        lines.append(line)
        name, _colon, path = (part.strip() for part in line.partition(":"))
        if name.lower() in {"allow", "disallow"} and path.startswith("/"):
            lines += [f"{name}: {other.path}" for other in languages.translations(path) if other.path != path]
    return "\n".join(lines)


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    """How a browser searches the shop from its address bar."""
    base, name = site_url(request), str(settings.WAGTAIL_SITE_NAME)
    icon = absolute(base, static("images/favicon.svg"))
    template = f"{absolute(base, reverse('catalog:search'))}?q={{searchTerms}}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">',
        f"<ShortName>{escape(name[:_LONGEST_NAME])}</ShortName>",
        f"<Description>{escape(_('Search books at %(shop)s') % {'shop': name})}</Description>",
        f'<Url type="text/html" template={quoteattr(template)}/>',
        f'<Image width="16" height="16" type="image/svg+xml">{escape(icon)}</Image>',
        f"<Language>{get_language()}</Language>",
        "<InputEncoding>UTF-8</InputEncoding>",
        "</OpenSearchDescription>",
    ]
    return HttpResponse("\n".join(lines), content_type="application/opensearchdescription+xml; charset=utf-8")
