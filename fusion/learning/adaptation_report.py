"""How well words find their photo, before and after adaptation, on products that no training saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.evaluation.intervals import Interval, bootstrap, paired_difference
from fusion.types import Matrix

RECALLS = (1, 10)
NEIGHBOURS = 5
# How much like may move away from like (P@5) before an adaptation is not worth its gain.
TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What a metric was before and is after, over the same cases, and the paired 95% interval of the difference."""

    name: str
    before: float
    after: float
    lift: Interval
    guard: bool = False

    @property
    def holds(self) -> bool:
        """A guard holds unless it is certainly worse than the tolerance allows on average."""
        return not self.guard or self.lift.mean >= -TOLERANCE


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole report; ``primary`` (text -> photo recall@10) decides, the guards may veto.

    Attributes:
        pool: how many photos each text was compared with.
    """

    rows: tuple[Retrieval, ...]
    pool: int

    @property
    def primary(self) -> Retrieval:
        return next(row for row in self.rows if row.name == PRIMARY)

    @property
    def improves(self) -> bool:
        return self.primary.lift.low > 0 and all(row.holds for row in self.rows)


PRIMARY = "title -> photo, recall@10"


def ranks(texts: Matrix, photos: Matrix) -> NDArray[np.int64]:
    """(n,) place of each text's own photo among all of them, from 0; equals count against it."""
    scores = texts @ photos.T
    own = np.diagonal(scores)[:, None]
    found: NDArray[np.int64] = (scores >= own).sum(axis=1) - 1
    return found


def neighbour_precision(queries: Matrix, targets: Matrix, groups: NDArray[np.int64], *, itself: bool) -> NDArray[np.float64]:
    """(n,) share of the ``NEIGHBOURS`` nearest targets that are of the query's group; nan for a group of one, and for -1.

    Args:
        itself: row i of both is one thing, which is not its own neighbour.
    """
    scores = (queries @ targets.T).astype(np.float64)
    if itself:
        np.fill_diagonal(scores, -np.inf)
    k = min(NEIGHBOURS, scores.shape[1] - 1)
    nearest = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    found: NDArray[np.float64] = (groups[nearest] == groups[:, None]).mean(axis=1)
    counts = np.bincount(groups[groups >= 0], minlength=1)
    found[(groups < 0) | (counts[np.maximum(groups, 0)] < 2)] = np.nan
    return found


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Vectors of one part of the catalogue under one encoder, row for row.

    Attributes:
        titles, photos: (n, dim).
        short: (m, dim) of the items of which something short is known.
        has_short: rows of those items.
    """

    titles: Matrix
    photos: Matrix
    short: Matrix
    has_short: NDArray[np.int64]


def compare(before: HeldOut, after: HeldOut, groups: NDArray[np.int64], seed: int) -> Comparison:
    """Every metric of both, paired case by case.

    Args:
        groups: (n,) what kind of thing each item is, -1 for unknown; short requests ask for a kind, not for one product.
    """
    rows = [_row(name, metric(before), metric(after), seed) for name, metric in _metrics(groups).items()]
    rows += [_row(name, metric(before), metric(after), seed, guard=True) for name, metric in _guards(groups).items()]
    return Comparison(tuple(rows), len(before.photos))


_Metric = Callable[[HeldOut], NDArray[np.float64]]


def _recall_at(k: int) -> _Metric:
    return lambda part: (ranks(part.titles, part.photos) < k).astype(np.float64)


def _metrics(groups: NDArray[np.int64]) -> Mapping[str, _Metric]:
    return {
        **{f"title -> photo, recall@{k}": _recall_at(k) for k in RECALLS},
        "title -> photo, MRR": lambda part: np.asarray(1.0 / (ranks(part.titles, part.photos) + 1.0), np.float64),
        f"short request -> photos of its kind, P@{NEIGHBOURS}": lambda part: _of_kind(part, groups),
    }


def _guards(groups: NDArray[np.int64]) -> Mapping[str, _Metric]:
    return {
        f"photo -> photos of its kind, P@{NEIGHBOURS}": lambda part: neighbour_precision(
            part.photos, part.photos, groups, itself=True
        ),
        f"title -> titles of its kind, P@{NEIGHBOURS}": lambda part: neighbour_precision(
            part.titles, part.titles, groups, itself=True
        ),
    }


def _of_kind(part: HeldOut, groups: NDArray[np.int64]) -> NDArray[np.float64]:
    if not len(part.has_short):
        return np.empty(0)
    scores = part.short @ part.photos.T
    k = min(NEIGHBOURS, scores.shape[1])
    nearest = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    of = groups[part.has_short]
    found: NDArray[np.float64] = (groups[nearest] == of[:, None]).mean(axis=1)
    found[of < 0] = np.nan
    return found


def _row(name: str, before: NDArray[np.float64], after: NDArray[np.float64], seed: int, *, guard: bool = False) -> Retrieval:
    then, now = bootstrap(before, seed).mean, bootstrap(after, seed).mean
    return Retrieval(name, then, now, paired_difference(after, before, seed), guard)
