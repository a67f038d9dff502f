"""Who chose what, as tests write it down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from fusion.types import Vector


def chosen(*baskets: Sequence[int], n_items: int) -> csr_matrix:
    """One row a shopper; an item named twice counts twice."""
    counts = np.zeros((len(baskets), n_items), np.float32)
    for row, basket in enumerate(baskets):
        for item in basket:
            counts[row, item] += 1
    return csr_matrix(counts)


def history(*items: int, n_items: int) -> Vector:
    vector = np.zeros(n_items, np.float32)
    vector[list(items)] = 1.0
    return vector
