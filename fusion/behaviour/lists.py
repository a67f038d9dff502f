"""Neighbours as a process serves them: for each item a bounded list of others, without a model library or a matrix."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fusion.behaviour.neighbours import shared_shoppers
from fusion.types import Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class NeighbourLists:
    """What shoppers choose together, item by item.

    Attributes:
        item_ids: the n items that have a neighbour or are one; every other item has no behaviour.
        starts: (n + 1,), where each item's neighbours begin in the three arrays below.
        others: positions in ``item_ids``.
        weights: float16, how much a history's item raises (or lowers) the other one.
        bought: whether enough shoppers bought both, so that a reason may say so.
    """

    item_ids: tuple[str, ...]
    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    weights: NDArray[np.float16]
    bought: NDArray[np.bool_]
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.item_ids) + 1 or not len(self.others) == len(self.weights) == len(self.bought):
            raise ValueError(
                f"Neighbour lists do not fit together: {len(self.item_ids)} items, {len(self.starts)} starts, "
                f"{len(self.others)} neighbours, {len(self.weights)} weights, {len(self.bought)} marks."
            )
        object.__setattr__(self, "_places", {item_id: place for place, item_id in enumerate(self.item_ids)})

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def n_pairs(self) -> int:
        """Directed pairs."""
        return len(self.others)

    def scores(self, history: Iterable[tuple[str, float]]) -> Vector | None:
        """(n,) the sum of the neighbours of these items times their weights; None when none of them has any."""
        total = np.zeros(len(self.item_ids), np.float32)
        spoke = False
        for item_id, weight in history:
            near = self._near(item_id)
            if near is not None:
                total[self.others[near]] += np.float32(weight) * self.weights[near]
                spoke = True
        return total if spoke else None

    def voices(self, history: Sequence[tuple[str, float]]) -> Voices:
        """Who of a history speaks for what, gathered once for all items of an answer."""
        near = [(item_id, weight, found) for item_id, weight in history if (found := self._near(item_id)) is not None]
        return Voices(
            self._places,
            tuple(item_id for item_id, _, _ in near),
            np.repeat(np.arange(len(near)), [found.stop - found.start for _, _, found in near]),
            np.concatenate([np.zeros(0, np.int32), *(self.others[found] for _, _, found in near)]),
            np.concatenate([np.zeros(0, np.float32), *(np.float32(w) * self.weights[found] for _, w, found in near)]),
            np.concatenate([np.zeros(0, bool), *(self.bought[found] for _, _, found in near)]),
        )

    def _near(self, item_id: str) -> slice | None:
        place = self._places.get(item_id)
        if place is None or self.starts[place] == self.starts[place + 1]:
            return None
        return slice(int(self.starts[place]), int(self.starts[place + 1]))

    def to_bytes(self) -> bytes:
        """As safetensors: arrays and no code."""
        from safetensors.numpy import save

        ids = np.frombuffer(json.dumps(self.item_ids, ensure_ascii=False).encode(), np.uint8)
        return save({"ids": ids, "starts": self.starts, "others": self.others, "weights": self.weights, "bought": self.bought})

    @classmethod
    def from_bytes(cls, data: bytes) -> NeighbourLists:
        """Raises: ValueError: the bytes are not what ``to_bytes`` wrote."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays = load(data)
            ids = tuple(json.loads(arrays["ids"].tobytes().decode()))
            return cls(ids, arrays["starts"], arrays["others"], arrays["weights"], arrays["bought"])
        except (SafetensorError, KeyError, UnicodeDecodeError) as error:
            raise ValueError(f"These bytes are no neighbour lists: {error!r}.") from error

    @classmethod
    def build(
        cls, item_ids: Sequence[str], weights: csr_matrix, counts: csr_matrix, bought: csr_matrix, *, k: int, min_shoppers: int
    ) -> NeighbourLists:
        """The k neighbours of each item that weigh most, either way, among those that enough shoppers chose with it.

        Args:
            weights: (n, n), row: an item of a history, column: the item that it raises or lowers.
            counts, bought: (n_shoppers, n), what the shoppers chose at all, and what they bought.
            min_shoppers: distinct shoppers whom a pair needs, so that no list shows what one of them did.
        """
        lists: list[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]] = []
        both_bought = shared_shoppers(bought, min_shoppers)
        for (part, shared), (_part, buys) in zip(shared_shoppers(counts, min_shoppers), both_bought, strict=True):
            kept = shared.multiply(weights[part]).tocsr()
            for row in range(kept.shape[0]):
                near = slice(kept.indptr[row], kept.indptr[row + 1])
                columns, values = kept.indices[near], kept.data[near]
                heaviest = np.lexsort((columns, -np.abs(values)))[:k]
                heaviest = np.sort(heaviest[values[heaviest] != 0])
                chosen = columns[heaviest]
                lists.append((chosen, values[heaviest], np.isin(chosen, buys.indices[buys.indptr[row] : buys.indptr[row + 1]])))
        return cls._of(item_ids, lists)

    @classmethod
    def _of(
        cls, item_ids: Sequence[str], lists: Sequence[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]]
    ) -> NeighbourLists:
        others = np.concatenate([near for near, _, _ in lists])
        used = np.zeros(len(item_ids), bool)
        used[[row for row, (near, _, _) in enumerate(lists) if len(near)]] = True
        used[others] = True
        place = np.cumsum(used) - 1
        lengths = [len(near) for row, (near, _, _) in enumerate(lists) if used[row]]
        return cls(
            tuple(item_ids[row] for row in np.flatnonzero(used).tolist()),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            place[others].astype(np.int32),
            np.concatenate([values for _, values, _ in lists]).astype(np.float16),
            np.concatenate([marks for _, _, marks in lists]),
        )


@dataclass(frozen=True)
class Voices:
    """The neighbours of a history, one row each: ``speaker`` (a place in ``item_ids``), the item raised, by how much."""

    places: Mapping[str, int]
    item_ids: tuple[str, ...]
    speaker: NDArray[np.int64]
    raised: NDArray[np.int32]
    weights: Vector
    bought: NDArray[np.bool_]

    def loudest(self, item_id: str) -> tuple[str, bool] | None:
        """Which item of the history raises this item most, and whether enough shoppers bought both; None when none does."""
        rows = np.flatnonzero(self.raised == self.places.get(item_id, -1))
        if not len(rows):
            return None
        best = rows[self.weights[rows].argmax()]
        return (self.item_ids[self.speaker[best]], bool(self.bought[best])) if self.weights[best] > 0 else None
