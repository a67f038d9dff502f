"""Item neighbours: for each item the few items that the same shoppers chose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fusion.behaviour.base import BehaviourModel
from fusion.types import Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WEIGHTINGS = ("cosine", "tfidf", "bm25")
# Rows of the item-item product that are in memory at once.
CHUNK = 512


class ItemNeighbours(BehaviourModel):
    """Item-kNN: similarity of two items' columns of shoppers, kept for the k nearest.

    Args:
        weighting: "cosine"; "tfidf" and "bm25" let shoppers who choose nearly everything say less (as in ``implicit``).
        k: neighbours that an item keeps.
        min_shoppers: distinct shoppers whom two items must share to be neighbours, so that none of them shows alone.
        k1, b: of bm25.
    Source: Sarwar et al. 2001, "Item-based collaborative filtering recommendation algorithms".
    """

    def __init__(
        self, weighting: str = "cosine", k: int = 100, min_shoppers: int = 1, k1: float = 1.2, b: float = 0.75
    ) -> None:
        if weighting not in WEIGHTINGS:
            raise ValueError(f"Weighting {weighting!r} is not known; choose one of {', '.join(WEIGHTINGS)}.")
        if k < 1 or min_shoppers < 1:
            raise ValueError(f"k and min_shoppers must be at least 1, got {k} and {min_shoppers}.")
        self.name = f"item-knn ({weighting})"
        self.weighting, self.k, self.min_shoppers, self.k1, self.b = weighting, k, min_shoppers, k1, b
        self.similarity: csr_matrix

    def _fit(self, counts: csr_matrix) -> None:
        from scipy.sparse import vstack

        weighted = self._weighted(counts)
        rows = [
            strongest(weighted[:, part].T @ weighted, shared, self.k)
            for part, shared in shared_shoppers(counts, self.min_shoppers)
        ]
        self.similarity = vstack(rows, format="csr")

    def _scores(self, history: Vector) -> Vector:
        return combined(self.similarity, history)

    def _weighted(self, counts: csr_matrix) -> csr_matrix:
        """(n_shoppers, n_items): of two columns the inner product is their similarity."""
        from implicit.nearest_neighbours import bm25_weight, normalize, tfidf_weight

        items = counts.T
        if self.weighting == "bm25":
            return bm25_weight(items, self.k1, self.b).T.tocsr()
        with np.errstate(invalid="ignore", divide="ignore"):  # a column without shoppers has no length
            normal = normalize(tfidf_weight(items) if self.weighting == "tfidf" else items)
        return normal.T.tocsr()


def shared_shoppers(counts: csr_matrix, min_shoppers: int) -> Iterator[tuple[slice, csr_matrix]]:
    """For the items part by part: (part, (len(part), n_items) with 1 where enough shoppers chose both items, else nothing).

    An item is not its own neighbour. What needs memory is one part, not all pairs.
    """
    from scipy.sparse import csr_matrix

    chosen = csr_matrix((np.ones(counts.nnz, np.float32), counts.indices, counts.indptr), shape=counts.shape)
    chosen.data[counts.data <= 0] = 0
    chosen.eliminate_zeros()
    for start in range(0, counts.shape[1], CHUNK):
        part = slice(start, min(start + CHUNK, counts.shape[1]))
        shared = (chosen[:, part].T @ chosen).tocoo()
        kept = (shared.data >= min_shoppers) & (shared.row + start != shared.col)
        ones = np.ones(int(kept.sum()), np.float32)
        yield part, csr_matrix((ones, (shared.row[kept], shared.col[kept])), shape=shared.shape)


def strongest(values: csr_matrix, allowed: csr_matrix, k: int) -> csr_matrix:
    """Of each row the k largest positive values where ``allowed`` has a 1; equal values in the order of their columns."""
    from scipy.sparse import csr_matrix

    found = allowed.multiply(values).tocoo()
    positive = found.data > 0
    row, col, data = found.row[positive], found.col[positive], found.data[positive]
    order = np.lexsort((col, -data, row))
    row, col, data = row[order], col[order], data[order]
    starts = np.searchsorted(row, np.arange(values.shape[0]))
    near = np.arange(len(row)) - starts[row] < k
    return csr_matrix((data[near].astype(np.float32), (row[near], col[near])), shape=values.shape)


def combined(neighbours: csr_matrix, history: Vector) -> Vector:
    """The sum of the neighbours of a history's items, weighted by the history, (n_items,)."""
    from scipy.sparse import csr_matrix

    return np.asarray((csr_matrix(history) @ neighbours).toarray()[0], np.float32)
