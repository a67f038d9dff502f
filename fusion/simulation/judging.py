"""How good an answer is to the simulated shopper who asked: graded by the tastes that the shop never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.evaluation.intervals import Interval, bootstrap, paired_difference
from fusion.evaluation.metrics import discounts
from fusion.instructions.catalogue_values import CatalogueValues
from fusion.simulation.needs import Need, Needs
from fusion.simulation.session import Summary
from fusion.simulation.world import World

Floats = NDArray[np.float64]
# (arm, shopper id, need) -> ids, best first
Answerer = Callable[[str, str, Need], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """NDCG of each arm over the same cases.

    Attributes:
        ndcg: arm -> interval of its mean.
        lift: of the joint arm over the best other one: interval of the paired difference of means.
        relative_lift: that difference over the best other arm's mean.
    """

    n: int
    ndcg: Mapping[str, Interval]
    best_other: str
    lift: Interval
    relative_lift: float


def graded_ndcg(gains: Sequence[float], possible: Floats, k: int) -> float:
    """DCG of the shown gains over the DCG of the k largest possible ones; 0 when nothing could gain.

    Gains enter as they are (Järvelin & Kekäläinen 2002); they are probabilities here, not grades to be exponentiated.
    """
    shown = np.zeros(k)
    shown[: min(k, len(gains))] = np.asarray(gains[:k], np.float64)
    best = np.sort(possible)[::-1][:k]
    ideal = float(best @ discounts(k)[: len(best)])
    return float(shown @ discounts(k)) / ideal if ideal > 0 else 0.0


def judge(
    world: World,
    values: CatalogueValues,
    summary: Summary,
    answer: Answerer,
    arms: Sequence[str],
    *,
    joint: str,
    n: int,
    seed: int,
    k: int = 10,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Judgement:
    """Ask ``n`` further worded requests of shoppers who were there, each through every arm, and grade what is shown.

    Args:
        joint: the arm that is compared with the best of the others.
    """
    rng = np.random.default_rng(seed)
    needs, rows = Needs(world, values), world.rows
    found: dict[str, list[float]] = {arm: [] for arm in arms}
    names = sorted(summary.tastes)
    done = 0
    while done < n:
        name = str(rng.choice(names))
        need = needs.draw(summary.tastes[name], summary.languages[name], rng)
        if not need.text:
            continue
        gains = world.attraction(summary.tastes[name], need.meets)
        for arm in arms:
            ids = [i for i in answer(arm, name, need) if i in rows]
            found[arm].append(graded_ndcg([float(gains[rows[i]]) for i in ids], gains, k))
        done += 1
        on_progress(done, n)
    measured = {arm: np.asarray(scores) for arm, scores in found.items()}
    best = max((arm for arm in arms if arm != joint), key=lambda arm: measured[arm].mean())
    lift = paired_difference(measured[joint], measured[best], seed)
    base = float(measured[best].mean())
    return Judgement(
        n, {arm: bootstrap(scores, seed) for arm, scores in measured.items()}, best, lift, lift.mean / base if base else 0.0
    )
