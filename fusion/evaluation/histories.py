"""What shoppers did, in order of time, and what of it was known at a moment. Nothing here looks past that moment."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from fusion.popularity import Choice
from fusion.popularity import popularity as smoothed
from fusion.profile import KIND_WEIGHT
from fusion.types import Interaction

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# What counts as having chosen an item, for training and for popularity.
CHOSEN = frozenset(kind for kind, weight in KIND_WEIGHT.items() if weight > 0)


@dataclass(frozen=True, slots=True)
class Basket:
    """What one shopper took at one moment.

    Attributes:
        items: without repeats, in the order given.
        text: the request that led to it, "" where none is known.
    """

    at: datetime
    items: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShopperHistory:
    """One shopper: baskets and everything else they did, each oldest first. ``simulated``: no real person did this."""

    shopper: str
    baskets: tuple[Basket, ...] = ()
    others: tuple[Interaction, ...] = ()
    simulated: bool = False

    def before(self, moment: datetime) -> tuple[Interaction, ...]:
        """What they had done strictly before a moment, oldest first."""
        acts = [Interaction(item, "purchase", b.at) for b in self.baskets if b.at < moment for item in b.items]
        acts += [act for act in self.others if act.at < moment]
        return tuple(sorted(acts, key=lambda act: act.at))

    def only(self, known: frozenset[str]) -> ShopperHistory:
        """The same without items that the catalogue does not know."""
        kept = (Basket(b.at, tuple(i for i in b.items if i in known), b.text) for b in self.baskets)
        return ShopperHistory(
            self.shopper,
            tuple(b for b in kept if b.items),
            tuple(act for act in self.others if act.item_id in known),
            self.simulated,
        )


@dataclass(frozen=True)
class Training:
    """What may be learnt from at a moment.

    Attributes:
        acts: shopper -> what they did before ``moment``, oldest first.
        hindsight: it also holds what others did after the cases' moments, as many published figures do.
    """

    acts: Mapping[str, Sequence[Interaction]]
    moment: datetime
    hindsight: bool = False
    buyers: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        counted: Counter[str] = Counter()
        for acts in self.acts.values():
            counted.update({act.item_id for act in acts if act.kind in CHOSEN})
        object.__setattr__(self, "buyers", counted)

    def counts(self, item_ids: Sequence[str]) -> csr_matrix:
        """(n_shoppers, n_items) float32: 1 where a shopper chose an item, whatever how often."""
        from scipy.sparse import csr_matrix

        column = {item_id: n for n, item_id in enumerate(item_ids)}
        chosen = [
            sorted({column[act.item_id] for act in acts if act.kind in CHOSEN and act.item_id in column})
            for acts in self.acts.values()
        ]
        indices = np.fromiter((c for row in chosen for c in row), np.int32)
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in chosen])]).astype(np.int32)
        return csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(len(chosen), len(item_ids)))


def training_before(histories: Iterable[ShopperHistory], moment: datetime) -> Training:
    """Everything that anybody did strictly before a moment."""
    acts = {h.shopper: h.before(moment) for h in histories}
    return Training({shopper: past for shopper, past in acts.items() if past}, moment)


def span(histories: Iterable[ShopperHistory]) -> tuple[datetime, datetime] | None:
    """(first, last) moment of anything that is known; None without anything."""
    moments = [at for h in histories for at in (*(b.at for b in h.baskets), *(act.at for act in h.others))]
    return (min(moments), max(moments)) if moments else None


def cut_at_share(histories: Iterable[ShopperHistory], share: float) -> datetime:
    """The moment of the basket before which this share of all baskets lies.

    Raises:
        ValueError: there is no basket.
    """
    moments = sorted(b.at for h in histories for b in h.baskets)
    if not moments:
        raise ValueError("There is no basket, so there is no moment to cut at.")
    return moments[min(int(share * len(moments)), len(moments) - 1)]


def popularity(training: Training, window: timedelta) -> dict[str, float]:
    """Item id -> ``log(1 + weighted acts)`` over the window that ends with the last act."""
    past = [act for acts in training.acts.values() for act in acts if act.kind in CHOSEN]
    if not past:
        return {}
    first = max(act.at for act in past) - window
    weights: dict[str, float] = {}
    for act in past:
        if act.at >= first:
            weights[act.item_id] = weights.get(act.item_id, 0.0) + KIND_WEIGHT[act.kind]
    return {item_id: float(np.log1p(weight)) for item_id, weight in weights.items()}


def served_popularity(training: Training, n_items: int) -> dict[str, float]:
    """Item id -> popularity as serving counts it at the training's moment, over a catalogue of n items."""
    past = [(shopper, act) for shopper, acts in training.acts.items() for act in acts if act.kind in CHOSEN]
    if not past:
        return {}
    latest = max(act.at for _shopper, act in past)
    return smoothed((Choice(a.item_id, s, a.kind, (latest - a.at) / timedelta(days=1)) for s, a in past), n_items)


def first_from(histories: Sequence[Basket], moment: datetime) -> int:
    """Place of the first basket at or after a moment; the number of baskets when there is none."""
    return bisect_left([b.at for b in histories], moment)
