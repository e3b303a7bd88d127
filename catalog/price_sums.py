"""How a new price is worked out from the old one, and rounded as shops like it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.money import Money, minor_unit


class Operation(models.TextChoices):
    """What is done with a price."""

    SET = "set", _("Set to")
    LOWER_PERCENT = "lower-percent", _("Lower by percent")
    LOWER_AMOUNT = "lower-amount", _("Lower by an amount")
    RAISE_PERCENT = "raise-percent", _("Raise by percent")
    RAISE_AMOUNT = "raise-amount", _("Raise by an amount")
    GIVE_BACK = "give-back", _("Take the shop's own price back: the feed's counts again")
    END_OFFERS = "end-offers", _("End the running offer and cancel those that are planned")


CALCULATED = (Operation.SET, *(op for op in Operation if op.startswith(("lower", "raise"))))
"""Operations that lead to an amount."""


class Rounding(models.TextChoices):
    """What a price that was worked out ends in."""

    EXACT = "exact", _("to the penny")
    NINETY_NINE = "99", _("to .99")
    WHOLE = "00", _("to .00")


@dataclass(frozen=True, slots=True)
class Sum:
    """An operation with its figure. A raised price is rounded up, a lowered one down: never against its direction."""

    operation: Operation
    value: Decimal = Decimal(0)
    rounding: Rounding = Rounding.EXACT

    def of(self, base: Money | None, currency: str) -> Money | None:
        """The new price; None where there is no old one to start from. It may come out as nothing, or less."""
        if self.operation == Operation.SET:
            return Money(self.value, currency)
        if base is None:
            return None
        is_lower = self.operation.startswith("lower")
        step = base.amount * self.value / 100 if self.operation.endswith("percent") else self.value
        return self._rounded(base.amount + (-step if is_lower else step), currency, is_lower)

    def _rounded(self, amount: Decimal, currency: str, is_lower: bool) -> Money:
        direction = ROUND_FLOOR if is_lower else ROUND_CEILING
        unit = minor_unit(currency)
        if self.rounding == Rounding.EXACT:
            return Money(amount, currency)
        ending = unit if self.rounding == Rounding.NINETY_NINE and unit < 1 else Decimal(0)
        return Money((amount + ending).quantize(Decimal(1), direction) - ending, currency)
