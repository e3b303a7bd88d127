"""The uses of vouchers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.db.models import Count, F, Q

from commerce.bookkeeping.drift import Drift
from commerce.models import Voucher, VoucherCode


def uses_are_redemptions() -> Iterator[Drift]:
    """The counters of vouchers and of their codes are their redemptions that were not withdrawn."""
    standing = Count("redemptions", filter=Q(redemptions__is_withdrawn=False))
    vouchers, codes = (
        model.objects.annotate(redeemed=standing).exclude(used=F("redeemed")).order_by("pk")
        for model in (Voucher, VoucherCode)
    )
    for row in chain(vouchers.iterator(), codes.iterator()):
        yield Drift("the uses", f"{row._meta.verbose_name} {row} ({row.pk})", row.used, row.redeemed)
