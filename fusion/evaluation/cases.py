"""Cases: a shopper, a moment, what was known then, and what they took next. And the two ways to choose them.

``global_time``: one cut for everybody. Models learn from what lies before it; each shopper's first basket after it is their
case. ``leave_one_out``: each shopper's last basket is their case. Its cases lie months apart, so models are learnt anew for
each stretch of them (a fold), from what everybody did before the stretch began: nobody's future is looked into, which plain
leave-one-out does. Source: Ji et al. 2023, "A critical study on data leakage in recommender system offline evaluation".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from fusion.evaluation.histories import Basket, ShopperHistory, Training, first_from, training_before
from fusion.types import Interaction, Query

N_FOLDS = 6


@dataclass(frozen=True, slots=True)
class Case:
    """One question to a recommender, and its answer.

    Attributes:
        history: what this shopper had done strictly before the moment, oldest first.
        target: what they took then; never empty.
        query: what they asked for; None where that is not known.
        exclude: ids that no ranker may return (what they have, where only new items count).
        tags: name -> value, e.g. {"language": "zh"}; slices are made from them.
    """

    shopper: str
    moment: datetime
    history: tuple[Interaction, ...]
    target: frozenset[str]
    query: Query | None = None
    exclude: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False

    @property
    def n_history(self) -> int:
        """Distinct items of the history."""
        return len({act.item_id for act in self.history})


@dataclass(frozen=True)
class Fold:
    """Cases that are answered by what was learnt at one moment, which is not after any of theirs."""

    training: Training
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which shoppers become cases.

    Attributes:
        new_only: targets are items that the shopper had not touched before, and no ranker may return others.
        min_baskets: baskets of a shopper before the case; 0 lets new shoppers in (global time only: nothing else has any).
        min_items: distinct items in the history.
        limit: at most so many cases, the shoppers chosen evenly over the moments; 0 is all.
    """

    new_only: bool = False
    min_baskets: int = 0
    min_items: int = 0
    limit: int = 0


def global_time(histories: Sequence[ShopperHistory], cut: datetime, selection: Selection) -> list[Fold]:
    """One fold: everything before the cut, and each shopper's first basket from the cut on.

    Raises:
        ValueError: nothing lies before the cut, or no case is left after it.
    """
    found = []
    for shopper in histories:
        place = first_from(shopper.baskets, cut)
        if place < len(shopper.baskets) and (case := _case(shopper, place, selection)):
            found.append(case)
    training = training_before(histories, cut)
    if not training.acts:
        raise ValueError(f"Nothing lies before the cut {cut.isoformat()}: there is nothing to learn from. Choose a later cut.")
    return [Fold(training, tuple(limited(_needed(found), selection.limit)))]


def leave_one_out(
    histories: Sequence[ShopperHistory], selection: Selection, *, n_folds: int = N_FOLDS, hindsight: bool = False
) -> list[Fold]:
    """Each shopper's last basket, for shoppers with an earlier one, in ``n_folds`` stretches of equally many cases.

    Args:
        hindsight: learn once from everything but the cases' own baskets, also from what others did later. Published
            figures are often made like this; they flatter what is learnt from behaviour.
    Raises:
        ValueError: no case is left.
    """
    found = [
        case
        for shopper in histories
        if len(shopper.baskets) > 1 and (case := _case(shopper, len(shopper.baskets) - 1, selection))
    ]
    cases = limited(_needed(found), selection.limit)
    if hindsight:
        return [Fold(_all_but_targets(histories, cases), tuple(cases))]
    return folds_of(histories, cases, n_folds)


def folds_of(histories: Sequence[ShopperHistory], cases: Sequence[Case], n_folds: int) -> list[Fold]:
    """Cases, oldest first, in stretches of equally many; each stretch has what lies before its first case."""
    n_folds = max(1, min(n_folds, len(cases)))
    starts = [round(len(cases) * n / n_folds) for n in range(n_folds + 1)]
    parts = [cases[a:b] for a, b in pairwise(starts) if b > a]
    return [Fold(training_before(histories, part[0].moment), tuple(part)) for part in parts]


def _case(shopper: ShopperHistory, place: int, selection: Selection) -> Case | None:
    basket: Basket = shopper.baskets[place]
    history = shopper.before(basket.at)
    touched = {act.item_id for act in history}
    if place < selection.min_baskets or len(touched) < selection.min_items:
        return None
    exclude = frozenset(touched) if selection.new_only else frozenset()
    target = frozenset(basket.items) - exclude
    if not target:
        return None
    query = Query(text=basket.text) if basket.text else None
    return Case(shopper.shopper, basket.at, history, target, query, exclude, simulated=shopper.simulated)


def _needed(found: list[Case]) -> list[Case]:
    if not found:
        raise ValueError(
            "No case is left. A case needs a basket after the cut (global-time) or a second basket (leave-one-out), and, "
            "with new items only, something in it that the shopper had not had before. Relax the limits, or give more data."
        )
    return found


def limited(cases: Iterable[Case], limit: int) -> list[Case]:
    """At most ``limit`` cases (0 is all), evenly over their moments, oldest first."""
    ordered = sorted(cases, key=lambda case: (case.moment, case.shopper))
    if not limit or len(ordered) <= limit:
        return ordered
    return [ordered[round((n + 0.5) * len(ordered) / limit - 0.5)] for n in range(limit)]


def _all_but_targets(histories: Sequence[ShopperHistory], cases: Sequence[Case]) -> Training:
    moments = {case.shopper: case.moment for case in cases}
    last = max(b.at for h in histories for b in h.baskets)
    acts = {h.shopper: h.before(moments[h.shopper]) if h.shopper in moments else _everything(h) for h in histories}
    return Training({shopper: past for shopper, past in acts.items() if past}, last, hindsight=True)


def _everything(shopper: ShopperHistory) -> tuple[Interaction, ...]:
    return tuple(sorted((*_purchases(shopper), *shopper.others), key=lambda act: act.at))


def _purchases(shopper: ShopperHistory) -> Iterator[Interaction]:
    for basket in shopper.baskets:
        for item in basket.items:
            yield Interaction(item, "purchase", basket.at)
