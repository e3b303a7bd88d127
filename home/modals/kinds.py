"""The kinds of page that modals may be shown on, and which of them a page is.

Pages of Wagtail, and the catalogue's own addresses. What is not listed here never carries a modal: basket,
checkout, account, search suggestions, and every error page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, get_page_models

VIEWS = {
    "catalog:contributor": ("contributor", _("Contributor")),
    "catalog:publisher": ("publisher", _("Publisher")),
    "catalog:series": ("series", _("Series")),
    "catalog:search": ("query", _("Search")),
}
"""Addresses that are no Wagtail pages: what only their own template is given, so that their 404 is told apart."""


def kinds() -> list[tuple[str, str]]:
    """Every kind of page with its name, for a form."""
    pages = [
        (model._meta.label_lower, str(capfirst(model._meta.verbose_name)))
        for model in get_page_models()
        if model is not Page and not model._meta.abstract
    ]
    return [*sorted(pages, key=lambda kind: kind[1]), *((name, str(label)) for name, (_key, label) in VIEWS.items())]


def kind_of(context: Mapping[str, Any]) -> str:
    """What is being rendered: "catalog.productpage", "catalog:series"; empty where modals have no place."""
    page = context.get("page")
    if isinstance(page, Page):
        return str(page._meta.label_lower)
    match = getattr(context.get("request"), "resolver_match", None)
    view = VIEWS.get(match.view_name) if match else None
    return match.view_name if match and view and view[0] in context else ""
