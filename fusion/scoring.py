"""Every signal of a request as a calibrated column over the candidates. Their weighted sum is the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fusion.blocks import Column, Leg, dense_columns, sparse_column
from fusion.collection import ItemCollection
from fusion.index.base import Rows
from fusion.profile import Profile
from fusion.sources import Sources
from fusion.taste import SOURCE as TASTE
from fusion.tokens import tokenize
from fusion.types import Instruction, Operator, Strength, Vector

# Prices more than three spreads off the candidates' mean count no further: one villa must not flatten all the tents.
MAX_PRICE_Z = 3.0
# Popularity comes as a logarithm (fusion/popularity.py), where 1 is a factor of 2.7. Where few were counted it spreads less
# than that, and it shall then say less, not be blown up to the spread of the other signals.
LEAST_POPULARITY = 1.0
# What is due again stands out like a good match of another signal.
MAX_AGAIN_Z = 3.0
# Fewer items that are not new do not show what is usual.
LEAST_KNOWN = 10


class Scorer:
    """Makes the columns of one collection under one set of weights."""

    def __init__(self, collection: ItemCollection, weights: Mapping[tuple[str, str], float]) -> None:
        self.collection = collection
        self.weights = weights

    def columns(
        self, instruction: Instruction, sources: Sources, legs: Sequence[Leg], lexical: Vector | None, rows: Rows
    ) -> list[Column]:
        """Args: lexical: (n_rows,) BM25 of the request's words, None without any known word. Columns are (len(rows),)."""
        against = None
        if sources.avoid:
            against = self.collection.lexical.scores(tokenize(sources.avoid), self.collection.columns.n_rows)
        columns = [
            *dense_columns(self.collection.index, legs, rows),
            self._sparse("words", "lexical", lexical, rows),
            self._sparse("avoid", "lexical", against, rows),
            self._wants(instruction, rows),
            self._price_lean(instruction, rows),
            *(self._together(source, found, sources, rows) for source, found in sources.together.items()),
            self._taste(sources, rows),
            self._popularity(sources, rows),
        ]
        return [column for column in columns if column is not None]

    def _sparse(self, source: str, block: str, scores: Vector | None, rows: Rows) -> Column | None:
        if scores is None:
            return None
        return sparse_column(source, block, self.weights[(source, block)], scores[rows], scores)

    def _popularity(self, sources: Sources, rows: Rows) -> Column | None:
        """What shoppers lately wanted: on a page that shows what there is it counts more than beside a request.

        z = 0 is the mean of the items that are not new, where there are enough of them. Nobody can know yet how popular a
        new one will be: it counts as that mean until it is above it.
        """
        popularity = np.nan_to_num(self.collection.columns.numbers("popularity")).astype(np.float32)
        weight = self.weights.get(("popularity", "prior" if sources.has_request else "feed"), 0.0)
        column = sparse_column("popularity", "prior", weight, popularity, popularity, LEAST_POPULARITY)
        if column is None:
            return None
        new = self.collection.columns.is_new()[: len(popularity)]
        usual = column.z[~new].mean() if (~new).sum() >= LEAST_KNOWN else np.float32(0.0)
        z = column.z[rows] - usual
        return replace(column, z=np.where(new[rows], np.maximum(z, 0.0), z))

    def _taste(self, sources: Sources, rows: Rows) -> Column | None:
        weight = sources.weights.get((TASTE, "attributes"), 0.0)
        return sources.taste.column(rows, weight) if sources.taste and weight else None

    def _together(self, source: str, found: Vector, sources: Sources, rows: Rows) -> Column | None:
        """What shoppers choose together. Measured over the items that have behaviour; any other one counts as average."""
        weight = sources.weights.get((source, "behaviour"), 0.0)
        column = sparse_column(source, "behaviour", weight, found[rows], found[~np.isnan(found)])
        return None if column is None else replace(column, z=np.nan_to_num(column.z))

    def again(self, profile: Profile, rows: Rows) -> list[Column]:
        """What this shopper buys again, the more the nearer the next time is; a column for what they buy regularly."""
        columns = []
        for block, regular in (("before", False), ("regular", True)):
            due = {r.item_id: r.due for r in profile.again if r.times > 1 and r.is_regular == regular}
            known = {i: share for i, share in due.items() if i in self.collection}
            weight = self.weights.get(("again", block), 0.0)
            z = np.zeros(self.collection.columns.n_rows, np.float32)
            z[self.collection.rows_of(known)] = [MAX_AGAIN_Z * share for share in known.values()]
            if weight and z[rows].any():
                columns.append(Column("again", block, weight, z[rows]))
        return columns

    def _wants(self, instruction: Instruction, rows: Rows) -> Column | None:
        """Wanted attributes that an item has count up, avoided ones down."""
        met = np.zeros(len(rows), np.float32)
        for constraint in instruction.constraints:
            if constraint.strength is Strength.MUST or _leans(constraint.low, constraint.high, constraint.field):
                continue
            sign = -1.0 if constraint.strength is Strength.AVOID else 1.0
            met += np.float32(sign * constraint.weight) * self.collection.columns.meets(constraint)[rows]
        return Column("wants", "attributes", self.weights[("wants", "attributes")], met) if met.any() else None

    def _price_lean(self, instruction: Instruction, rows: Rows) -> Column | None:
        """ "Not too expensive": no bound, only a leaning, over the candidates' log prices."""
        lean = 0.0
        for constraint in instruction.constraints:
            if constraint.strength is not Strength.MUST and _leans(constraint.low, constraint.high, constraint.field):
                cheaper = (constraint.operator is Operator.LTE) == (constraint.strength is Strength.WANT)
                lean += -constraint.weight if cheaper else constraint.weight
        prices = np.log(np.maximum(self.collection.columns.numbers("price")[rows], 0.01))
        known = prices[~np.isnan(prices)]
        if not lean or len(known) < 2 or known.std() < 1e-6:
            return None
        z = np.clip((prices - known.mean()) / known.std(), -MAX_PRICE_Z, MAX_PRICE_Z)
        return Column("wants", "price", self.weights[("wants", "price")], (np.nan_to_num(z) * lean).astype(np.float32))


def _leans(low: float | None, high: float | None, field: str) -> bool:
    return field == "price" and low is None and high is None
