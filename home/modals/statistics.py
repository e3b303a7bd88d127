"""How sure a share is: intervals at 95 %, not winners."""

from __future__ import annotations

import math
from typing import NamedTuple

Z = 1.959964
"""Two-sided 5 % of the normal distribution."""


class Interval(NamedTuple):
    """From and to, as shares of one."""

    low: float
    high: float


def wilson(successes: int, trials: int) -> Interval:
    """The interval of a share; of nothing tried, anything is possible. More successes than trials count as all."""
    if trials <= 0:
        return Interval(0.0, 1.0)
    share = min(successes / trials, 1.0)
    middle = share + Z * Z / (2 * trials)
    width = Z * math.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    scale = 1 + Z * Z / trials
    return Interval(max((middle - width) / scale, 0.0), min((middle + width) / scale, 1.0))


def difference(one: tuple[int, int], other: tuple[int, int]) -> Interval:
    """By how much the share of `other` is greater than that of `one`, each (successes, trials): Newcombe's interval."""
    first, second = wilson(*one), wilson(*other)
    share_one, share_other = _share(*one), _share(*other)
    gap = share_other - share_one
    return Interval(
        gap - math.hypot(share_other - second.low, first.high - share_one),
        gap + math.hypot(second.high - share_other, share_one - first.low),
    )


def _share(successes: int, trials: int) -> float:
    return min(successes / trials, 1.0) if trials else 0.0
