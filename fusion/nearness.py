"""Which items are near enough to others to stand in a row that says so ("Looks like this", "More like this").

A row that is filled to its length ends in noise: of 54 products the eighth nearest is no longer near. So an item must lie
above the catalogue's usual,

    nearness(i) = sum over compared blocks b of  w[liked, b] * z[b](i) / sum of w     (of the blocks that i has)

and the cut is in standard deviations of the catalogue, not a share of the best: of a hundred items or more there are
always eight above it, so that it matters to small shops and to odd products alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from fusion.blocks import Leg, dense_columns, total
from fusion.collection import ItemCollection
from fusion.index.base import Mask, Rows
from fusion.types import Constraint, Operator

# Measured on the demo catalogue (docs/performance.md, "Rows of like products").
NEAR = 1.25
# What is of the same category already has that in common: where the description is compared, it need only not be further
# than usual.
NEAR_IN_CATEGORY = 0.0
# However alike they look, what is described less alike than is usual is another kind of thing.
LEAST_DESCRIBED = 0.0
_DESCRIPTION = "text"


def near_rows(
    collection: ItemCollection, legs: Sequence[Leg], seeds: Iterable[str], blocks: Sequence[str], rows: Rows
) -> Mask | None:
    """Which rows are near, (len(rows),); None where the seeds have nothing to compare by.

    Args:
        legs: of the seeds in every block that they have, calibrated.
        blocks: that are compared; empty means all.
    """
    z = {column.block: column for column in dense_columns(collection.index, legs, rows)}
    compared = [column for block, column in z.items() if not blocks or block in blocks]
    if not compared:
        return None
    has = {c.block: np.ones(len(rows), bool) if c.present is None else c.present for c in z.values()}
    weight = np.zeros(len(rows), np.float32)
    for column in compared:
        weight += np.where(has[column.block], np.float32(column.weight), np.float32(0))
    nearness = np.where(weight > 0, total(compared, len(rows)) / np.maximum(weight, 1e-9), -np.inf)
    near: Mask = nearness >= NEAR
    if _DESCRIPTION not in z:
        return near
    if any(column.block == _DESCRIPTION for column in compared):
        return near | ((nearness >= NEAR_IN_CATEGORY) & _of_category(collection, seeds)[rows])
    return near & ~(has[_DESCRIPTION] & (z[_DESCRIPTION].z < LEAST_DESCRIBED))


def _of_category(collection: ItemCollection, seeds: Iterable[str]) -> Mask:
    """(n_rows,) what lies in the very category of a seed, or below it."""
    items = [collection.item(seed) for seed in seeds]
    paths = tuple({"/".join(item.category) for item in items if item is not None and item.category})
    if not paths:
        return np.zeros(collection.columns.n_rows, bool)
    return collection.columns.meets(Constraint("category", Operator.IN, paths))
