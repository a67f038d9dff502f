"""From lists to numbers: metrics with intervals, leads over each ranker, slices, and who gets the shoppers' attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.evaluation import metrics
from fusion.evaluation.cases import Case, Fold
from fusion.evaluation.intervals import Interval, bootstrap, paired_difference
from fusion.evaluation.study import Outcome, all_cases
from fusion.types import Item, Matrix

ACCURACY: Mapping[str, Callable[[Sequence[str], Collection[str], int], float]] = {
    "ndcg": metrics.ndcg,
    "recall": metrics.recall,
    "hit": metrics.hit_rate,
    "mrr": metrics.reciprocal_rank,
}
LED = ("ndcg", "hit")


@dataclass(frozen=True)
class Row:
    """One ranker.

    Attributes:
        accuracy: of ACCURACY's names, over all cases.
        lists: "novelty" and "diversity", means over lists, with intervals.
        catalogue: "coverage" and "gini_item", "gini_brand", "gini_category" over all lists together; nan where unknown.
        behind: for LED's names, the main arm minus this ranker, case by case; empty for the main arm itself.
        empty: cases for which it returned nothing.
    """

    name: str
    kind: str
    accuracy: Mapping[str, Interval]
    lists: Mapping[str, Interval]
    catalogue: Mapping[str, float]
    behind: Mapping[str, Interval]
    empty: int
    ms_per_case: float


@dataclass(frozen=True)
class SliceRow:
    """One ranker on a part of the cases, or on a part of what was taken. ``n`` is inside the intervals."""

    slice: str
    ranker: str
    accuracy: Mapping[str, Interval]


@dataclass(frozen=True)
class Exposure:
    """A group's share of the catalogue and of the attention that one ranker gives out."""

    ranker: str
    by: str
    group: str
    items: int
    catalogue_share: float
    exposure_share: float


@dataclass(frozen=True)
class Results:
    """All numbers of one run. ``main`` names the row that the others are compared with."""

    k: int
    main: str
    rows: tuple[Row, ...]
    slices: tuple[SliceRow, ...]
    exposure: tuple[Exposure, ...]
    n_cases: int


class Catalogue:
    """What the numbers need to know of the items.

    Args:
        vectors: ids -> (n, dim) unit vectors of those that have one, for diversity.
    """

    def __init__(self, items: Sequence[Item], photoless: Collection[str], vectors: Callable[[Sequence[str]], Matrix]) -> None:
        self.n_items = len(items)
        self.photoless = frozenset(photoless)
        self.vectors = vectors
        self.groups = {
            "item": {item.item_id: item.item_id for item in items},
            "brand": {item.item_id: item.brand for item in items if item.brand},
            "category": {item.item_id: item.category[0] for item in items if item.category},
        }
        leaves = {item.item_id: "/".join(item.category) for item in items if item.category}
        if len(set(self.groups["category"].values())) < 2:  # everything hangs under one root: look one level deeper
            self.groups["category"] = leaves


def summarise(folds: Sequence[Fold], outcomes: Sequence[Outcome], catalogue: Catalogue, k: int, seed: int) -> Results:
    """Args: outcomes: the first is the main arm."""
    cases = all_cases(folds)
    whose = [case.shopper for case in cases]

    def sure(found: NDArray[np.float64], at: Sequence[int] | None = None) -> Interval:
        return bootstrap(found, seed, groups=whose if at is None else [whose[place] for place in at])

    values = {o.name: _accuracies(o.lists, [c.target for c in cases], k) for o in outcomes}
    information = [
        metrics.self_information(fold.training.buyers, len(fold.training.acts)) for fold in folds for _ in fold.cases
    ]
    main = outcomes[0]
    rows = []
    for outcome in outcomes:
        novelty = np.array([metrics.novelty(x, i, k) if x else np.nan for x, i in zip(outcome.lists, information, strict=True)])
        diversity = np.array([metrics.intra_list_diversity(catalogue.vectors(x[:k])) for x in outcome.lists])
        rows.append(
            Row(
                outcome.name,
                outcome.kind,
                {name: sure(found) for name, found in values[outcome.name].items()},
                {"novelty": sure(novelty), "diversity": sure(diversity)},
                _over_catalogue(outcome, catalogue, k),
                {}
                if outcome is main
                else {n: paired_difference(values[main.name][n], values[outcome.name][n], seed, groups=whose) for n in LED},
                sum(not x for x in outcome.lists),
                outcome.ms_per_case,
            )
        )
    compared = [o for o in outcomes if o.kind != "knock-out"]
    slices = tuple(
        SliceRow(name, o.name, {n: sure(v, at) for n, v in _accuracies([o.lists[c] for c in at], targets, k).items()})
        for name, at, targets in slices_of(folds, catalogue)
        for o in compared
    )
    return Results(k, main.name, tuple(rows), slices, tuple(_exposures(main, catalogue, k)), len(cases))


def held_out_rows(
    folds: Sequence[Fold], parts: Mapping[str, Sequence[Outcome]], held: frozenset[str], k: int, seed: int
) -> tuple[SliceRow, ...]:
    """Accuracy on these items alone, over the cases in which one of them was taken; nothing where none was.

    Args:
        parts: name of the slice -> outcomes over the folds' cases.
    """
    cases = all_cases(folds)
    at = [place for place, case in enumerate(cases) if case.target & held]
    targets, whose = [cases[place].target & held for place in at], [cases[place].shopper for place in at]
    found = []
    for name, outcomes in parts.items():
        for outcome in outcomes if at else ():
            values = _accuracies([outcome.lists[place] for place in at], targets, k)
            found.append(SliceRow(name, outcome.name, {n: bootstrap(v, seed, groups=whose) for n, v in values.items()}))
    return tuple(found)


def _accuracies(lists: Sequence[Sequence[str]], targets: Sequence[Collection[str]], k: int) -> dict[str, NDArray[np.float64]]:
    return {
        name: np.array([metric(ranked, target, k) for ranked, target in zip(lists, targets, strict=True)])
        for name, metric in ACCURACY.items()
    }


def _over_catalogue(outcome: Outcome, catalogue: Catalogue, k: int) -> dict[str, float]:
    found = {"coverage": metrics.coverage(outcome.lists, catalogue.n_items, k)}
    for by, groups in catalogue.groups.items():
        shown, sizes = metrics.exposure(outcome.lists, groups, k), Counter(groups.values())
        found[f"gini_{by}"] = metrics.gini(list(shown.values()), [sizes[g] for g in shown]) if len(sizes) > 1 else float("nan")
    return found


def _exposures(outcome: Outcome, catalogue: Catalogue, k: int) -> Iterator[Exposure]:
    for by in ("category", "brand"):
        groups = catalogue.groups[by]
        shown, sizes = metrics.exposure(outcome.lists, groups, k), Counter(groups.values())
        total = sum(shown.values())
        for group, n in sizes.most_common():
            yield Exposure(outcome.name, by, group, n, n / len(groups), shown[group] / total if total else 0.0)


def slices_of(folds: Sequence[Fold], catalogue: Catalogue) -> Iterator[tuple[str, list[int], list[frozenset[str]]]]:
    """(name, places of the cases, their targets). Slices of shoppers keep the whole target; slices of items keep the part
    of it that is in the slice, and the cases where any is. What no case is in does not appear."""
    cases = all_cases(folds)
    seen = [frozenset(fold.training.buyers) for fold in folds for _ in fold.cases]
    of_shoppers: dict[str, Callable[[Case], bool]] = {
        "shoppers: no history": lambda case: case.n_history == 0,
        "shoppers: 1-2 items": lambda case: 1 <= case.n_history <= 2,
        "shoppers: 3 or more items": lambda case: case.n_history > 2,
    }
    for tag in sorted({pair for case in cases for pair in case.tags.items()}):
        of_shoppers[f"{tag[0]}: {tag[1]}"] = lambda case, tag=tag: case.tags.get(tag[0]) == tag[1]  # type: ignore[misc]
    for name, belongs in of_shoppers.items():
        at = [place for place, case in enumerate(cases) if belongs(case)]
        if at:
            yield name, at, [cases[place].target for place in at]
    of_items: dict[str, list[frozenset[str]]] = {
        "items: new (nobody had taken them)": [c.target - known for c, known in zip(cases, seen, strict=True)],
        "items: known": [c.target & known for c, known in zip(cases, seen, strict=True)],
    }
    if 0 < len(catalogue.photoless) < catalogue.n_items:
        of_items["items: without photo"] = [c.target & catalogue.photoless for c in cases]
        of_items["items: with photo"] = [c.target - catalogue.photoless for c in cases]
    for name, targets in of_items.items():
        at = [place for place, target in enumerate(targets) if target]
        if at:
            yield name, at, [targets[place] for place in at]
