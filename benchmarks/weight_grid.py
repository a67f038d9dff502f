"""Many settings of the weights over the same z-values: a request is encoded once, and each setting is one product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance import K, interval, ndcg_at_10, precision_at_10
from fusion.types import Matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """One request over the whole catalogue.

    Attributes:
        z: (n_legs, n_rows), calibrated; a leg that the request lacks is zero.
        base: (n_rows,) weighted columns that the study does not vary.
        allowed, relevant: (n_rows,).
        group: the category it is about.
    """

    z: Matrix
    base: NDArray[np.float32]
    allowed: NDArray[np.bool_]
    relevant: NDArray[np.bool_]
    group: str
    language: str
    kind: str


@dataclass(frozen=True)
class Outcome:
    """(n_settings, n_requests) of each metric."""

    precision: Floats
    ndcg: Floats


def evaluate(requests: Sequence[Scored], weights: Floats) -> Outcome:
    """Args: weights: (n_settings, n_legs)."""
    precision = np.zeros((len(weights), len(requests)))
    ndcg = np.zeros_like(precision)
    for number, request in enumerate(requests):
        scores = weights.astype(np.float32) @ request.z + request.base  # (n_settings, n_rows)
        scores[:, ~request.allowed] = -np.inf
        n_relevant = int(request.relevant.sum())
        for setting, row in enumerate(scores):
            top = _best(row)
            hits = request.relevant[top]
            precision[setting, number] = precision_at_10(hits, n_relevant)
            ndcg[setting, number] = ndcg_at_10(hits, n_relevant)
    return Outcome(precision, ndcg)


def _best(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """The first ten rows by falling score; equal scores by row, as the catalogue's own order is arbitrary."""
    k = min(3 * K, len(scores) - 1)
    pool = np.sort(np.argpartition(-scores, k)[:k]) if k > 0 else np.arange(len(scores))
    top: NDArray[np.int64] = pool[np.argsort(-scores[pool], kind="stable")][:K]
    return top[np.isfinite(scores[top])]


def with_interval(values: Floats, groups: Sequence[str], seed: int) -> str:
    """ ".71 [.65, .77]" """
    low, high = interval(values, groups, seed)
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def best_setting(outcome: Outcome, settings: Floats, tie: float = 0.002) -> int:
    """The setting with the best mean NDCG; among those within ``tie`` the one nearest to their middle, so that the
    choice does not sit on the edge of a plateau by chance."""
    means = outcome.ndcg.mean(1)
    near = np.flatnonzero(means >= means.max() - tie)
    middle = settings[near].mean(0)
    return int(near[np.abs(settings[near] - middle).sum(1).argmin()])
