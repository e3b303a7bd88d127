"""Whether the books of gift cards are right. Reads, never writes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import DecimalField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from commerce.bookkeeping.drift import Drift
from commerce.models import GiftCard, GiftCardEntry, Payment
from commerce.models.gift_cards import EntryKind
from commerce.models.order import PaymentMethod

HALF_A_MILL = Decimal("0.0005")
"""SQLite adds decimals up as floats."""


def drifts() -> Iterator[Drift]:
    """What does not add up: a balance with its entries, a payment with what was taken off a card."""
    money: DecimalField[Decimal, Decimal] = DecimalField(max_digits=14, decimal_places=3)
    entries = GiftCardEntry.objects.filter(card=OuterRef("pk")).order_by().values("card")
    sums = Subquery(entries.annotate(sum=Sum("amount")).values("sum"))
    for card in GiftCard.objects.annotate(ledger=Coalesce(sums, Value(0), output_field=money)).iterator():
        if abs(card.ledger - card.balance_amount) > HALF_A_MILL:
            yield Drift(
                f"{card} ({card.pk}) holds {card.balance_amount}, its entries add up to {card.ledger}", "gift cards"
            )
    by_entry = {
        entry.reference: entry for entry in GiftCardEntry.objects.filter(kind=EntryKind.REDEEMED).iterator()
    }  # fmt: skip
    for payment in Payment.objects.filter(method=PaymentMethod.GIFT_CARD).iterator():
        entry = by_entry.pop(payment.reference, None)
        if entry is None or entry.order_id != payment.order_id or -entry.amount != payment.captured_amount:
            yield _told(f"Payment {payment.pk} of order {payment.order_id} was not taken off a gift card")
    for entry in by_entry.values():
        yield Drift(
            f"Entry {entry.pk} took {-entry.amount} off gift card {entry.card_id}, and no payment says so", "gift cards"
        )


CHECKS = (drifts,)


def _told(sentence: str) -> Drift:
    return Drift(sentence, "gift cards")
