"""Intervals as people read them."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from home.modals.statistics import Interval

register = template.Library()


@register.filter
def percent(interval: Interval | None) -> str:
    """As “1.2 % to 3.4 %”; a dash where nothing is known."""
    if interval is None:
        return "–"
    return _("%(low).1f %% to %(high).1f %%") % {"low": 100 * interval.low, "high": 100 * interval.high}


@register.filter
def points(interval: Interval) -> str:
    """As “+1.2 to +3.4 points”: a difference of shares."""
    return _("%(low)+.1f to %(high)+.1f points") % {"low": 100 * interval.low, "high": 100 * interval.high}
