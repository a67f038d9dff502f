"""A shopper's taste: the values that they choose more often than the catalogue offers them.

    liking[f, v] = log( (chosen[f, v] + PRIOR * offered[f, v]) / ((chosen[f] + PRIOR) * offered[f, v]) )
    taste(i)     = sum over fields f of liking[f, value of i]

``chosen`` is the evidence of the history in purchases (recent and strong acts count most, see fusion/profile.py), ``offered``
the value's share of the catalogue, so that somebody who buys black shirts where all shirts are black is not said to like
black: a smoothed log-odds, the weight of evidence of Good (1950).

Unlike likeness (fusion/history.py) it speaks within what was asked for: of the shoes it knows the brand and the colour that
this shopper takes. On a page without a request it is not used, and how dear things were is no part of it: both made the
answers to real histories worse (docs/evaluation.md, "Taste").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.blocks import MIN_STD, Column
from fusion.collection import ItemCollection
from fusion.index.base import Rows
from fusion.profile import KIND_WEIGHT, Profile

LEG = SOURCE, BLOCK = "taste", "attributes"
PRIOR = 3.0
# The best an item can do by taste: what was asked for shall outweigh what is usually chosen.
MAX_TASTE_Z = 2.5
# A field with more values than this names items rather than kinds of them.
MAX_VALUES = 500
# A liking has to be as clear as this to be said: chosen half as often again as offered.
SPOKEN = float(np.log(1.5))

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Liking:
    codes: NDArray[np.int32]
    names: Sequence[str]
    by_value: Floats

    def of(self, rows: Rows) -> Floats:
        codes = self.codes[rows]
        return np.asarray(np.where(codes >= 0, self.by_value[np.maximum(codes, 0)], 0.0), np.float64)


class Taste:
    """What the items of a profile have in common. Empty (False) without an item that the collection knows."""

    def __init__(self, collection: ItemCollection, profile: Profile) -> None:
        signed = [*profile.liked, *((i, -w) for i, w in profile.disliked)]
        known = [(i, w) for i, w in signed if i in collection]
        self.collection = collection
        self.rows = collection.rows_of(i for i, _ in known)
        self.evidence = np.asarray([w for _, w in known], np.float64) / KIND_WEIGHT["purchase"]
        self.strength = float(np.maximum(self.evidence, 0.0).sum())
        self.likings: dict[str, _Liking] = {}
        if self.strength > 0:
            self._learn()

    def __bool__(self) -> bool:
        return bool(self.likings)

    def column(self, rows: Rows, weight: float) -> Column | None:
        """z over the candidates, (n,), shrunk where little is known; None when the taste does not tell them apart."""
        if not self or not len(rows):
            return None
        raw = np.sum([liking.of(rows) for liking in self.likings.values()], axis=0)
        mean, std = float(raw.mean()), float(raw.std())
        if std < MIN_STD:
            return None
        spread = max(std, (float(raw.max()) - mean) / MAX_TASTE_Z)
        sure = self.strength / (self.strength + PRIOR)
        return Column(SOURCE, BLOCK, weight, (sure * (raw - mean) / spread).astype(np.float32))

    def spoken_values(self, item_id: str, limit: int = 2) -> list[tuple[str, str]]:
        """(field, value) of an item that this shopper clearly likes, the most liked first. A category is never one."""
        row = self.collection.rows_of([item_id])
        if not len(row):
            return []
        found = [
            (float(liking.of(row)[0]), field, liking.names[int(liking.codes[row[0]])])
            for field, liking in self.likings.items()
            if field != "category" and liking.codes[row[0]] >= 0
        ]
        return [(field, value) for liked, field, value in sorted(found, reverse=True) if liked >= SPOKEN][:limit]

    def _learn(self) -> None:
        for field, (of_row, names) in self.collection.columns.codes().items():
            if 2 <= len(names) <= MAX_VALUES and (of_row[self.rows] >= 0).any():
                self.likings[field] = _Liking(of_row, names, self._log_odds(of_row, len(names)))

    def _log_odds(self, of_row: NDArray[np.int32], n_values: int) -> Floats:
        offered = np.bincount(of_row[of_row >= 0], minlength=n_values).astype(np.float64)
        offered /= max(1.0, offered.sum())
        here = of_row[self.rows]
        has = here >= 0
        chosen = np.bincount(here[has], weights=self.evidence[has], minlength=n_values)
        chosen = np.maximum(chosen, 0.0)
        odds = (chosen + PRIOR * offered) / ((chosen.sum() + PRIOR) * np.maximum(offered, 1e-12))
        return np.asarray(np.where(offered > 0, np.log(np.maximum(odds, 1e-12)), 0.0), np.float64)
