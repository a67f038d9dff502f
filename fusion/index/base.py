"""The vector index contract: rows of items, each with at most one vector per block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fusion.types import Matrix, Vector

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


class VectorIndex(ABC):
    """Finds rows whose blocks, put side by side, have the largest inner product with a request.

    A row is a small non-negative integer that the caller gives out. A row may lack any block; a missing block adds
    nothing, and neither does its offset.
    """

    def __init__(self, dims: Mapping[str, int]) -> None:
        """Args: dims: block name -> vector length."""
        self.dims = dict(dims)

    @abstractmethod
    def upsert(self, block: str, rows: Sequence[int] | Rows, vectors: Matrix) -> None:
        """Set one block of some rows.

        Args:
            vectors: (len(rows), dim), L2-normalised.
        Raises:
            DimensionMismatch: the block is unknown or the vectors are of another length.
        """

    @abstractmethod
    def remove(self, rows: Sequence[int] | Rows, block: str | None = None) -> None:
        """Forget one block of some rows, or everything about them. A row that is not there is no error."""

    @abstractmethod
    def vectors(self, block: str, rows: Rows) -> tuple[Matrix, Mask]:
        """One block of some rows: (len(rows), dim) float32, zeros where missing, and (len(rows),) presence."""

    def has(self, block: str, rows: Rows) -> Mask:
        """Which of some rows have a block, (len(rows),)."""
        return self.vectors(block, rows)[1]

    @abstractmethod
    def search(self, query: Mapping[str, Vector], offsets: Mapping[str, float], k: int, mask: Mask | None = None) -> Rows:
        """The k rows with the largest sum over blocks of ``<query[b], x[b]> + offsets[b]``, best first.

        Args:
            query: block -> (dim,); blocks that are not named are not read.
            offsets: block -> constant added where the block is present (calibration: minus weighted means).
            mask: (n_rows,) True where a row may be returned; rows beyond its end may not. None allows all.
        """
