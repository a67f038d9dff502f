"""Exact search: every allowed row is scored. Vectors are float16, one contiguous matrix a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fusion.exceptions import DimensionMismatch
from fusion.index.base import Mask, Rows, VectorIndex
from fusion.types import Matrix, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below this share of allowed rows, gathering them costs less than scanning everything (measured: docs/performance.md).
GATHER_BELOW = 0.2


class ExactIndex(VectorIndex):
    """Brute force over float16 rows: exact under any mask, and faster the tighter the mask is.

    numpy has no BLAS for float16, so the product runs in torch on the same memory; where torch is missing it falls
    back to float32 chunks in numpy and gives the same rows.
    """

    def __init__(self, dims: Mapping[str, int]) -> None:
        super().__init__(dims)
        self._matrices: dict[str, NDArray[np.float16]] = {b: np.zeros((0, d), np.float16) for b, d in self.dims.items()}
        self._present: dict[str, Mask] = {b: np.zeros(0, bool) for b in self.dims}

    def __len__(self) -> int:
        return max((len(p) for p in self._present.values()), default=0)

    def upsert(self, block: str, rows: Sequence[int] | Rows, vectors: Matrix) -> None:
        if block not in self.dims:
            raise DimensionMismatch(f"The index has no block {block!r}; it has {sorted(self.dims)}.")
        if vectors.ndim != 2 or vectors.shape[1] != self.dims[block]:
            raise DimensionMismatch(
                f"Block {block!r} holds {self.dims[block]}-d vectors, got shape {vectors.shape}; "
                "the encoder changed: run manage.py index --all."
            )
        if len(rows) == 0:
            return
        index = np.asarray(rows, np.int64)
        self._grow(block, int(index.max()) + 1)
        self._matrices[block][index] = vectors
        self._present[block][index] = True

    def remove(self, rows: Sequence[int] | Rows, block: str | None = None) -> None:
        for name in [block] if block else list(self.dims):
            index = np.asarray(rows, np.int64)
            self._present[name][index[index < len(self._present[name])]] = False

    def vectors(self, block: str, rows: Rows) -> tuple[Matrix, Mask]:
        present = self.has(block, rows)
        result = np.zeros((len(rows), self.dims[block]), np.float32)
        result[present] = self._matrices[block][rows[present]]
        return result, present

    def has(self, block: str, rows: Rows) -> Mask:
        present = np.zeros(len(rows), bool)
        known = rows < len(self._present[block])
        present[known] = self._present[block][rows[known]]
        return present

    def search(self, query: Mapping[str, Vector], offsets: Mapping[str, float], k: int, mask: Mask | None = None) -> Rows:
        n = len(self)
        allowed = np.ones(n, bool) if mask is None else np.zeros(n, bool)
        if mask is not None:
            allowed[: min(n, len(mask))] = mask[:n]
        known = np.zeros(n, bool)
        for block in query:
            known[: len(self._present[block])] |= self._present[block]
        rows = np.flatnonzero(allowed & known)
        if not len(rows) or not query:
            return np.zeros(0, np.int64)
        gather = len(rows) < GATHER_BELOW * n
        scores = np.zeros(len(rows) if gather else n, np.float32)
        for block, vector in query.items():
            self._add(scores, block, vector, offsets.get(block, 0.0), rows if gather else None)
        found = scores if gather else scores[rows]
        k = min(k, len(rows))
        top = np.argpartition(-found, k - 1)[:k]
        return rows[top[np.argsort(-found[top], kind="stable")]]

    def _add(self, scores: NDArray[np.float32], block: str, vector: Vector, offset: float, rows: Rows | None) -> None:
        if rows is not None:
            part, present = self.vectors(block, rows)
            scores += part @ vector + offset * present
            return
        present = self._present[block]
        scores[: len(present)] += np.where(present, _product(self._matrices[block][: len(present)], vector) + offset, 0.0)

    def _grow(self, block: str, size: int) -> None:
        have = len(self._present[block])
        if size <= have:
            return
        capacity = max(size, have + have // 2, 64)
        matrix = np.zeros((capacity, self.dims[block]), np.float16)
        matrix[:have] = self._matrices[block]
        present = np.zeros(capacity, bool)
        present[:have] = self._present[block]
        # The matrix first: a reader that still sees the old presence never looks past the old rows.
        self._matrices[block] = matrix
        self._present[block] = present


def _product(matrix: NDArray[np.float16], vector: Vector) -> Vector:
    """(n, dim) float16 times (dim,) -> (n,) float32."""
    try:
        import torch
    except ImportError:  # pragma: no cover - torch is a requirement; the library still answers without it
        chunks = [matrix[i : i + 8192].astype(np.float32) @ vector for i in range(0, len(matrix), 8192)]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    # The largest entry becomes 1, so that a strongly weighted request does not leave the range of float16.
    scale = float(np.abs(vector).max()) or 1.0
    half = torch.from_numpy((vector / scale).astype(np.float16))
    product: Vector = torch.mv(torch.from_numpy(matrix), half).float().numpy() * np.float32(scale)
    return product
