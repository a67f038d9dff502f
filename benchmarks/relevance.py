"""How good a ranking is, and how sure one can be of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

K = 10
_DISCOUNT = 1.0 / np.log2(np.arange(2, K + 2))


def precision_at_10(ranked: NDArray[np.bool_], n_relevant: int) -> float:
    """Relevant ones among the first ten, over what is possible: min(10, n_relevant)."""
    return float(ranked[:K].sum()) / min(K, n_relevant)


def ndcg_at_10(ranked: NDArray[np.bool_], n_relevant: int) -> float:
    """Normalised discounted cumulative gain with binary gains. Source: Jarvelin & Kekalainen 2002."""
    ideal = float(_DISCOUNT[: min(K, n_relevant)].sum())
    return float((_DISCOUNT[: len(ranked[:K])] * ranked[:K]).sum()) / ideal


def interval(values: NDArray[np.float64], groups: Sequence[str], seed: int, n: int = 1000) -> tuple[float, float]:
    """95% bootstrap interval of the mean; whole groups are resampled, since requests of a group are alike.

    Args:
        values: (m,) one for each request; groups: (m,) the group of each.
    """
    names = sorted(set(groups))
    index = {name: number for number, name in enumerate(names)}
    of = np.array([index[g] for g in groups])
    sums = np.bincount(of, weights=values, minlength=len(names))
    counts = np.bincount(of, minlength=len(names))
    drawn = np.random.default_rng(seed).integers(0, len(names), (n, len(names)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))
