"""A shopper's history as a source: every item of it speaks for what is near it, so that several interests stay apart.

    z[history,b](i) = (sum over items h of the history of  a[h] * exp((cos(h, i) - 1) / TEMPERATURE)  -  mean) / spread

``a`` are the profile's weights, made to add up to 1; cosines are taken after the catalogue's mean vector was subtracted. The
spread is such that what the history says of its own loudest item would be MAX_Z: only what is really near comes close to
that, however few items are known, and a history without anything like it in the shop says little.
A mean of the history would point between a tent and a coat, where nothing is; this sum is large near either. It is
attention of a candidate over the history (Zhou et al. 2018, "Deep interest network", without the network), in other words
a kernel density of what was chosen. The mean is subtracted because sentence encoders put all texts into a narrow cone (Mu &
Viswanath 2018, "All-but-the-top"). docs/evaluation.md, "History profile", compares it with means and with clusters.

Each item's addend is known, so the reason "because you bought ..." names the item that really speaks most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fusion.blocks import MAX_Z, MIN_STD, Column, Leg, calibrate, mean_direction
from fusion.collection import ItemCollection
from fusion.index.base import Mask, Rows
from fusion.profile import Profile
from fusion.tokens import tokenize
from fusion.types import Item, Matrix, Vector

SOURCE = "history"
LEXICAL = "lexical"
TEMPERATURE = 0.2
# Beside a request the history is one voice among several, and each of its items costs time: so many are heard then. On a
# page without a request all of the profile's are.
MAX_ITEMS_BESIDE = 30
# A spread over so many items of the calibration sample is known to 4%.
CALIBRATION_ITEMS = 256
# A large catalogue is searched once for each of so many interests when nothing else was asked for.
MAX_INTERESTS = 4
# Two vectors as near as this are the same item (or its twin) for calibration, which must not be spread by it.
SAME = 0.9999

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HistoryColumn:
    """A column and what each item of the history adds to it.

    Attributes:
        parts: positions of k candidates -> (m, k), the addends of z before the mean is taken off; rows are ``History.ids``.
    """

    column: Column
    parts: Callable[[Positions], Matrix]


class History:
    """The liked items of a profile that are in the collection, and what they say about candidates.

    Attributes:
        ids: (m) the items, heaviest first.
        kinds: id -> the strongest thing that was done with it.
        strength: (m,) their weights; they add up to 1.
        blocks: those in which the history has something to say.
    """

    def __init__(self, collection: ItemCollection, profile: Profile, blocks: Sequence[str], limit: int | None = None) -> None:
        """Args: blocks: those that may be used; "lexical" is the words of the titles. limit: at most so many items."""
        self.collection = collection
        known = [(i, w) for i, w in profile.liked if i in collection][:limit]
        self.ids = tuple(i for i, _ in known)
        self.kinds = dict(profile.kinds)
        self.rows = collection.rows_of(self.ids)
        weights = np.asarray([w for _, w in known], np.float32)
        self.strength: Vector = weights / weights.sum() if len(known) else weights
        self._past = {b: past for b in blocks if b in collection.index.dims and (past := self._centred(b)) is not None}
        self._words = self._title_words() if LEXICAL in blocks else None
        self.blocks = (*self._past, LEXICAL) if self._words is not None else tuple(self._past)

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def columns(self, rows: Rows, weights: Mapping[tuple[str, str], float]) -> list[HistoryColumn]:
        """One column of z over the candidates for each block with a weight. No item speaks for itself."""
        found = []
        for block in self.blocks:
            weight = weights.get((SOURCE, block), 0.0)
            if weight:
                made = self._lexical(rows, weight) if block == LEXICAL else self._attention(block, rows, weight)
                if made is not None:
                    found.append(made)
        return found

    def legs(self, weights: Mapping[tuple[str, str], float]) -> list[Leg]:
        """The history as one direction per block, to be searched together with a request."""
        return self._legs(self.strength, weights)

    def interests(self, weights: Mapping[tuple[str, str], float]) -> list[list[Leg]]:
        """The history as at most MAX_INTERESTS searches: one around each medoid, the one that speaks for most first."""
        found = []
        for medoid in self._medoids():
            legs = self._legs(np.eye(len(self.ids), dtype=np.float32)[medoid], weights)
            if legs:
                found.append(legs)
        return found

    def speakers(self, columns: Sequence[HistoryColumn], positions: Positions) -> list[tuple[str, str] | None]:
        """For each candidate the (kind of interaction, id) of the item that adds most to its score; None where none adds."""
        spoken = np.zeros((len(self.ids), len(positions)), np.float32)
        for each in columns:
            spoken += np.float32(each.column.weight) * each.parts(positions)
        best = spoken.argmax(axis=0) if len(self.ids) else np.zeros(len(positions), np.int64)
        return [(self.kinds.get(self.ids[h], "view"), self.ids[h]) if spoken[h, k] > 0 else None for k, h in enumerate(best)]

    # -- dense blocks ----------------------------------------------------------------------------------------------

    def _centred(self, block: str) -> Matrix | None:
        """(m, dim) centred unit vectors of the history, zeros where the block is missing; None when it says nothing."""
        if not len(self.ids) or len(self.collection.reference(block)) < 2:
            return None
        vectors, present = self.collection.index.vectors(block, self.rows)
        centred = (vectors - self.collection.centre(block)) * present[:, None]
        norms = np.linalg.norm(centred, axis=1, keepdims=True)
        return np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 1e-6) if norms.max() > 1e-6 else None

    def _similar(self, block: str, vectors: Matrix) -> Matrix:
        """(m, n) cosines with the history after centring, without a centred copy of the candidates."""
        past, centre = self._past[block], self.collection.centre(block)
        squared = np.einsum("ij,ij->i", vectors, vectors) - 2 * (vectors @ centre) + centre @ centre
        norms = np.sqrt(np.maximum(squared, 1e-6))
        return np.asarray((past @ vectors.T - (past @ centre)[:, None]) / norms, np.float32)

    def _addends(self, block: str, similar: Matrix) -> Matrix:
        speaks = self.strength * (self._past[block].any(axis=1))
        return np.asarray(speaks[:, None] * np.exp((similar - 1.0) / np.float32(TEMPERATURE)), np.float32)

    def _attention(self, block: str, rows: Rows, weight: float) -> HistoryColumn | None:
        vectors, present = self.collection.index.vectors(block, rows)
        addends = self._addends(block, self._similar(block, vectors)) * present
        addends[rows[None, :] == self.rows[:, None]] = 0.0
        similar = self._similar(block, self.collection.reference(block)[:CALIBRATION_ITEMS])
        reference = (self._addends(block, similar) * (similar < SAME)).sum(axis=0)
        past = self._past[block]
        loudest = float((self._addends(block, past @ past.T) * past.any(axis=1)).sum(axis=0).max())
        return _column(block, weight, addends, reference, present, loudest)

    def _legs(self, strength: Vector, weights: Mapping[tuple[str, str], float]) -> list[Leg]:
        legs = []
        for block, past in self._past.items():
            direction = mean_direction(past, strength)
            leg = Leg(SOURCE, block, direction, weights.get((SOURCE, block), 0.0)) if direction is not None else None
            if leg is not None and leg.weight and (calibrated := calibrate(leg, self.collection.reference(block))):
                legs.append(calibrated)
        return legs

    def _medoids(self) -> list[int]:
        """Items that stand for the others: each next one adds most to how near every item is to its nearest medoid.

        Source: the BUILD step of k-medoids, Kaufman & Rousseeuw 1990, chapter 2.
        """
        if not self._past:
            return []
        alike = np.mean([past @ past.T for past in self._past.values()], axis=0)
        nearest = np.full(len(self.ids), -1.0, np.float32)
        found: list[int] = []
        for _ in range(min(MAX_INTERESTS, len(self.ids))):
            gain = np.maximum(alike - nearest[None, :], 0.0) @ self.strength
            best = int(gain.argmax())
            if gain[best] <= 1e-3:
                break
            found.append(best)
            nearest = np.maximum(nearest, alike[best])
        return found

    # -- words -----------------------------------------------------------------------------------------------------

    def _title_words(self) -> list[tuple[str, ...]] | None:
        words = [_tokens(_names(item)) if (item := self.collection.item(i)) else () for i in self.ids]
        return words if any(words) else None

    def _lexical(self, rows: Rows, weight: float) -> HistoryColumn | None:
        """BM25 of the history's titles, each title with its item's weight."""
        assert self._words is not None
        n_rows = self.collection.columns.n_rows
        titles = [dict.fromkeys(words, float(w)) for words, w in zip(self._words, self.strength, strict=True)]
        bags = self.collection.lexical.bags(titles, n_rows)
        if bags is None:
            return None
        whole = bags.whole()
        own = bags.parts(self.rows).diagonal()
        loudest = float(whole[self.rows].max())
        whole[self.rows] -= own
        std, mean = float(whole.std()), float(whole.mean())
        spread = max(std, (loudest - mean) / MAX_Z)
        if std < MIN_STD:
            return None
        column = Column(SOURCE, LEXICAL, weight, ((whole[rows] - mean) / spread).astype(np.float32))

        def parts(positions: Positions) -> Matrix:
            found = bags.parts(rows[positions])
            found[rows[positions][None, :] == self.rows[:, None]] = 0.0
            return found / np.float32(spread)

        return HistoryColumn(column, parts)


@lru_cache(maxsize=20_000)  # the same titles come again with every request of a shopper
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(tokenize(text))


def _names(item: Item) -> str:
    return " ".join((item.title, item.brand, *item.category[-1:]))


def _column(
    block: str, weight: float, addends: Matrix, reference: Vector, present: Mask, loudest: float
) -> HistoryColumn | None:
    """Args: loudest: what the history says of the item that it speaks for most, which is one of its own."""
    std, mean = float(reference.std()), float(reference.mean())
    if std < MIN_STD * MIN_STD:
        return None
    raw = addends.sum(axis=0)
    spread = max(std, (max(loudest, float(raw.max(initial=0.0))) - mean) / MAX_Z)
    z = np.where(present, (raw - mean) / spread, 0.0).astype(np.float32)
    return HistoryColumn(
        Column(SOURCE, block, weight, z, present), lambda positions: np.asarray(addends[:, positions] / spread, np.float32)
    )
