"""Taking a customer out of their orders. What an invoice says stays as it was issued: the law keeps it. ADR 0014."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.addresses import STREET
from commerce.codes import plain_address
from commerce.models import InvoiceAddress, Order, Redemption, Voucher
from commerce.models.basket import new_token

ERASED = "erased"
"""Stands where a voucher was made out to an erased customer: nobody has this address, so it stays theirs alone."""


def erase_from_orders(order_ids: Iterable[int]) -> None:
    """Nobody's name, address or e-mail is on these orders any more; the secret link opens nothing. Twice is no change.

    The country stays, for taxes are counted by it, and so do books, amounts and what happened when. What staff wrote
    as a reason goes: it may say a name.
    """
    with transaction.atomic():
        orders = Order.objects.select_for_update().filter(pk__in=list(order_ids), erased_at=None).order_by("pk")
        for order in orders:
            for name in ("full_name", "email", "vat_id", *STREET):
                setattr(order, name, "")
            order.user, order.token, order.erased_at = None, new_token(), timezone.now()
            order.save()
            InvoiceAddress.objects.filter(order=order).delete()
            Redemption.objects.filter(order=order).update(customer="")
            order.returns.update(name="", email="", reason="")
            for event in order.events.all():
                if event.detail.pop("reason", ""):
                    event.save(update_fields=["detail"])


def erase_from_vouchers(addresses: Iterable[str]) -> None:
    """Vouchers that were made out to these addresses are made out to nobody."""
    plain = {plain_address(address) for address in addresses}
    with transaction.atomic():
        for voucher in Voucher.objects.select_for_update().exclude(customers="").order_by("pk"):
            said = voucher.customers.split()
            left = [ERASED if plain_address(address) in plain else address for address in said]
            if left != said:
                voucher.customers = "\n".join(dict.fromkeys(left))
                voucher.save(update_fields=["customers"])
