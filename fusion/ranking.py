"""What happens to scores between the sum and the page: floor, explicit orders and diversity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusion.exceptions import DimensionMismatch
from fusion.index.base import Mask, Rows
from fusion.types import Matrix, Vector

# The share of the best score that an item needs before an explicit order ("cheapest camera") may put it first.
ORDER_RELEVANCE = 0.5


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


def top_rows(scores: Vector | None, mask: Mask, k: int) -> Rows:
    """The k allowed rows with the largest positive scores."""
    if scores is None:
        return np.zeros(0, np.int64)
    allowed = np.where(mask[: len(scores)], np.nan_to_num(scores[: len(mask)]), 0.0)
    rows = np.flatnonzero(allowed > 0)
    if len(rows) > k:
        rows = rows[np.argpartition(-allowed[rows], k - 1)[:k]]
    return rows.astype(np.int64)
