"""The items that one process serves: rows, vectors, columns and the lexical leg, kept in step with each other."""

from __future__ import annotations

import heapq
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from fusion.behaviour.lists import NeighbourLists
from fusion.columns import Columns
from fusion.exchange import Exchange
from fusion.index.base import Rows, VectorIndex
from fusion.lexical import LexicalIndex, item_tokens
from fusion.types import Item, Matrix, Vector

# Calibration needs a mean and a spread, not the whole catalogue: the standard error at 1,024 items is 3% of a spread.
REFERENCE_SIZE = 1024


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item as an index update carries it. ``vectors`` maps each block that the item has to its (dim,) vector."""

    item: Item
    vectors: Mapping[str, Vector] = field(default_factory=dict)


class ItemCollection:
    """Everything a pipeline searches in. Updates take a lock; reads do not wait for the lexical leg to be rebuilt."""

    def __init__(self, index: VectorIndex, exchange: Exchange | None = None) -> None:
        self.index = index
        self.columns = Columns(exchange)
        self.lexical = LexicalIndex()
        self._lock = threading.RLock()
        self._rows: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._free: list[int] = []
        self._tokens: dict[int, list[str]] = {}
        self._stale_lexical = False
        self._stale_values = False
        self._changed: set[str] = set()
        self._sample: tuple[str, ...] = ()
        self._hashes: dict[str, int] = {}
        self._reference_vectors: dict[str, Matrix] = {}
        self._neighbours: NeighbourLists | None = None
        self._neighbour_rows: NDArray[np.int64] | None = None
        self._centres: dict[str, Vector] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._rows

    def ids(self) -> list[str]:
        """The ids of all items."""
        with self._lock:
            return list(self._rows)

    def set_popularity(self, popularity: Mapping[str, float], at: datetime | None = None) -> None:
        """Replace every item's popularity, as it was at a moment; an id that is not named has 0."""
        with self._lock:
            rows = {self._rows[i]: value for i, value in popularity.items() if i in self._rows}
            self.columns.set_popularity(rows, at.timestamp() if at else np.nan)

    @property
    def neighbours(self) -> NeighbourLists | None:
        """What shoppers choose together; None while nothing was learnt."""
        return self._neighbours

    def set_neighbours(self, lists: NeighbourLists | None) -> None:
        """Replace what was learnt about what goes together, as a whole."""
        with self._lock:
            self._neighbours, self._neighbour_rows = lists, None

    def chosen_with(self, items: Sequence[tuple[str, float]]) -> Vector | None:
        """How much shoppers of these (item id, weight) chose each item, (n_rows,); NaN where an item has no behaviour.

        None when nothing was learnt of any of the given items.
        """
        with self._lock:
            lists = self._neighbours
            if lists is None:
                return None
            if self._neighbour_rows is None:
                self._neighbour_rows = np.asarray([self._rows.get(i, -1) for i in lists.item_ids], np.int64)
            rows, n_rows = self._neighbour_rows, self.columns.n_rows
        scores = lists.scores(items)
        if scores is None:
            return None
        spread = np.full(n_rows, np.nan, np.float32)
        here = (rows >= 0) & (rows < n_rows)
        spread[rows[here]] = scores[here]
        return spread

    def id_of(self, row: int) -> str:
        """The item of a row; "" when it was removed meanwhile."""
        return self._ids.get(row, "")

    def rows_of(self, item_ids: Iterable[str]) -> Rows:
        """Rows of the ids that are known, in the order given."""
        return np.asarray([self._rows[i] for i in item_ids if i in self._rows], np.int64)

    def item(self, item_id: str) -> Item | None:
        """The item as it was indexed; ask the host for a fresh one before showing it."""
        row = self._rows.get(item_id)
        return None if row is None else self.columns.item(row)

    def completed(self, item: Item) -> Item:
        """A fresh item with what was measured from its photos (colours), which is in the index only."""
        indexed = self.item(item.item_id)
        return replace(item, attributes={**indexed.attributes, **item.attributes}) if indexed else item

    def update(self, records: Sequence[ItemRecord], removed: Iterable[str] = (), *, settle: bool = True) -> None:
        """Apply one delta. Call ``rebuild_lexical`` afterwards, in the background where the catalogue is large.

        Args:
            settle: choose the calibration sample anew; False while more chunks of the same delta follow.
        """
        with self._lock:
            for item_id in removed:
                self._remove(item_id)
            rows = [self._put(record.item) for record in records]
            for block in self.index.dims:
                having = [(r, rec.vectors[block]) for r, rec in zip(rows, records, strict=True) if block in rec.vectors]
                lacking = [r for r, rec in zip(rows, records, strict=True) if block not in rec.vectors]
                if lacking:
                    self.index.remove(lacking, block)
                if having:
                    self.index.upsert(block, [r for r, _ in having], np.stack([v for _, v in having]).astype(np.float32))
            self._changed.update(record.item.item_id for record in records)
            if settle:
                self._refresh_reference(self._changed)
                self._changed = set()

    def rebuild_lexical(self) -> bool:
        """Build the lexical leg anew if any words changed; True when it did. Reads go on with the old one meanwhile."""
        with self._lock:
            if not self._stale_lexical:
                return False
            documents = dict(self._tokens)
            self._stale_lexical = False
        self.lexical = LexicalIndex.build(documents)
        return True

    def take_values_changed(self) -> bool:
        """Whether names, values or currencies changed since the last call: a parser must then learn them again."""
        with self._lock:
            changed, self._stale_values = self._stale_values, False
            return changed

    def reference(self, block: str) -> Matrix:
        """The calibration sample's vectors of one block, (r, dim); the same for every request between two updates."""
        return self._reference_vectors.get(block, np.zeros((0, self.index.dims.get(block, 0)), np.float32))

    def centre(self, block: str) -> Vector:
        """The mean of the calibration sample's vectors of one block, (dim,): what all items have in common."""
        return self._centres.get(block, np.zeros(self.index.dims.get(block, 0), np.float32))

    def _put(self, item: Item) -> int:
        row = self._rows.get(item.item_id)
        if row is None:
            row = self._free.pop() if self._free else len(self._rows)
            self._rows[item.item_id] = row
            self._ids[row] = item.item_id
            self._neighbour_rows = None
        before = self.columns.item(row)
        self._stale_values |= before is None or _values(before) != _values(item)
        self.columns.put(row, item)
        tokens = item_tokens(item)
        if self._tokens.get(row) != tokens:
            self._tokens[row] = tokens
            self._stale_lexical = True
        return row

    def _remove(self, item_id: str) -> None:
        row = self._rows.pop(item_id, None)
        if row is None:
            return
        self._neighbour_rows = None
        self.columns.drop(row)
        self.index.remove([row])
        del self._ids[row]
        self._stale_values = True
        self._stale_lexical |= bool(self._tokens.pop(row, None))
        self._free.append(row)

    def _refresh_reference(self, changed: set[str]) -> None:
        if self._hashes.keys() != self._rows.keys():
            # A hash of the id, not a random draw: every process calibrates on the same items, and so do reruns.
            self._hashes = {i: self._hashes.get(i, zlib.crc32(i.encode())) for i in self._rows}
            sample = tuple(heapq.nsmallest(REFERENCE_SIZE, self._hashes, key=lambda i: (self._hashes[i], i)))
        else:
            sample = self._sample
        if sample == self._sample and not changed.intersection(sample):
            return
        self._sample = sample
        rows = self.rows_of(sample)
        for block in self.index.dims:
            vectors, present = self.index.vectors(block, rows)
            self._reference_vectors[block] = vectors[present]
            if present.any():
                self._centres[block] = vectors[present].mean(axis=0)


def _values(item: Item) -> tuple[object, ...]:
    """What of an item a parser knows."""
    return (
        item.title,
        item.category,
        item.category_names,
        item.brand,
        item.attributes,
        item.price.currency if item.price else "",
    )
