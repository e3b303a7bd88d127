"""Whether the vouchers that a shopper typed are theirs to use now. Reads, never writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from commerce.codes import plain_address
from commerce.discounts import Asked
from commerce.models import Basket, Order
from commerce.models.order import OrderStatus
from commerce.models.promotions import BasketCode, Redemption, Voucher, VoucherCode, with_scopes


def typed_into(basket: Basket) -> list[BasketCode]:
    """What was typed into the box for codes, in that order: vouchers with what they are for, one row for each of it."""
    return list(
        BasketCode.objects.filter(basket=basket)
        .select_related("code__voucher", "gift_card")
        .annotate(scope_tag=F("code__voucher__tags__tag"), scope_book=F("code__voucher__books__page"))
    )


def asked_for(basket: Basket, typed: Sequence[BasketCode], email: str, at: dt.datetime) -> list[Asked]:
    """The vouchers of what was typed, each with what stands in its way.

    `email` is that of the order; while it is not known, what depends on the customer is let pass until it is.
    """
    rows: list[Any] = [row for row in typed if row.code]
    if not rows:
        return []
    found = with_scopes((row.code.voucher, row.scope_tag, row.scope_book) for row in rows)
    codes = {row.code.voucher_id: row.code for row in reversed(rows)}
    customer = plain_address(email) if email else ""
    used = _used_by(customer, found) if customer else {}
    is_asked = any(voucher.first_order_only for voucher in found)
    has_ordered = is_asked and has_ordered_before(basket.user_id, customer)
    return [
        Asked(
            voucher,
            code.code,
            _refusal(voucher, code, at) or _refusal_to(voucher, customer, used, has_ordered),
        )
        for voucher in found
        for code in [codes[voucher.pk]]
    ]


def _refusal(voucher: Voucher, code: VoucherCode, at: dt.datetime) -> str:
    if not voucher.is_active:
        return _("This voucher is no longer in use.")
    if voucher.starts_at and at < voucher.starts_at:
        return _("This voucher is valid from %(date)s.") % {"date": date_format(localtime(voucher.starts_at))}
    if voucher.ends_at and at >= voucher.ends_at:
        return _("This voucher was valid until %(date)s.") % {"date": date_format(localtime(voucher.ends_at))}
    if _is_used_up(voucher.uses_in_all, voucher.used) or _is_used_up(voucher.uses_per_code, code.used):
        return _("This voucher has been used up.")
    return ""


def _refusal_to(voucher: Voucher, customer: str, used: dict[int, int], has_ordered: bool) -> str:
    if voucher.customers.strip() and customer and customer not in map(plain_address, voucher.customers.split()):
        return _("This voucher was made out to somebody else.")
    if voucher.first_order_only and has_ordered:
        return _("This voucher is for a first order.")
    if _is_used_up(voucher.uses_per_customer, used.get(voucher.pk, 0)):
        return _("You have used this voucher already.")
    return ""


def _is_used_up(most: int | None, used: int) -> bool:
    return most is not None and used >= most


def _used_by(customer: str, vouchers: Sequence[Voucher]) -> dict[int, int]:
    """Orders of a customer with each voucher; cancelled ones do not count."""
    uses = Redemption.objects.filter(customer=customer, voucher__in=vouchers, is_withdrawn=False).order_by()
    return dict(uses.values("voucher").annotate(count=Count("pk")).values_list("voucher", "count"))


def has_ordered_before(user_id: int | None, customer: str, *, this: int | None = None) -> bool:
    """True where somebody has an order that stands, other than `this`: of the account, or of the mailbox.

    `customer` is a `plain_address`, or empty while it is not known.
    """
    theirs = Q(user=user_id) if user_id else Q(pk=None)
    if customer:
        name, _at, host = customer.partition("@")
        theirs |= Q(email__iexact=customer) | Q(email__istartswith=f"{name}+", email__iendswith=f"@{host}")
    return Order.objects.filter(theirs).exclude(pk=this).exclude(status=OrderStatus.CANCELLED).exists()
