"""A few ranges of prices with round bounds, each of which holds about as many products as any other."""

from __future__ import annotations

from itertools import pairwise
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from fusion.exchange import Exchange
from fusion.money import minor_unit_exponent

N_RANGES = 4
# First digits that a shopper reads as round.
_ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)
Range = tuple[int | None, int | None]


def ranges_of(values: NDArray[np.float64], currency: str, exchange: Exchange) -> list[Range]:
    """(low, high) in minor units of a currency, inclusive, None where open; empty where the prices do not spread.

    Two neighbours share their bound, so no price falls between them.

    Args:
        values: (n,) prices on the common scale, none of them nan.
    """
    prices = values * exchange.amount(1.0, currency)
    places = np.quantile(prices, np.arange(1, N_RANGES) / N_RANGES)
    bounds = sorted({_round(float(place), currency) for place in places})
    bounds = [bound for bound in bounds if prices.min() < bound < prices.max()]
    if not bounds:
        return []
    return [(None, bounds[0]), *pairwise(bounds), (bounds[-1], None)]


def _round(amount: float, currency: str) -> int:
    """The nearest round amount, in minor units."""
    unit = float(10 ** minor_unit_exponent(currency))
    major = max(amount / unit, 1e-9)
    scale = float(10.0 ** floor(log10(major)))
    nearest = min((first * step for step in (scale, 10 * scale) for first in _ROUND), key=lambda round_: abs(round_ - major))
    return max(1, round(nearest * unit))
