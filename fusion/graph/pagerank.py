"""A random walk that keeps returning to where it started: how close every node is to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fusion.types import Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def by_rows(weights: csr_matrix) -> csr_matrix:
    """The matrix with each row divided by its sum, so that it adds up to 1; empty rows stay empty."""
    from scipy.sparse import diags

    sums = np.asarray(weights.sum(axis=1), np.float32).ravel()
    return diags(np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)) @ weights


def personalised_pagerank(backward: csr_matrix, start: Vector, follow: float, steps: int) -> list[Vector]:
    """The walk's distribution after 0, 1, ..., ``steps`` rounds of the power iteration.

    p(0) = start; p(t) = follow * P' p(t-1) + (1 - follow) * start. After t rounds only nodes within t edges have a share,
    and what is left out of the limit is at most 2 * follow ** t.

    Args:
        backward: (n, n), the transposed transition matrix: column i holds where the walk goes from node i.
        start: (n,), adds up to 1.
        follow: probability of going on along an edge; the walk returns to the start otherwise.
    Source: Page et al. 1998, "The PageRank citation ranking", section 6; Haveliwala 2002, "Topic-sensitive PageRank", eq. 4.
    """
    rounds = [start.astype(np.float32)]
    for _ in range(steps):
        rounds.append((follow * (backward @ rounds[-1]) + (1.0 - follow) * rounds[0]).astype(np.float32))
    return rounds
