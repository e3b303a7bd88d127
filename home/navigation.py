"""Menus and footer as templates are given them: plain values, remembered until an editor changes something."""

from __future__ import annotations

from typing import TypedDict

from django.core.cache import cache
from django.db.models.signals import post_delete, post_save
from django.utils.translation import get_language
from wagtail.models import Page, Site
from wagtail.signals import page_published, page_slug_changed, page_unpublished

from core.generations import SITE, generation
from core.signals import forget_site
from home.models import FooterMenuItem, FooterSettings, MainMenuItem, Menus
from home.models.navigation import MenuItem

SECONDS = 60 * 60


class Entry(TypedDict):
    """An entry of a menu."""

    label: str
    url: str
    children: list[Entry]


class Surroundings(TypedDict):
    """What stands around the content of every page."""

    menus: dict[str, list[Entry]]
    footer: dict[str, str]


def surroundings(site: Site | None) -> Surroundings:
    """Menus and footer of a site; no query while they are remembered."""
    if site is None:
        return {"menus": {"main": [], "footer": []}, "footer": {}}
    key = f"home.navigation.{generation(SITE)}.{site.pk}.{get_language()}"
    remembered: Surroundings | None = cache.get(key)
    if remembered is None:
        remembered = _read(site)
        cache.set(key, remembered, SECONDS)
    return remembered


def _read(site: Site) -> Surroundings:
    footer = FooterSettings.objects.filter(site=site).first() or FooterSettings()
    return {
        "menus": {
            "main": _entries(MainMenuItem, site) or _pages_in_menus(site),
            "footer": _entries(FooterMenuItem, site),
        },
        "footer": {name: getattr(footer, name) for name in ("about", "address", "hours", "phone", "email")},
    }


def _entries(kind: type[MenuItem], site: Site) -> list[Entry]:
    items = kind.objects.filter(menus__site=site).select_related("page").order_by("sort_order", "pk")
    entries = []
    for item in items:
        url = item.path
        if item.page:
            url = (item.page.get_url(current_site=site) or "") if item.page.live else ""
        if url:
            entries.append(_entry(item.label or item.page.title, url))
    return entries


def _pages_in_menus(site: Site) -> list[Entry]:
    pages = site.root_page.get_children().live().public().in_menu()
    return [_entry(page.title, page.get_url(current_site=site) or "") for page in pages]


def _entry(label: str, url: str) -> Entry:
    return {"label": label, "url": url, "children": []}


def forget(**_kwargs: object) -> None:
    """Read the menus anew from the next request on."""
    forget_site()


def forget_page(instance: Page, **_kwargs: object) -> None:
    """Read the menus anew where one names this page: a book shows nowhere else by itself, but may stand in a menu."""
    if any(kind.objects.filter(page=instance.pk).exists() for kind in (MainMenuItem, FooterMenuItem)):
        forget()


def connect() -> None:
    """Called once, when the app is ready."""
    for signal in (page_published, page_unpublished, page_slug_changed):
        signal.connect(forget_page, dispatch_uid="home.navigation.forget_page")
    for sender in (Menus, MainMenuItem, FooterMenuItem, FooterSettings):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=sender, dispatch_uid=f"home.navigation.{sender.__name__}")
    post_delete.connect(forget, sender=Page, dispatch_uid="home.navigation.page")
