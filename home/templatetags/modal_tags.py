"""What the base template puts at the end of a page: its modals, if it has any."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from wagtail.models import Site

from home.consent.choice import granted_categories
from home.consent.purposes import Purpose
from home.modals.counting import mark_of
from home.modals.rules import contents, page_rules, preview_showing
from home.modals.targeting import candidates, known, standing_of

register = template.Library()

AFTER_ORDER = "commerce:order_done"
"""Where the browser may say that an order was placed in a visit with a modal."""


@register.simple_tag(takes_context=True)
def page_modals(context: dict[str, Any]) -> SafeString | str:
    """The rules and the contents of the modals of this page; nothing at all where it has none."""
    request = context.get("request")
    if request is None:
        return ""
    if hasattr(request, "modal_preview"):
        showing = preview_showing(*request.modal_preview)
        return _drawn(request, [showing], {"preview": 1}, number=0)
    if getattr(request, "is_preview", False):
        return ""
    match = getattr(request, "resolver_match", None)
    if match and match.view_name == AFTER_ORDER:
        may_measure = Purpose.STATISTICS in granted_categories(request)
        order = context.get("order")  # none where there is no such order
        return _after(mark_of(order.token, order.placed_at)) if may_measure and order else ""
    place = standing_of(context)
    if place is None:
        return ""
    now = timezone.now()
    found = candidates(place, now)
    if not found:
        return ""
    return _drawn(request, found, {}, number=place.number, on=[showing for showing in found if showing.is_on(now)])


def _after(mark: str) -> SafeString:
    return render_to_string("home/modals/after_order.html", {"mark": mark})


def _drawn(request: Any, showings: list[Any], extra: dict[str, Any], *, number: int, on: Any = ()) -> SafeString:
    cool_off = known().cool_off_on(Site.find_for_request(request))
    rules = page_rules(showings, cool_off_seconds=cool_off, page_number=number)
    context = {"rules": {**rules, **extra}, "contents": contents(request, showings), "on": on}
    return render_to_string("home/modals/page.html", context)
