"""Exact chances: the probability that each of several Gaussians is the largest, and the draw of one of several arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Between these places of every Gaussian the integrand is smooth: a short Gauss-Legendre rule is exact there to 1e-9.
_PLACES = np.array([-8.0, -4.0, -2.0, 0.0, 2.0, 4.0, 8.0])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
# A spread below this part of the widest distance is a certain number for all that can be logged.
_LEAST_SPREAD = 1e-9


def chances_of_largest(means: Floats, spreads: Floats) -> Floats:
    """P(arm a is the largest of independent Gaussians), (K,), to 1e-6; what Thompson sampling plays with.

        P(a) = integral of  pdf((u - mean_a) / spread_a) / spread_a  *  product over b != a of cdf((u - mean_b) / spread_b)  du

    by composite Gauss-Legendre quadrature between places of all the Gaussians. They add up to 1.

    Args:
        means, spreads: (K,), spreads above 0.
    """
    from scipy.special import ndtr

    spreads = np.maximum(spreads, _LEAST_SPREAD * max(1.0, float(np.abs(means).max())))
    low, high = float((means - 8.0 * spreads).max()), float((means + 8.0 * spreads).max())
    found = np.zeros(len(means))
    able = np.flatnonzero(means + 8.0 * spreads >= low)  # no other one ever reaches what the best surely has
    if len(able) == 1:
        found[able] = 1.0
        return found
    mean, spread = means[able], spreads[able]
    edges = np.unique(np.clip((mean[:, None] + spread[:, None] * _PLACES).ravel(), low, high))
    half = np.diff(edges) / 2.0
    u = ((edges[:-1] + half)[:, None] + half[:, None] * _NODES).ravel()
    z = (u - mean[:, None]) / spread[:, None]
    below = np.log(np.maximum(ndtr(z), 1e-300))
    density = np.exp(below.sum(axis=0) - below - 0.5 * z**2) / spread[:, None]
    found[able] = density @ (half[:, None] * _WEIGHTS).ravel()
    return np.asarray(found / found.sum(), np.float64)


def bounded(chances: Floats, best: int, *, cap: float, floor: float = 0.0) -> Floats:
    """Chances of which all but the best add up to at most ``cap``, and none is below what the floor and the cap allow.

    Args:
        chances: (K,), adding up to 1.
        cap: at most this for everything but the best arm, 0 to 1; at 0 the best is certain.
        floor: at least this for each arm, so that later estimates can rest on every arm; never more than the cap shared out.
    """
    others = np.delete(np.arange(len(chances)), best)
    if not len(others):
        return np.ones(1)
    least = min(floor, cap / len(others))
    free = cap - least * len(others)
    wanted = np.maximum(chances[others] - least, 0.0)
    total = float(wanted.sum())
    found = np.zeros(len(chances))
    found[others] = least + (wanted if total <= free else wanted * (free / total))
    found[best] = 1.0 - found[others].sum()
    return found


def arm_at(chances: Floats, draw: float) -> int:
    """The arm of a uniform draw in [0, 1): the inverse of the cumulated chances. An arm of chance 0 is never drawn."""
    reached = np.cumsum(chances)
    return int(min(np.searchsorted(reached, draw * reached[-1], side="right"), np.flatnonzero(chances)[-1]))
