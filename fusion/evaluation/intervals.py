"""How sure a mean over cases is: percentile bootstrap, with the same cases drawn for everything that is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_RESAMPLES = 1000
LEVEL = 0.95
# Draws are made in parts, so that 1,000 resamples of 100,000 cases do not need a gigabyte.
_PART = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over n cases with its 95% bootstrap interval; nan where there is no case."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def bootstrap(
    values: NDArray[np.float64], seed: int, *, groups: Sequence[str] | None = None, n_resamples: int = N_RESAMPLES
) -> Interval:
    """Percentile interval of the mean; cases, or whole groups of cases, are drawn with replacement.

    Equal seeds and lengths draw the same cases, so intervals of several rankers over the same cases are paired.
    Source: Efron & Tibshirani 1993, chapter 13; groups: Davison & Hinkley 1997, section 3.8.

    Args:
        values: (n,), one for each case; nan cases (a list too short to have a diversity) are left out of mean and n.
        groups: (n,), whose case it is: the cases of one shopper are alike, so they are drawn or left together.
    """
    known = ~np.isnan(values)
    if not known.any():
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    group = np.arange(known.sum()) if groups is None else np.unique(np.asarray(groups)[known], return_inverse=True)[1]
    sums, counts = np.bincount(group, weights=values[known]), np.bincount(group)
    draw = np.random.default_rng(seed)
    means = np.empty(n_resamples)
    for start in range(0, n_resamples, _PART):
        size = min(_PART, n_resamples - start)
        drawn = draw.integers(0, len(sums), (size, len(sums)))
        means[start : start + size] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values[known].mean()), float(low), float(high), int(known.sum()))


def paired_difference(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], seed: int, *, groups: Sequence[str] | None = None
) -> Interval:
    """The mean of ``ours - theirs`` case by case: what two rankers share (easy and hard cases) cancels out.

    Raises:
        ValueError: they are not over the same cases.
    """
    if ours.shape != theirs.shape:
        raise ValueError(f"{len(ours)} values against {len(theirs)}; a paired difference needs the same cases.")
    return bootstrap(ours - theirs, seed, groups=groups)
