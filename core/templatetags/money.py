"""Money as readers see it: ``{{ edition.price|money }}`` prints £7.99, or 7,99 £ in French."""

from __future__ import annotations

from babel.numbers import format_currency
from django import template
from django.utils.translation import get_language, to_locale

from core.money import Money, currency_name

register = template.Library()
register.filter(currency_name)


@register.filter
def money(amount: Money | None) -> str:
    """An amount in the manner of the active language; nothing for no amount."""
    if amount is None or amount == "":
        return ""
    return str(format_currency(amount.amount, amount.currency, locale=to_locale(get_language() or "en-gb")))
