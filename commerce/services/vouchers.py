"""Typing vouchers, using them, giving them back. The only writers of what was used."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from commerce.codes import bare, plain_address
from commerce.discounts import VOUCHER, Applied
from commerce.eligibility import has_ordered_before
from commerce.exceptions import OrderChanged, UnknownCode
from commerce.models import Basket, Order
from commerce.models.promotions import BasketCode, Redemption, Voucher, VoucherCode, new_code
from commerce.services import gift_cards

MOST_CODES = 10
"""Codes in one basket."""


def enter(basket_id: int, text: str) -> None:
    """Put a typed code, a voucher's or a gift card's, into the basket. What it does there is told by the prices.

    Raises:
        UnknownCode: there is no such code, or the basket has as many as it can hold.
    """
    with transaction.atomic():
        basket = Basket.objects.open().select_for_update().filter(pk=basket_id).first()
        if basket is None:
            raise UnknownCode(_("We do not know the code “%(code)s”.") % {"code": text[:40]})
        if basket.codes.count() >= MOST_CODES:
            raise UnknownCode(_("Your basket holds as many codes as it can."))
        if code := VoucherCode.objects.filter(bare=bare(text)).first():
            BasketCode.objects.get_or_create(basket=basket, code=code)
            return
        if gift_cards.put_in(basket, text):
            return
        raise UnknownCode(_("We do not know the code “%(code)s”.") % {"code": text[:40]})


def remove(basket_id: int, text: str) -> None:
    """Take a code out of the basket."""
    BasketCode.objects.filter(basket_id=basket_id, basket__status=Basket.Status.OPEN, code__bare=bare(text)).delete()


def redeem(order: Order, applied: list[Applied]) -> None:
    """Use the vouchers of an order, in the transaction that places it.

    Each count is one conditional UPDATE, so of two orders at once the second one waits and then sees the first.

    Raises:
        OrderChanged: a voucher was used up by somebody else meanwhile. Nothing is written then.
    """
    customer = plain_address(order.email)
    used = sorted((one for one in applied if one.source == VOUCHER and not one.is_refused), key=lambda one: one.rule_id)
    _lock_first_orders(used)
    for one in used:
        code = VoucherCode.objects.select_related("voucher").get(bare=bare(one.code))
        _count(Voucher.objects.filter(pk=one.rule_id), Q(uses_in_all=None) | Q(used__lt=F("uses_in_all")), one)
        _count(
            VoucherCode.objects.filter(pk=code.pk),
            Q(voucher__uses_per_code=None) | Q(used__lt=F("voucher__uses_per_code")),
            one,
        )
        most = code.voucher.uses_per_customer
        mine = Redemption.objects.filter(voucher=one.rule_id, customer=customer, is_withdrawn=False)
        if most is not None and mine.count() >= most:  # the voucher's row is locked by now
            raise OrderChanged(_refused(one))
        if code.voucher.first_order_only and has_ordered_before(order.user_id, customer, this=order.pk):
            raise OrderChanged(_refused(one))
        Redemption.objects.create(voucher_id=one.rule_id, code=code, order=order, customer=customer)


def _lock_first_orders(used: list[Applied]) -> None:
    """Two orders by one mailbox with two vouchers for a first order wait for one another: all such rows are locked."""
    first_only = Voucher.objects.filter(first_order_only=True)
    if first_only.filter(pk__in=[one.rule_id for one in used]).exists():
        list(first_only.select_for_update().order_by("pk").values_list("pk"))


def give_back(order: Order) -> None:
    """An order that is cancelled as a whole has used nothing. Call it in the transaction that cancels it."""
    for use in order.redemptions.select_for_update().filter(is_withdrawn=False).order_by("voucher_id"):
        Redemption.objects.filter(pk=use.pk).update(is_withdrawn=True)
        Voucher.objects.filter(pk=use.voucher_id, used__gt=0).update(used=F("used") - 1)
        VoucherCode.objects.filter(pk=use.code_id, used__gt=0).update(used=F("used") - 1)


def make_codes(voucher: Voucher, count: int) -> list[VoucherCode]:
    """A batch of codes that nobody guesses."""
    return VoucherCode.objects.bulk_create(
        VoucherCode(voucher=voucher, code=(code := new_code()), bare=bare(code)) for _number in range(count)
    )


def _count(rows: object, room: Q, one: Applied) -> None:
    if not rows.filter(room).update(used=F("used") + 1):  # type: ignore[attr-defined]
        raise OrderChanged(_refused(one))


def _refused(one: Applied) -> str:
    return _("The voucher “%(code)s” has been used up meanwhile. Please look at the new total.") % {"code": one.code}
