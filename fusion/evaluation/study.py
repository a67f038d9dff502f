"""Every ranker over every case, fold by fold: learn, then answer. What comes out are lists, not numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fusion.evaluation.baselines import Ranker
from fusion.evaluation.cases import Case, Fold

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What one ranker returned.

    Attributes:
        kind: "arm", "knock-out" or "baseline".
        lists: for each case, in order, at most k ids, best first.
        seconds: spent on answering, without learning.
    """

    name: str
    kind: str
    lists: tuple[tuple[str, ...], ...]
    seconds: float

    @property
    def ms_per_case(self) -> float:
        return 1000 * self.seconds / len(self.lists) if self.lists else 0.0


def all_cases(folds: Sequence[Fold]) -> tuple[Case, ...]:
    """The cases in the order of every outcome's lists."""
    return tuple(case for fold in folds for case in fold.cases)


def run(folds: Sequence[Fold], rankers: Sequence[Ranker], k: int, on_progress: Progress | None = None) -> list[Outcome]:
    """Answer all cases with all rankers. A ranker that learns is taught anew at each fold, before its first case there.

    Args:
        on_progress: called with (answers made, answers to make).
    """
    lists: dict[str, list[tuple[str, ...]]] = {ranker.name: [] for ranker in rankers}
    seconds = dict.fromkeys(lists, 0.0)
    done, total = 0, len(rankers) * sum(len(fold.cases) for fold in folds)
    for fold in folds:
        for ranker in rankers:
            ranker.learn(fold.training)
            for case in fold.cases:
                started = time.perf_counter()
                lists[ranker.name].append(tuple(ranker.rank(case, k)))
                seconds[ranker.name] += time.perf_counter() - started
                done += 1
                if on_progress:
                    on_progress(done, total)
    return [Outcome(ranker.name, ranker.kind, tuple(lists[ranker.name]), seconds[ranker.name]) for ranker in rankers]
