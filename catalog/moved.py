"""Addresses that changed with a slug: who comes to the old one is led to the new one."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.encoding import iri_to_uri, uri_to_iri
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from core.redirects import stop_leading_away

_LONGEST = Redirect._meta.get_field("redirect_link").max_length or 0


def lead_on(moved: Iterable[tuple[str, str]]) -> None:
    """Lead from old addresses to new ones, on every site, with one step whatever they were before.

    What led to an old address leads to the new one. An address that is in use again leads nowhere else.
    """
    sites = list(Site.objects.all())
    roots = ["", *(site.root_url for site in sites)]
    for old, new in ((uri_to_iri(old), uri_to_iri(new)) for old, new in moved):
        if max(map(len, roots)) + max(len(old), len(new)) > _LONGEST:
            continue
        stop_leading_away(new)
        for root in roots:
            spellings = {f"{root}{old}", f"{root}{iri_to_uri(old)}"}
            Redirect.objects.filter(redirect_link__in=spellings).update(redirect_link=f"{root}{new}")
        for site in sites:
            Redirect.objects.update_or_create(
                old_path=Redirect.normalise_path(old),
                site=site,
                defaults={
                    "redirect_link": new,
                    "redirect_page": None,
                    "redirect_page_route_path": "",
                    "is_permanent": True,
                    "automatically_created": True,
                },
            )
