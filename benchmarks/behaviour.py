"""python -m benchmarks.behaviour: models of behaviour and the served score on one split of dated baskets.

    python -m benchmarks.behaviour --history users.jsonl.gz --items items.jsonl.gz [--json report.json]

Each shopper's last basket is the test; only items that the shopper had not bought count. Options of the models are chosen
on the last basket but one, in histories from which the last is cut away, so nothing of the test is seen before it is asked,
once. The served arm chooses its own weights from the log it learns from (``fusion.behaviour.mixture``), as a shop would.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report import Cell, Table
from fusion.behaviour.base import BehaviourModel
from fusion.behaviour.ease import Ease
from fusion.behaviour.factors import Als, Bpr
from fusion.behaviour.neighbours import ItemNeighbours
from fusion.evaluation import metrics
from fusion.evaluation.arms import HISTORY, Arm
from fusion.evaluation.baselines import Behaviour, Popularity, Ranker
from fusion.evaluation.cases import Fold, Selection, leave_one_out
from fusion.evaluation.histories import ShopperHistory
from fusion.evaluation.intervals import Interval, bootstrap, paired_difference
from fusion.evaluation.reading import read_histories
from fusion.evaluation.study import Outcome, all_cases, run
from fusion.types import Item

K = 10
SEED = 20240607
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Build = Callable[[], BehaviourModel]

# Family -> the options that are tried on the validation part.
GRID: Mapping[str, Mapping[str, Build]] = {
    "item-kNN, cosine": {f"k {k}": lambda k=k: ItemNeighbours("cosine", k) for k in (20, 50, 200)},  # type: ignore[misc]
    "item-kNN, tf-idf": {f"k {k}": lambda k=k: ItemNeighbours("tfidf", k) for k in (20, 50, 200)},  # type: ignore[misc]
    "item-kNN, BM25": {f"k {k}": lambda k=k: ItemNeighbours("bm25", k) for k in (20, 50, 200)},  # type: ignore[misc]
    "EASE": {f"regularization {r}": lambda r=r: Ease(float(r)) for r in (100, 200, 500)},  # type: ignore[misc]
    "ALS": {
        f"factors {f}, alpha {a}": lambda f=f, a=a: Als(f, regularization=1.0, alpha=a)  # type: ignore[misc]
        for f, a in ((32, 1.0), (64, 1.0), (64, 5.0), (128, 1.0))
    },
    "BPR": {f"factors {f}": lambda f=f: Bpr(f) for f in (32, 64)},  # type: ignore[misc]
}
MEASURES: Mapping[str, Callable[[Sequence[str], frozenset[str], int], float]] = {
    "hit@10": metrics.hit_rate,
    "NDCG@10": metrics.ndcg,
    "recall@10": metrics.recall,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune, test, print."""
    args = _parse(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import django

    django.setup()
    from recommender.evaluation.items import read_items
    from recommender.evaluation.served import serve_file

    histories, _bad = read_histories(args.history)
    items = read_items(args.items).items
    served = serve_file(items)
    selection = Selection(new_only=True, min_baskets=2, min_items=5)
    tuned = tune(histories, items, replace(selection, limit=args.tuning_cases))
    tables = [_chosen(tuned)]
    arms = [
        Arm(HISTORY, served.pipeline, served.past, (False, True)),
        Arm("history without behaviour", served.pipeline, served.past, (False, True), without=[("history", "behaviour")]),
        Arm("popularity, last 30 days", served.pipeline, served.past, (False, False)),
    ]
    for hindsight in (False, True)[: 1 + args.hindsight]:
        selected = replace(selection, limit=args.cases)
        folds = leave_one_out(histories, selected, n_folds=args.folds, hindsight=hindsight)
        models = [Behaviour(f"{name} ({option})", items, build) for name, (option, build, _) in tuned.items()]
        rankers: list[Ranker] = [*arms, Popularity(items), *models]
        tables.append(_tested(folds, run(folds, rankers, K, _progress), hindsight=hindsight))
        print("\n\n".join(table.text() for table in tables[-1:]), flush=True)
    print("\n\n" + "\n\n".join(table.markdown() for table in tables))
    if args.json:
        args.json.write_text(json.dumps([table.to_json() for table in tables], ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def tune(
    histories: Sequence[ShopperHistory], items: Sequence[Item], selection: Selection
) -> dict[str, tuple[str, Build, float]]:
    """Family -> (best options, how to build it, its hit@10) where every shopper's last basket was never there."""
    earlier = [replace(h, baskets=h.baskets[:-1]) for h in histories if len(h.baskets) > 1]
    folds = leave_one_out(earlier, selection, hindsight=True)
    best: dict[str, tuple[str, Build, float]] = {}
    for name, options in GRID.items():
        rankers = [Behaviour(option, items, build) for option, build in options.items()]
        for outcome in run(folds, rankers, K):
            hit = float(_values(folds, outcome, "hit@10").mean())
            print(f"{name}, {outcome.name}: hit@10 {hit:.4f}", file=sys.stderr, flush=True)
            if name not in best or hit > best[name][2]:
                best[name] = outcome.name, options[outcome.name], hit
    return best


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.behaviour", description="Compare models of behaviour.")
    parser.add_argument("--history", type=Path, required=True, help="shoppers' baskets, as manage.py evaluate reads them")
    parser.add_argument("--items", type=Path, required=True, help="the catalogue, as manage.py evaluate reads it")
    parser.add_argument("--json", type=Path, help="also write the tables here")
    parser.add_argument("--cases", type=int, default=0, help="at most so many test cases (0: all)")
    parser.add_argument("--tuning-cases", type=int, default=600, help="at most so many validation cases (0: all)")
    parser.add_argument("--folds", type=int, default=12, help="how often everything learns anew; a shop does every night")
    parser.add_argument("--hindsight", action="store_true", help="also learnt once, from what others did later, too")
    return parser.parse_args(arguments)


def _values(folds: Sequence[Fold], outcome: Outcome, measure: str) -> Floats:
    cases = all_cases(folds)
    return np.asarray(
        [MEASURES[measure](ranked, case.target, K) for ranked, case in zip(outcome.lists, cases, strict=True)], np.float64
    )


def _tested(folds: Sequence[Fold], outcomes: Sequence[Outcome], *, hindsight: bool) -> Table:
    shoppers = [case.shopper for case in all_cases(folds)]
    rows: list[Sequence[Cell]] = []
    for outcome in outcomes:
        found = {measure: _values(folds, outcome, measure) for measure in MEASURES}
        behind = [
            _shown(paired_difference(_values(folds, outcomes[0], measure), found[measure], SEED, groups=shoppers))
            if outcome is not outcomes[0]
            else ""
            for measure in ("hit@10", "NDCG@10")
        ]
        intervals = [_shown(bootstrap(values, SEED, groups=shoppers)) for values in found.values()]
        rows.append([outcome.name, *intervals, *behind, round(outcome.ms_per_case, 1)])
    how = "learnt once, from everything but the test baskets" if hindsight else f"learnt {len(folds)} times, point in time"
    return Table(
        "behaviour-hindsight" if hindsight else "behaviour",
        f"{len(shoppers):,} last baskets, new items only; {how}",
        ["ranker", *MEASURES, "hit@10 behind the served", "NDCG@10 behind", "ms a case"],
        rows,
    )


def _chosen(tuned: Mapping[str, tuple[str, Build, float]]) -> Table:
    return Table(
        "behaviour-options",
        "Options chosen on the last basket but one",
        ["model", "best options", "hit@10 there"],
        [[name, option, round(hit, 4)] for name, (option, _, hit) in tuned.items()],
    )


def _shown(interval: Interval) -> str:
    return f"{interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _progress(done: int, total: int) -> None:
    if done % 1000 == 0:
        print(f"{done}/{total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
