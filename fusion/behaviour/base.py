"""What every model of behaviour can do: learn from counts, and score all items for somebody with a history."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

import numpy as np

from fusion.exceptions import DimensionMismatch
from fusion.types import Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class BehaviourModel(ABC):
    """Learns from who did something with what.

    Items are columns: what a column stands for is the caller's to know. Fitting is deterministic, and a history is scored
    without fitting again, also one of a shopper who was not there then.
    """

    name: str = ""
    n_items: int = 0

    def fit(self, counts: csr_matrix) -> Self:
        """Learn anew; what was learnt before is forgotten.

        Args:
            counts: (n_shoppers, n_items), how much each shopper did with each item, 0 where nothing; never negative.
        Raises:
            ValueError: there is nothing to learn from, or a count is negative.
        """
        if not counts.nnz or counts.data.max() <= 0:
            raise ValueError(f"Behaviour of shape {counts.shape} holds no counts: give at least one shopper's items.")
        if counts.data.min() < 0:
            raise ValueError(f"Counts must not be negative, the smallest is {counts.data.min()}.")
        self.n_items = int(counts.shape[1])
        self._fit(counts.astype(np.float32))
        return self

    def scores(self, history: Vector) -> Vector:
        """How well each item goes with a history, higher is better; 0 for all when the history says nothing.

        Args:
            history: (n_items,) weights of what a shopper did, 0 for what they did not touch.
        Returns:
            (n_items,), items of the history included.
        Raises:
            DimensionMismatch: the history is not over the items that were learnt.
        """
        if history.shape != (self.n_items,):
            raise DimensionMismatch(
                f"{self.name or type(self).__name__} knows {self.n_items} items, the history has shape {history.shape}; "
                "fit it on the same items first."
            )
        if not history.any():
            return np.zeros(self.n_items, np.float32)
        return self._scores(history.astype(np.float32))

    @abstractmethod
    def _fit(self, counts: csr_matrix) -> None:
        """``fit`` on checked float32 counts."""

    @abstractmethod
    def _scores(self, history: Vector) -> Vector:
        """``scores`` for a checked history that is not empty."""
