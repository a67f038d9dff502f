"""What new weights are worth on answers that they were not learnt from: NDCG without the bias of places, with an interval.

Each answer's shown items are put in the new order. With gains g = reward / P(looked at) (fusion/learning/examination.py),

    NDCG@k = sum over answers of DCG@k(g, new order)  /  sum over answers of the best DCG@k(g)

One quotient of sums, not a mean of quotients: in an answer with one act the inverse weight would cancel out of its own NDCG,
and acts at the top, which are many because people look there, would count as much as the rare ones further down. The quotient
is the self-normalised estimator (Swaminathan & Joachims 2015b) of how far up a good item stands.

Only shown items are judged. What new weights would bring up from behind is not known here; counting it as worthless was tried
and kept the defaults where hidden tastes clearly preferred the new weights (docs/learning.md, "The gate").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.evaluation.intervals import LEVEL, N_RESAMPLES, Interval
from fusion.evaluation.metrics import discounts
from fusion.learning.impressions import Impressions

Floats = NDArray[np.float64]
K = 10


@dataclass(frozen=True, slots=True)
class HeldOut:
    """NDCG@10 of new weights and of the defaults over the same answers, and the paired interval of the difference.

    Attributes:
        n: answers with any gain.
    """

    value: float
    default: float
    lift: Interval
    n: int


def compare(
    impressions: Impressions,
    gains: Floats,
    ours: Floats,
    theirs: Floats,
    seed: int,
    *,
    k: int = K,
    n_resamples: int = N_RESAMPLES,
) -> HeldOut:
    """Judge two scorings of the same answers. Shoppers are drawn with replacement, with all their answers (see ``bootstrap``).

    Args:
        gains, ours, theirs: (N, K).
    """
    best = _dcg(gains, gains, impressions.shown, k)
    new, old = (_dcg(scores, gains, impressions.shown, k) for scores in (ours, theirs))
    sums = np.stack([np.bincount(impressions.shopper, weights=part) for part in (new, old, best)], axis=1)
    sums = sums[sums[:, 2] > 0]
    n = int((best > 0).sum())
    if not n:
        nan = float("nan")
        return HeldOut(nan, nan, Interval(nan, nan, nan, 0), 0)
    total = sums.sum(axis=0)
    rng = np.random.default_rng(seed)
    drawn = np.stack([sums[rng.integers(0, len(sums), len(sums))].sum(axis=0) for _ in range(N_RESAMPLES)])
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / drawn[:, 2], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    value, default = float(total[0] / total[2]), float(total[1] / total[2])
    return HeldOut(value, default, Interval(value - default, float(low), float(high), n), n)


def ndcg(impressions: Impressions, gains: Floats, scores: Floats, k: int = K) -> float:
    """The quotient alone; 0 where nothing was gained."""
    best = float(_dcg(gains, gains, impressions.shown, k).sum())
    return float(_dcg(scores, gains, impressions.shown, k).sum()) / best if best > 0 else 0.0


def _dcg(scores: Floats, gains: Floats, shown: NDArray[np.bool_], k: int) -> Floats:
    """(N,) DCG@k of the shown items in the order of their scores; equal ones stay in the order of the log."""
    order = np.argsort(np.where(shown, -scores, np.inf), axis=1, kind="stable")[:, :k]
    placed = np.take_along_axis(np.where(shown, gains, 0.0), order, axis=1)
    return np.asarray(placed @ discounts(order.shape[1]), np.float64)
