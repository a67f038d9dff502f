"""python -m benchmarks.policy: policies against each other in the arena, estimates against the truth, A/A promotions.

    python -m benchmarks.policy --items products.jsonl [--images folder] [--worlds 3] [--runs 2] [--rounds 10000] [--json F]

Shoppers are simulated (fusion/policy/arena.py says how); catalogue, vectors and pages are real. A world is a draw of
everybody's hidden tastes and pasts; a run is a draw of who comes, looks and clicks. Everything is seeded.
``python -m benchmarks --only policy`` does the same on the catalogue of the other benchmarks.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.catalogue import folder
from benchmarks.options import Options
from benchmarks.report import Cell, Table
from benchmarks.shop_data import open_shop
from fusion.instructions.catalogue_values import read_catalogue
from fusion.pipeline import RecommendationPipeline
from fusion.policy.arena import Arena, Setting, build
from fusion.policy.experiments import Sums, Verdict, read
from fusion.policy.features import FEATURES
from fusion.policy.items import ItemModel
from fusion.policy.learner import Bounds
from fusion.policy.learners import create
from fusion.policy.off_policy import contributions, effective_size, modelled, weights_of
from fusion.policy.rounds import Fixed, Heard, Learning, Play, Player, log_of, play, recovery
from fusion.simulation.world import World
from fusion.types import Item

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS, WORLDS, RUNS = 10_000, 3, 2
# The least chance of each arm: what later estimates rest on. It costs what these answers lose.
FLOOR = 0.003
METHODS = ("ips", "clipped", "snips", "dr")
AA_RUNS, AA_LOOKS, AA_BATCH = 200, 100, 100


@dataclass(frozen=True, slots=True)
class Size:
    """How much is run."""

    worlds: int = WORLDS
    runs: int = RUNS
    rounds: int = ROUNDS
    setting: Setting = field(default_factory=Setting)


def run(options: Options) -> list[Table]:
    """On the catalogue that the other benchmarks use."""
    open_shop(folder(options))
    from recommender.evaluation.served import serve_shop

    served = serve_shop()
    small = Setting(shoppers=30, crowd=100, bought=10.0, requests=60)
    size = Size(
        options.pick(WORLDS, 1, 1),
        options.pick(RUNS, 2, 1),
        options.pick(ROUNDS, 4000, 200),
        small if options.tiny else Setting(),
    )
    return measured(served.pipeline, served.items, size)


def main(arguments: Sequence[str] | None = None) -> int:
    """On a catalogue file."""
    args = _parse(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import django

    django.setup()
    from recommender.evaluation.items import read_items
    from recommender.evaluation.served import serve_file

    served = serve_file(read_items(args.items, args.images).items)
    size = Size(args.worlds, args.runs, args.rounds, Setting(requests=args.requests))
    tables = measured(served.pipeline, served.items, size)
    print("\n\n".join(table.markdown() if args.markdown else table.text() for table in tables))
    if args.json:
        args.json.write_text(json.dumps([table.to_json() for table in tables], ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def measured(pipeline: RecommendationPipeline, items: Sequence[Item], size: Size) -> list[Table]:
    """All tables."""
    played: dict[str, list[Play]] = {}
    estimated: dict[str, list[float]] = {method: [] for method in METHODS}
    effective: list[float] = []
    worth = []
    values = read_catalogue(pipeline.collection.columns.vocabulary())
    for seed in range(1, size.worlds + 1):
        arena = build(pipeline, World(items, seed), values, replace(size.setting, seed=seed))
        worth.append(arena.worth)
        for name, player in players(arena).items():
            for attempt in range(size.runs):
                found = play(arena, player(), size.rounds, 100 * seed + attempt)
                played.setdefault(name, []).append(found)
                _say(f"world {seed} run {attempt}: {name} {found.relative:.3f}")
        for attempt in range(size.runs):
            for phase in range(len(arena.phases)):
                errors, size_of = off_policy_errors(_only(arena, phase), 2 * size.rounds, 100 * seed + attempt)
                effective.append(size_of)
                for method, error in errors.items():
                    estimated[method].append(error)
        _say(f"world {seed}: " + ", ".join(f"{m} {np.mean(np.abs(e)):.3f}" for m, e in estimated.items()))
    names = {"arms": arena.arms, "phases": arena.phases}
    return [
        _worth_table(names, worth),
        _regret_table(played, size),
        _estimates_table(estimated, effective, size),
        _aa_table(),
    ]


def players(arena: Arena) -> dict[str, Callable[[], Player]]:
    """Row -> a fresh player."""
    n, n_phases = len(arena.arms), len(arena.phases)
    default, best = np.zeros((n_phases, n)), np.zeros((n_phases, n))
    default[:, 0] = 1.0
    best[:, arena.worth.mean(axis=(0, 1)).argmax()] = 1.0

    def learning(kind: str, cap: float = 1.0, *, items: bool = True, **settings: float) -> Callable[[], Player]:
        def fresh() -> Player:
            model = ItemModel(n, arena.signals.shape[-1]) if items else None
            return Learning(create(kind, n, len(FEATURES), settings), Bounds(cap, FLOOR), model)

        return fresh

    return {
        "random arm": lambda: Fixed(np.full((n_phases, n), 1.0 / n)),
        "fixed default": lambda: Fixed(default),
        "best fixed arm in hindsight": lambda: Fixed(best),
        "Thompson sampling": learning("thompson"),
        "LinUCB": learning("linucb"),
        "actor-critic": learning("actor_critic"),
        "Thompson sampling, cap .1": learning("thompson", 0.1),
        "actor-critic, cap .1": learning("actor_critic", 0.1),
        "Thompson sampling, whole answers only": learning("thompson", items=False, prior=0.2),
    }


def off_policy_errors(arena: Arena, rounds: int, seed: int) -> tuple[dict[str, float], float]:
    """Relative errors of the estimates for a learnt policy, and how many effective answers they rest on.

    The log is of one phase and a policy that plays the default half of the time and every other arm alike. Its earlier half
    teaches, its later half estimates; the truth is the mean reward of as many rounds in which the learnt policy itself plays.
    """
    n = len(arena.arms)
    chances = np.full((1, n), 0.5 / (n - 1))
    chances[0, 0] = 0.5
    logged = play(arena, Fixed(chances), rounds, seed)
    teacher = Learning(create("thompson", n, len(FEATURES)), Bounds(0.5, 0.005), ItemModel(n, arena.signals.shape[-1]))
    half = rounds // 2
    learnt = _taught(arena, logged, teacher, half)
    later = log_of(arena, logged, np.arange(half, rounds))
    target = np.array([learnt.chances(x, 0) for x in later.x])
    model = modelled(later)
    on_policy = float(play(arena, _Frozen(learnt), rounds, seed + 7919).reward.mean())
    found = {method: float(contributions(method, later, target, model=model).mean()) for method in METHODS}
    return {m: value / on_policy - 1.0 for m, value in found.items()}, effective_size(weights_of(later, target))


def _taught(arena: Arena, logged: Play, teacher: Learning, rounds: int) -> Learning:
    """The teacher after it has heard the first rounds of a log."""
    for now in range(rounds):
        request = int(logged.request[now])
        teacher.hear(
            Heard(
                arena.x[request],
                int(logged.arm[now]),
                float(logged.propensity[now]),
                arena.signals[request],
                logged.clicked[now],
            )
        )
    return teacher


class _Frozen(Player):
    """Plays what a learner has learnt, and learns no more."""

    def __init__(self, learnt: Learning) -> None:
        self._learnt = learnt

    def chances(self, x: NDArray[np.float64], phase: int) -> NDArray[np.float64]:
        return self._learnt.chances(x, phase)

    def hear(self, answer: object) -> None:
        """It learns no more."""

    def finish(self, clicks: int, reward: float) -> None:
        """It learns no more."""


def _only(arena: Arena, phase: int) -> Arena:
    return replace(arena, clicks=arena.clicks[phase : phase + 1], phases=arena.phases[phase : phase + 1])


def _worth_table(names: Mapping[str, Sequence[str]], worth: Sequence[NDArray[np.float64]]) -> Table:
    means = np.mean([found.mean(axis=1) for found in worth], axis=0)
    rows: list[Sequence[Cell]] = [[arm, *(float(value) for value in means[:, k])] for k, arm in enumerate(names["arms"])]
    return Table(
        "policy-worth",
        "Expected reward of an answer by arm and phase (simulated shoppers)",
        ["arm", *names["phases"]],
        rows,
        [f"Mean over {len(worth)} worlds. What decides changes between phases; so does the best arm."],
    )


def _regret_table(played: Mapping[str, Sequence[Play]], size: Size) -> Table:
    rows: list[Sequence[Cell]] = []
    for name, plays in played.items():
        waits = [recovery(found) for found in plays]
        shown = [_waits([wait[shift] for wait in waits]) for shift in range(len(waits[0]))]
        rows.append(
            [
                name,
                _interval([found.relative for found in plays]),
                _interval([found.relative_by_kind for found in plays]),
                round(float(np.mean([found.reward.mean() for found in plays])), 3),
                *shown,
            ]
        )
    n = size.worlds * size.runs
    return Table(
        "policy-regret",
        f"Regret after {size.rounds:,} rounds with three shifts, relative to an arm at random (simulated shoppers)",
        ["policy", "regret", "regret by kind of request", "reward", "shift 1", "shift 2", "shift 3"],
        rows,
        [
            f"Mean [95% of the mean over {n} runs: {size.worlds} worlds, {size.runs} runs each]. Regret: against the best arm "
            "of each phase; by kind: against its best arm for words, from a product, a feed with a history, one without.",
            "Shifts: rounds until a policy earns 80% of what is to be won over a random arm again, over 200 rounds on end "
            "(median of the runs that did, and how many did).",
        ],
    )


def _estimates_table(estimated: Mapping[str, Sequence[float]], effective: Sequence[float], size: Size) -> Table:
    rows: list[Sequence[Cell]] = [
        [
            method,
            round(float(np.mean(errors)), 4),
            round(float(np.mean(np.abs(errors))), 4),
            round(float(np.max(np.abs(errors))), 4),
            f"{sum(abs(e) <= 0.05 for e in errors)} of {len(errors)}",
        ]
        for method, errors in estimated.items()
    ]
    return Table(
        "policy-estimates",
        f"Off-policy estimates against on-policy rewards, relative errors (simulated shoppers, {size.rounds:,} answers)",
        ["estimator", "mean", "mean absolute", "largest", "within .05"],
        rows,
        [
            f"A learnt policy, estimated from {size.rounds:,} answers of one that plays the default half of the time (worth "
            f"{np.mean(effective):,.0f} of its own on the mean), against {2 * size.rounds:,} answers of its own: each phase, "
            f"{size.worlds} worlds, {size.runs} runs. The on-policy mean has an error of its own, about 1%."
        ],
    )


def _aa_table(seed: int = 20240607) -> Table:
    """How often equal sides are promoted when somebody looks after every batch."""
    rng = np.random.default_rng(seed)
    anytime = ordinary = mismatch = 0
    for _ in range(AA_RUNS):
        ours, theirs, seen, fooled = Sums(), Sums(), set(), False
        for _look in range(AA_LOOKS):
            values = 0.1 * (rng.random(AA_BATCH) < 0.3) + np.where(
                rng.random(AA_BATCH) < 0.1, rng.exponential(1.2, AA_BATCH), 0
            )
            side = rng.random(AA_BATCH) < 0.5
            ours, theirs = ours + Sums.of(values[side]), theirs + Sums.of(values[~side])
            seen.add(read(ours, theirs, (0.5, 0.5)).verdict)
            if ours.n >= 100 and theirs.n >= 100:
                error = math.sqrt(ours.variance / ours.n + theirs.variance / theirs.n)
                fooled |= ours.mean - theirs.mean > 1.96 * error
        anytime += Verdict.BETTER in seen
        mismatch += Verdict.MISMATCH in seen
        ordinary += fooled
    return Table(
        "policy-aa",
        f"Promotions of a side that is no better: {AA_RUNS} A/A runs, {AA_LOOKS} looks each",
        ["interval", "promoted", "share"],
        [
            ["confidence sequence", anytime, anytime / AA_RUNS],
            ["ordinary 95% interval at every look", ordinary, ordinary / AA_RUNS],
            ["stopped for a sample ratio mismatch", mismatch, mismatch / AA_RUNS],
        ],
        [f"{AA_LOOKS * AA_BATCH:,} shoppers a run."],
    )


def _interval(values: Sequence[float]) -> str:
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.3f}"
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return f"{mean:.3f} [{mean - half:.3f}, {mean + half:.3f}]"


def _waits(waits: Sequence[int | None]) -> str:
    known = [wait for wait in waits if wait is not None]
    return f"{np.median(known):.0f} ({len(known)}/{len(waits)})" if known else f"never (0/{len(waits)})"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy", description="Compare policies in the arena.")
    parser.add_argument("--items", type=Path, required=True, help="the catalogue, as manage.py evaluate reads it")
    parser.add_argument("--images", type=Path, help="folder of the photos (default: that of the file)")
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--runs", type=int, default=RUNS, help="runs in each world")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--requests", type=int, default=Setting().requests, help="distinct requests of a world")
    parser.add_argument("--json", type=Path, help="also write the tables here")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
