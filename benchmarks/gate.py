"""What the learnt gate is worth: simulated shoppers fill a log, the gate learns from it, and their hidden tastes judge it.

Then the same answers with acts drawn at random, under the same bias of places: how often are the defaults kept?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from benchmarks import catalogue
from benchmarks.options import Options
from benchmarks.report import Table
from benchmarks.shop_data import copy_shop, open_shop
from fusion.evaluation.intervals import Interval
from fusion.gate.weigher import GateWeigher
from fusion.learning.examination import estimate_examination
from fusion.learning.fusion_training import OBJECTIVES, Data, FusionOptions, default_scores, scores, train
from fusion.learning.impressions import Impressions, pack
from fusion.learning.rewards import WINDOW, reward_of
from fusion.learning.splits import split_by_time
from fusion.simulation.session import LOOK_DECAY, P_BUY, P_CART, Plan

if TYPE_CHECKING:
    from recommender.services.fusion import FusionReport
    from recommender.services.simulation import Simulation

DAYS = 120
P_TAKEN = 0.25


def run(options: Options) -> list[Table]:
    """Two tables: what the gate lifts, and how often chance is taken for a lift."""
    data = options.work / "runs" / "gate"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from recommender.engine import get_engine
    from recommender.services.fusion import train_gate
    from recommender.services.logged_answers import LogRange

    get_engine().warm_up()
    visits, judged = options.pick(6000, 6000, 600), options.pick(400, 200, 5)
    simulation = _simulate(visits, options.seed)
    rows: list[Sequence[str | float]] = []
    for objective in OBJECTIVES:
        report = train_gate(LogRange(simulated="only"), FusionOptions(objective=objective, seed=options.seed % 1000))
        rows.append((objective, *_learnt(report), *_true(report, simulation, judged, options.seed)))
    note = (
        f"Simulated: {visits:,} visits over {DAYS} days, seed {options.seed}. Held out: the last fifth of the answers with a "
        f"reward, NDCG@10 without the bias of places. True: by the hidden tastes, {judged} fresh requests of shoppers with a "
        "history [95%]."
    )
    columns = ("objective", "defaults, held out", "gate, held out", "lift", "kept", "defaults, true", "gate, true", "true lift")
    return [Table("gate", "The gate on a simulated log", columns, rows, (note,)), _chance(options)]


def _simulate(visits: int, seed: int) -> Simulation:
    from django.utils import timezone

    from recommender.services.simulation import run as simulate

    end = timezone.now()
    plan = Plan(shoppers=max(10, visits // 20), sessions=visits, start=end - timedelta(days=DAYS), end=end, seed=seed)
    with tqdm(total=visits, desc="visits", leave=False) as bar:
        return simulate(plan, lambda done, total: bar.update(done - bar.n))


def _learnt(report: FusionReport) -> tuple[float, float, str, str]:
    if report.held_out is None:
        return float("nan"), float("nan"), report.reason, "no"
    found = report.held_out
    return found.default, found.value, _shown(found.lift), "yes" if report.version else "no"


def _true(report: FusionReport, simulation: Simulation, n: int, seed: int) -> tuple[float, float, str]:
    from recommender.services.simulation import judge_weighers

    if report.trained is None:
        return float("nan"), float("nan"), ""
    weighers = {"defaults": None, "gate": GateWeigher(report.trained.gate)}
    found = judge_weighers(simulation, weighers, "gate", n, seed + 1, lambda done, total: None)
    return found.ndcg["defaults"].mean, found.ndcg["gate"].mean, _shown(found.lift)


def _chance(options: Options) -> Table:
    from recommender.services.fusion import surest

    log = _answers()
    rows: list[Sequence[str | float]] = []
    n_seeds = options.pick(20, 5, 1)
    for objective in OBJECTIVES:
        kept = untrained = 0
        lifts = []
        for seed in tqdm(range(n_seeds), desc=objective, leave=False):
            parts, training = split_by_time(_at_random(log, seed), WINDOW), FusionOptions(objective=objective, seed=seed)
            trained = train(Data(parts.train, parts.validation, estimate_examination(parts.train, seed)), training)
            if not trained.best_epoch:
                untrained += 1
                continue
            examinations = [estimate_examination(part, seed) for part in (parts.known, parts.test)]
            ours, theirs = scores(trained.gate, parts.test), default_scores(parts.test)
            found = surest(parts.test, examinations, ours, theirs, training)
            lifts.append(found.lift.mean)
            kept += found.lift.low > 0
        rows.append((objective, n_seeds, untrained, len(lifts) - kept, kept, float(np.mean(lifts)) if lifts else 0.0))
    columns = ("objective", "logs", "no epoch better", "lift not certain", "gate kept", "mean lift of the trained")
    return Table("gate-chance", "The gate on logs without a signal", columns, rows)


def _answers() -> Impressions:
    from recommender.services.fusion import WordsEncoder
    from recommender.services.logged_answers import LogCounts, LogRange, read_answers

    encoder = WordsEncoder()
    return pack(read_answers(LogRange(simulated="only"), LogCounts()), encoder.embed, encoder.dim)


def _at_random(log: Impressions, seed: int) -> Impressions:
    """The same answers; whoever looks takes one in four, whatever it is."""
    rng = np.random.default_rng(1000 + seed)
    looked = rng.random(log.rank.shape) < np.maximum(log.rank, 1) ** -LOOK_DECAY
    acted = log.shown & looked & (rng.random(log.rank.shape) < P_TAKEN)
    cart = rng.random(log.rank.shape) < P_CART
    bought = cart & (rng.random(log.rank.shape) < P_BUY)
    worth = reward_of(["click"]) + reward_of(["add_to_cart"]) * cart + reward_of(["purchase"]) * bought
    return replace(log, acted=acted, reward=np.where(acted, worth, 0.0).astype(np.float32))


def _shown(interval: Interval) -> str:
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"
