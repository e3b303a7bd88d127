"""How sure a share is: intervals at 95 %, not winners."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

ERROR = 0.05
"""Of all comparisons that are read together, so often is one of them wrong, at most."""
POWER = 0.8
"""So often a planned difference is found where it is there."""


class Interval(NamedTuple):
    """From and to, as shares of one."""

    low: float
    high: float


def width_for(comparisons: int = 1) -> float:
    """Standard deviations to either side, each of so many comparisons taking its part of the error (Bonferroni)."""
    return NormalDist().inv_cdf(1 - ERROR / 2 / comparisons)


def wilson(successes: int, trials: int, comparisons: int = 1) -> Interval:
    """The interval of a share; of nothing tried, anything is possible. More successes than trials count as all."""
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = width_for(comparisons)
    share = min(successes / trials, 1.0)
    middle = share + z * z / (2 * trials)
    width = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(max((middle - width) / scale, 0.0), min((middle + width) / scale, 1.0))


def difference(one: tuple[int, int], other: tuple[int, int], comparisons: int = 1) -> Interval:
    """By how much the share of `other` is greater than that of `one`, each (successes, trials): Newcombe's interval.

    It is one of so many that are read together.
    """
    first, second = wilson(*one, comparisons), wilson(*other, comparisons)
    share_one, share_other = _share(*one), _share(*other)
    gap = share_other - share_one
    return Interval(
        gap - math.hypot(share_other - second.low, first.high - share_one),
        gap + math.hypot(second.high - share_other, share_one - first.low),
    )


def size_for(share: float, change: float, comparisons: int = 1) -> int | None:
    """How many trials each side needs to find such a change of a share; None where there is none to find."""
    other = min(share + change, 1.0)
    if other <= share:
        return None
    spread = share * (1 - share) + other * (1 - other)
    return math.ceil((width_for(comparisons) + NormalDist().inv_cdf(POWER)) ** 2 * spread / (other - share) ** 2)


def _share(successes: int, trials: int) -> float:
    return min(successes / trials, 1.0) if trials else 0.0
