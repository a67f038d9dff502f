"""What happens to scores between the sum and the page: floor, explicit orders, diversity, and letting go when nothing fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fusion.exceptions import DimensionMismatch
from fusion.types import Constraint, Matrix, Vector

# The share of the best score that an item needs before an explicit order ("cheapest camera") may put it first.
ORDER_RELEVANCE = 0.5
# What is let go first when nothing fits. Anything that is not named is an attribute and goes first; stock never goes.
_KEEP = {"color": 1, "size": 2, "price": 3, "gender": 4, "brand": 5, "category": 6}
# Beyond this many musts only single ones and pairs are tried: 2 ** n masks would not be real-time.
MAX_EXHAUSTIVE = 6


def best_first(scores: Vector, tie_breaks: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions by falling score; equal scores by the larger tie break, then by position."""
    ties = np.nan_to_num(tie_breaks, nan=-np.inf)
    return np.lexsort((np.arange(len(scores)), -ties, -scores)).astype(np.int64)


def by_column(
    values: NDArray[np.float64], scores: Vector, *, descending: bool, first: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Positions by a column; unknown values come last, equal ones by falling score.

    Args:
        first: (n,) True for what comes before everything else, each part in its own order.
    """
    keys = -values if descending else values
    later = np.zeros(len(values), bool) if first is None else ~first
    return np.lexsort((-scores, np.where(np.isnan(keys), np.inf, keys), later)).astype(np.int64)


def relevant_enough(scores: Vector) -> NDArray[np.bool_]:
    """Candidates that an explicit order may put first: at least ORDER_RELEVANCE of the best score."""
    best = float(scores.max(initial=0.0))
    return scores >= ORDER_RELEVANCE * best if best > 0 else np.ones(len(scores), bool)


def diversify(scores: Vector, vectors: Matrix, k: int, trade_off: float = 0.9) -> list[int]:
    """Pick k rows that score well and do not look alike (maximal marginal relevance).

    Args:
        scores: (n,) fused scores, higher is better; scaled to 0..1 here, since only their order of magnitude is known.
        vectors: (n, dim), rows L2-normalised (zeros where missing) and aligned with scores.
        trade_off: 1.0 keeps the score order, 0.0 only avoids look-alikes.
    Returns:
        Positions, best first; fewer than k if n < k.
    Raises:
        DimensionMismatch: scores and vectors differ in length.
    Source: Carbonell & Goldstein 1998, eq. 1.
    """
    if len(scores) != len(vectors):
        raise DimensionMismatch(f"{len(scores)} scores but {len(vectors)} vectors; they must be aligned.")
    if not len(scores):
        return []
    spread = float(np.ptp(scores)) or 1.0
    relevance = (scores - scores.min()) / spread
    alike = np.zeros(len(scores), np.float32)
    open_ = np.ones(len(scores), bool)
    picked: list[int] = []
    for _ in range(min(k, len(scores))):
        value = np.where(open_, trade_off * relevance - (1.0 - trade_off) * alike, -np.inf)
        best = int(value.argmax())
        picked.append(best)
        open_[best] = False
        alike = np.maximum(alike, vectors @ vectors[best])
    return picked


def _reluctance(constraint: Constraint) -> tuple[bool, int]:
    return constraint.source == "filter", _KEEP.get(constraint.field, 0)


def smallest_relaxation(
    musts: Sequence[Constraint], count: Callable[[Sequence[Constraint]], int]
) -> tuple[tuple[Constraint, ...], int]:
    """The fewest and softest musts to let go so that something fits.

    Args:
        count: how many items meet some musts (stock rules apply inside it and are never let go).
    Returns:
        (musts to drop, items that then fit); ((), 0) when even dropping everything finds nothing.
    """
    droppable = [c for c in musts if c.field != "in_stock"]
    sizes = range(1, len(droppable) + 1) if len(droppable) <= MAX_EXHAUSTIVE else (1, 2, len(droppable))
    for size in sizes:
        options = sorted(
            combinations(droppable, size), key=lambda drop: [_reluctance(c) for c in sorted(drop, key=_reluctance)]
        )
        for drop in options:
            n = count([c for c in musts if c not in drop])
            if n:
                return drop, n
    return (), 0
