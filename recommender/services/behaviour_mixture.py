"""How much behaviour should count in this shop: chosen on the latest part of its own log, behind a cut in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from fusion.behaviour.learning import LearnOptions, learn_lists
from fusion.behaviour.lists import NeighbourLists
from fusion.behaviour.mixture import Case, Measured, Mixture, choose_mixture
from fusion.blocks import sparse_column, total
from fusion.collection import ItemCollection
from fusion.index.base import Rows
from fusion.popularity import Choice, popularity
from fusion.profile import Profile, build_profile
from fusion.scoring import LEAST_POPULARITY
from fusion.sources import SourceEncoder
from fusion.types import Instruction, Interaction, Query, Vector
from fusion.weights import LEARNT_BLOCKS
from recommender.services.choices import Choices

LATER = 0.15  # of the purchases, in time, are what is predicted
MIN_CASES = 100
MAX_CASES = 400
# Every case scores every item: large catalogues are measured on fewer.
MAX_SCORED = 8_000_000
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class ChosenWeights:
    """Weights by "source/block", and how they did; both empty where the log is too thin to choose by."""

    weights: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)


def choose_weights(
    choices: Choices, collection: ItemCollection, weights: Mapping[tuple[str, str], float], options: LearnOptions
) -> ChosenWeights:
    """The weights of behaviour and popularity that best predict each shopper's first purchases behind the cut.

    Everything that predicts (lists, popularity, profile) is of before the cut.

    Args:
        weights: those in force; the history's weight as a whole stays what it is.
    """
    if not choices.bought.any():
        return ChosenWeights()
    cut = float(np.quantile(choices.at[choices.bought], 1 - LATER))
    before = choices.at <= cut
    learnt = learn_lists(choices.item_ids, choices.counts(before), choices.counts(before & choices.bought), options)
    if learnt is None:
        return ChosenWeights()
    history = {key: weight for key, weight in weights.items() if key[0] == "history" and key[1] not in LEARNT_BLOCKS}
    bench = _Bench(choices, collection, history, learnt.lists, cut)
    cases = bench.cases()
    if len(cases) < MIN_CASES:
        return ChosenWeights()
    usual = weights.get(("history", "behaviour"), 0.0)
    found = choose_mixture(cases, Mixture(usual / (usual + (bench.likeness or 1.0)), weights.get(("popularity", "feed"), 0.0)))
    share = found.best.share
    behaviour = share / (1 - share) * (bench.likeness or 1.0)
    return ChosenWeights(
        {"history/behaviour": round(behaviour, 4), "popularity/feed": found.best.popularity}, _summary(found, len(cases))
    )


def _summary(found: Measured, n_cases: int) -> dict[str, float]:
    without = max((m for m in found.ndcg if not m.share), key=lambda m: found.ndcg[m])
    return {
        "cases": n_cases,
        "ndcg@10": round(found.ndcg[found.best], 4),
        "hit@10": round(found.hits[found.best], 4),
        "ndcg@10 without behaviour": round(found.ndcg[without], 4),
        "hit@10 without behaviour": round(found.hits[without], 4),
    }


class _Bench:
    """Shoppers at the cut. ``likeness`` becomes the raw weight of the blocks that the histories really have."""

    def __init__(
        self,
        choices: Choices,
        collection: ItemCollection,
        weights: Mapping[tuple[str, str], float],
        lists: NeighbourLists,
        cut: float,
    ) -> None:
        self.choices, self.collection, self.lists, self.cut, self.weights = choices, collection, lists, cut, weights
        self.likeness = 0.0
        self._encoder = SourceEncoder((), collection, weights)
        held = [column for column, item_id in enumerate(choices.item_ids) if item_id in collection]
        self._position = np.full(len(choices.item_ids), -1, np.int64)
        self._position[held] = np.arange(len(held))
        self._ids = [choices.item_ids[column] for column in held]
        self._rows: Rows = collection.rows_of(self._ids)
        place = {item_id: n for n, item_id in enumerate(self._ids)}
        self._listed = np.asarray([place.get(item_id, -1) for item_id in lists.item_ids], np.int64)
        self._popularity = self._popularity_at_cut(held)

    def cases(self) -> list[Case]:
        """Shoppers with a history before the cut and something new behind it, an even sample of them."""
        starts = np.searchsorted(self.choices.shopper, np.arange(self.choices.n_shoppers + 1))
        wanted = [n for n in range(self.choices.n_shoppers) if self._new(slice(starts[n], starts[n + 1])) is not None]
        limit = min(MAX_CASES, max(MIN_CASES, MAX_SCORED // max(1, len(self._rows))))
        step = max(1, -(-len(wanted) // limit))
        return [case for n in wanted[::step] if (case := self._case(slice(starts[n], starts[n + 1]))) is not None]

    def _new(self, entries: slice) -> set[int] | None:
        """Columns first bought behind the cut; None where there is nothing before it, or nothing new."""
        items, at, bought = self.choices.item[entries], self.choices.at[entries], self.choices.bought[entries]
        past = set(items[at <= self.cut].tolist())
        new = set(items[(at > self.cut) & bought].tolist()) - past
        return new if past and new else None

    def _case(self, entries: slice) -> Case | None:
        choices = self.choices
        past = [n for n in range(entries.start, entries.stop) if choices.at[n] <= self.cut]
        moment = datetime.fromtimestamp(self.cut, UTC)
        profile = build_profile(
            [
                Interaction(choices.item_ids[choices.item[n]], choices.kinds[n], datetime.fromtimestamp(choices.at[n], UTC))
                for n in past
            ],
            moment,
        )
        new = self._position[list(self._new(entries) or ())]
        hidden = self._position[np.unique(choices.item[past])]
        if not (new >= 0).any():
            return None
        return Case(self._content(profile), self._together(profile), self._popularity, new[new >= 0], hidden[hidden >= 0])

    def _content(self, profile: Profile) -> Vector:
        sources = self._encoder.encode(Query(), Instruction(), profile)
        self._encoder.calibrated(sources)
        if not sources.history:
            return np.zeros(len(self._rows), np.float32)
        self.likeness = max(self.likeness, sum(abs(self.weights[("history", block)]) for block in sources.history.blocks))
        return total([each.column for each in sources.history.columns(self._rows, sources.weights)], len(self._rows))

    def _together(self, profile: Profile) -> Vector:
        found = self.lists.scores(profile.chosen)
        spread = np.full(len(self._rows), np.nan, np.float32)
        if found is not None:
            spread[self._listed[self._listed >= 0]] = found[self._listed >= 0]
        column = sparse_column("history", "behaviour", 1.0, spread, spread[~np.isnan(spread)])
        whole = np.float32(sum(abs(weight) for weight in self.weights.values()))
        return np.zeros(len(self._rows), np.float32) if column is None else np.nan_to_num(column.z) * whole

    def _popularity_at_cut(self, held: list[int]) -> Vector:
        choices = self.choices
        known = [
            Choice(
                choices.item_ids[choices.item[n]], str(choices.shopper[n]), choices.kinds[n], (self.cut - choices.at[n]) / DAY
            )
            for n in np.flatnonzero(choices.at <= self.cut)
        ]
        found = popularity(known, len(self.collection))
        scores = np.asarray([found.get(choices.item_ids[column], 0.0) for column in held], np.float32)
        column = sparse_column("popularity", "feed", 1.0, scores, scores, LEAST_POPULARITY)
        return np.zeros(len(held), np.float32) if column is None else column.z
