"""One evaluation: where the cases come from, all rankers over them, and the report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from fusion.evaluation.arms import Arm, four_arms, knock_outs
from fusion.evaluation.baselines import all_baselines
from fusion.evaluation.cases import N_FOLDS, Case, Fold, Selection, global_time, leave_one_out
from fusion.evaluation.cold import AS_NEW, KNOWN, as_new, held_out
from fusion.evaluation.fidelity import Fidelity, check, summary
from fusion.evaluation.histories import ShopperHistory, cut_at_share, span
from fusion.evaluation.reading import BadLine, read_histories
from fusion.evaluation.report import RunInfo
from fusion.evaluation.results import Results, SliceRow, held_out_rows, summarise
from fusion.evaluation.study import Outcome, all_cases, run
from recommender.evaluation.items import read_items
from recommender.evaluation.log import HORIZON, cases_of, folds_of_log, read_log, skipped_notes
from recommender.evaluation.served import Served, serve_file, serve_shop, versions_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What was chosen on the command line."""

    history: Path | None = None
    items: Path | None = None
    images: Path | None = None
    split: str = "global-time"
    cut: datetime | None = None
    share: float = 0.8
    folds: int = N_FOLDS
    hindsight: bool = False
    selection: Selection = field(default_factory=Selection)
    k: int = 10
    seed: int = 0
    simulated: str = "include"
    fidelity: int = 0
    cold: float = 0.0


@dataclass(frozen=True)
class Cases:
    """What is asked, and where it came from."""

    folds: Sequence[Fold]
    served: Served
    data: dict[str, Any]
    notes: tuple[str, ...]
    problems: tuple[dict[str, Any], ...] = ()


def from_file(options: Options, on_encoded: Progress | None = None) -> Cases:
    """Cases of a history file, over the items of a file or of this shop.

    Raises:
        FileUnreadable: a file cannot be read.
        ValueError: nothing in it can be asked.
    """
    assert options.history is not None
    histories, bad = read_histories(options.history)
    histories = [h for h in histories if options.simulated == "include" or h.simulated == (options.simulated == "only")]
    problems = _problems(options.history, bad)
    if options.items is not None:
        read = read_items(options.items, options.images)
        problems += _problems(options.items, read.bad)
        if not read.items:
            raise ValueError(f"{options.items} has no product that could be read; its first problem: {_first(read.bad)}.")
        served = serve_file(read.items, on_encoded)
    else:
        served = serve_shop()
    if not histories:
        raise ValueError(f"{options.history} has no shopper that could be read; its first problem: {_first(bad)}.")
    known, unknown = _known(histories, served, options)
    folds = _folds(known, options)
    notes = [
        f"{len(unknown):,} ids of the history are not in the catalogue and were left out: {', '.join(unknown[:5])} ..."
    ] * (len(unknown) > 0)
    if not any(case.query for fold in folds for case in fold.cases):
        notes.append("The history holds no requests, so the arms with an instruction are absent.")
    data = _data(known, served, "history", options.history) | {"unknown_items": len(unknown)}
    if options.items:
        data["items_file"], data["items_sha256"] = options.items.name, _sha256(options.items)
    return Cases(folds, served, data, tuple(notes), tuple(problems))


def from_log(options: Options) -> Cases:
    """Cases of this shop's stored answers and events.

    Raises:
        ValueError: nothing can be replayed.
    """
    log, served = read_log(options.simulated), serve_shop()
    known = frozenset(item.item_id for item in served.items)
    cases = cases_of(log, known, options.selection)
    folds = folds_of_log(
        log,
        cases,
        options.split,
        options.selection,
        cut=options.cut,
        share=options.share,
        n_folds=options.folds,
    )
    notes = [
        *skipped_notes(log),
        "The log favours rankings like the one that made it: shoppers took from what they were shown.",
        f"Taken means clicked, put into the cart, liked or bought from that answer, or bought within {HORIZON.days} days.",
    ]
    return Cases(folds, served, _data(list(log.histories.values()), served, "log"), tuple(notes))


def evaluate(cases: Cases, options: Options, on_progress: Progress | None = None) -> tuple[Results, RunInfo, list[Fidelity]]:
    """Answer the cases with the arms, the baselines and the knock-outs, and sum up."""
    asked = all_cases(cases.folds)
    arms = four_arms(cases.served.pipeline, cases.served.past, requests=any(case.query for case in asked))
    rankers = [*arms, *all_baselines(cases.served.items, options.seed)]
    n_answers = len(asked) * len(rankers)
    outcomes = run(cases.folds, rankers, options.k, on_progress)
    outs = knock_outs(arms[0], arms[0].used)
    total = n_answers + len(asked) * len(outs)
    outcomes += run(cases.folds, outs, options.k, on_progress and (lambda done, _: on_progress(n_answers + done, total)))
    results = summarise(cases.folds, outcomes, cases.served.catalogue, options.k, options.seed)
    if options.cold:
        results = replace(results, slices=(*results.slices, *_held_out(cases, arms, outcomes, options)))
    found = _fidelity(arms[0], cases.folds, options) if options.fidelity else []
    return results, _info(cases, options, arms, asked), found


def _held_out(cases: Cases, arms: Sequence[Arm], outcomes: Sequence[Outcome], options: Options) -> tuple[SliceRow, ...]:
    """The arms once more, as if nobody had touched a part of the items."""
    held = held_out((item.item_id for item in cases.served.items), options.cold, options.seed)
    again = run(as_new(cases.folds, held), arms, options.k)
    known = [outcome for outcome in outcomes if outcome.kind == "arm"]
    return held_out_rows(cases.folds, {KNOWN: known, AS_NEW: again}, held, options.k, options.seed)


def _fidelity(arm: Arm, folds: Sequence[Fold], options: Options) -> list[Fidelity]:
    n_cases, removals = sum(len(fold.cases) for fold in folds), []
    for fold in folds:
        arm.learn(fold.training)
        share = -(-options.fidelity * len(fold.cases) // n_cases)
        removals += check(arm, fold.cases, share, options.k, options.seed)
    return summary(removals)


def _folds(histories: Sequence[ShopperHistory], options: Options) -> list[Fold]:
    if options.split == "leave-one-out":
        return leave_one_out(histories, options.selection, n_folds=options.folds, hindsight=options.hindsight)
    return global_time(histories, options.cut or cut_at_share(histories, options.share), options.selection)


def _known(histories: Sequence[ShopperHistory], served: Served, options: Options) -> tuple[list[ShopperHistory], list[str]]:
    """The histories without items that the catalogue lacks, and the ids of those."""
    known = frozenset(item.item_id for item in served.items)
    named = {i for h in histories for b in h.baskets for i in b.items} | {a.item_id for h in histories for a in h.others}
    if not named & known:
        where = f"in {options.items}" if options.items else "in this shop; give its catalogue with --items FILE"
        raise ValueError(
            f"None of the {len(named):,} ids of the history is {where}. The first is {min(named, default='none')!r}."
        )
    return [h.only(known) for h in histories], sorted(named - known)


def _data(histories: Sequence[ShopperHistory], served: Served, source: str, file: Path | None = None) -> dict[str, Any]:
    between = span(histories)
    found: dict[str, Any] = {
        "source": source,
        "from": between[0].isoformat() if between else "",
        "to": between[1].isoformat() if between else "",
        "shoppers": len(histories),
        "interactions": sum(len(h.others) + sum(len(b.items) for b in h.baskets) for h in histories),
        "items": len(served.items),
        "items_without_photo": len(served.catalogue.photoless),
    }
    if file is not None:
        found |= {"file": file.name, "sha256": _sha256(file)}
    return found


def _info(cases: Cases, options: Options, arms: Sequence[Arm], asked: Sequence[Case]) -> RunInfo:
    simulated = sum(case.simulated for case in asked)
    degraded = {name: n for arm in arms for name, n in arm.degraded.items()}
    notes = [*cases.notes]
    notes += [f"Answers without {name}: {n} of {len(asked)}." for name, n in sorted(degraded.items())]
    notes += [f"No item has a vector in block {name}: {why}" for name, why in cases.served.unavailable]
    if options.hindsight:
        notes.append("HINDSIGHT: learnt also from what others did after a case's moment; no served system could have known it.")
    selection = options.selection
    cut = cases.folds[0].training.moment.isoformat() if options.split == "global-time" else ""
    return RunInfo(
        made_at=timezone.now().isoformat(timespec="seconds"),
        data=cases.data,
        simulated="none" if not simulated else ("all" if simulated == len(asked) else "some"),
        settings={
            "split": options.split,
            "cut": cut,
            "folds": len(cases.folds),
            "hindsight": options.hindsight,
            "k": options.k,
            "seed": options.seed,
            "new_only": selection.new_only,
            "min_baskets": selection.min_baskets,
            "min_items": selection.min_items,
            "limit": selection.limit,
            "simulated": options.simulated,
            "cold": options.cold,
        },
        versions=versions_of(cases.served),
        notes=notes,
        problems=[*cases.problems, *({"item": i, "reason": why} for i, why in cases.served.problems)],
    )


def _problems(path: Path, bad: Sequence[BadLine]) -> list[dict[str, Any]]:
    return [{"file": path.name, "line": line.number, "reason": line.reason} for line in bad]


def _first(bad: Sequence[BadLine]) -> str:
    return f"line {bad[0].number}: {bad[0].reason}" if bad else "the file is empty"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
