"""How much behaviour and popularity should count beside likeness, chosen on what shoppers went on to buy.

Shops differ: where titles tell little, co-purchase says nearly all; where a log is thin, likeness does. So the two weights
are not constants: they are chosen on a later part of the shop's own log, which the lists for it were not learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.types import Vector

SHARES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9)
POPULARITIES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
CUT = 10


@dataclass(frozen=True, slots=True)
class Mixture:
    """Attributes: share: of the history's weight that behaviour takes; popularity: its weight on a page."""

    share: float
    popularity: float


@dataclass(frozen=True, slots=True)
class Case:
    """One shopper at the moment of the cut, over the n candidates.

    Attributes:
        content: (n,) what the history's likeness adds to the score, with the whole weight of the history.
        together: (n,) z of behaviour, times the same whole weight.
        popularity: (n,) z.
        bought: positions that the shopper bought for the first time after the cut.
        hidden: positions that are not candidates: what the shopper has.
    """

    content: Vector
    together: Vector
    popularity: Vector
    bought: NDArray[np.int64]
    hidden: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """The best mixture, with NDCG@10 and hit@10 of every one tried."""

    best: Mixture
    ndcg: Mapping[Mixture, float]
    hits: Mapping[Mixture, float]


def choose_mixture(cases: Sequence[Case], usual: Mixture) -> Measured:
    """The mixture nearest to the usual one among those that are no worse in NDCG@10 than the best by a standard error.

    A few hundred cases tell a signal that helps from one that does not, but not two neighbours of a grid from each other.
    Source: the one-standard-error rule, Breiman et al. 1984, "Classification and regression trees", section 3.4.3.
    """
    mixtures = [Mixture(share, popularity) for share in SHARES for popularity in POPULARITIES]
    found = np.asarray([[_quality(case, mixture) for mixture in mixtures] for case in cases])  # (cases, mixtures, 2)
    ndcg, hits = found.mean(axis=0).T
    behind = found[:, [int(ndcg.argmax())], 0] - found[:, :, 0]
    error = behind.std(axis=0) / np.sqrt(len(cases))
    near = [m for m, lost, e in zip(mixtures, behind.mean(axis=0), error, strict=True) if lost <= e]
    return Measured(
        min(near, key=lambda m: abs(m.share - usual.share) + abs(m.popularity - usual.popularity)),
        dict(zip(mixtures, ndcg.tolist(), strict=True)),
        dict(zip(mixtures, hits.tolist(), strict=True)),
    )


def _quality(case: Case, mixture: Mixture) -> tuple[float, float]:
    score = (1 - mixture.share) * case.content + mixture.share * case.together + mixture.popularity * case.popularity
    score[case.hidden] = -np.inf
    k = min(CUT, len(score))
    top = np.argpartition(-score, k - 1)[:k]
    gains = np.isin(top[np.lexsort((top, -score[top]))], case.bought)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = discounts[: min(k, len(case.bought))].sum()
    return float((gains * discounts).sum() / ideal), float(gains.any())
