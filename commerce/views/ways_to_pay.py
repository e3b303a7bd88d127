"""The ways to pay as shoppers read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commerce.models import SellerSettings
from commerce.models.order import PaymentMethod


@dataclass(frozen=True)
class Way:
    """One choice of `components/ways_to_pay.html`."""

    value: str
    label: str
    detail: str
    checked: bool


def ways(methods: Sequence[PaymentMethod], *, is_collected: bool, chosen: str = "") -> list[Way]:
    """The offered methods with what each means; the chosen one is marked, or the first."""
    marked = chosen if chosen in methods else methods[0]
    return [
        Way(method.value, str(method.label), _detail(method, is_collected=is_collected), method == marked)
        for method in methods
    ]


def _detail(method: PaymentMethod, *, is_collected: bool) -> str:
    if method == PaymentMethod.INVOICE:
        days = SellerSettings.load().payment_days
        return ngettext(
            "You get the invoice at once and have %(days)d day to pay.",
            "You get the invoice at once and have %(days)d days to pay.",
            days,
        ) % {"days": days}
    if method == PaymentMethod.CASH:
        return _("You pay when you collect the books.") if is_collected else _("You pay who brings the books.")
    return {
        PaymentMethod.STRIPE: _("On the page of our payment provider; we never see your card."),
        PaymentMethod.NOTCHPAY: _("You confirm the payment on your phone."),
        PaymentMethod.SANDBOX: _("For trying the shop out: you say on the next page whether the payment succeeds."),
    }[method]
