"""What stands in for a block that an item lacks, so that a product without a photo is ranked by everything else it has.

z = 0 would mean "the catalogue's average", but what fits a request lies above it: among equally fitting products those
without a photo would come last. So an item's rank among those that have the block is kept. With R the score from all
other columns and F the whole score, both sorted over the candidates that have every block,

    F(i) = F at the place that R(i) has in R        stand-in(i) = F(i) - R(i)

which is quantile matching: as many items with the block come before it as there are that beat it in everything else. Where
the others do not tell what the block would say (a request that is only a photo), a place in R is no place in F, and a guess
must not displace what is known to look alike; such an item gets the mean of what the block adds to the others.

The stand-in is a column of its own, source ``STAND_IN``: an addend of the sum as any other, and never a reason in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fusion.blocks import Column, total
from fusion.index.base import Mask, Rows, VectorIndex
from fusion.types import Vector

STAND_IN = "stand-in"
# Fewer items with the block are no scale.
LEAST_ITEMS = 10
# The other columns must tell this share of the variance of the whole score (measured: docs/evaluation.md, "Photos").
LEAST_TOLD = 0.8


def stand_ins(columns: Sequence[Column], n: int) -> list[Column]:
    """A column for each block that some of the n candidates lack; none where all have all."""
    parts = [column for column in columns if column.present is not None]
    present = {column.block: column.present for column in parts if column.present is not None}
    if all(has.all() for has in present.values()):
        return []
    whole, complete = total(columns, n), np.logical_and.reduce(list(present.values()))
    found = {block: np.zeros(n, np.float32) for block in present}
    for blocks, rows in _patterns(present):
        lacking = [block for block in present if block not in blocks]
        if lacking:
            added = total([column for column in parts if column.block in lacking], n)
            found[lacking[0]][rows] = _stand_in(whole[rows], (whole - added)[complete], whole[complete])
    return [Column(STAND_IN, block, 1.0, z) for block, z in found.items() if z.any()]


def queries_without(index: VectorIndex, query: Mapping[str, Vector], rows: Rows) -> list[dict[str, Vector]]:
    """The query without the blocks that some of the rows lack, for each such set of blocks.

    A search by all blocks alone would not bring what lacks one to be scored where enough items have it. Each of these is to
    be run over all rows, since an item that lacks a block takes its place among those that have it.
    """
    having = {block: index.has(block, rows) for block in query}
    return [{b: query[b] for b in blocks} for blocks, _rows in _patterns(having) if 0 < len(blocks) < len(query)]


def _patterns(present: Mapping[str, Mask]) -> Iterator[tuple[tuple[str, ...], Mask]]:
    """Each set of blocks that items have, with the items that have just these.

    Args:
        present: block -> (n,) who has it.
    """
    if not present:
        return
    codes = np.sum([has.astype(np.int64) << bit for bit, has in enumerate(present.values())], axis=0)
    for code in np.flatnonzero(np.bincount(codes)):
        yield tuple(block for bit, block in enumerate(present) if code >> bit & 1), codes == code


def _stand_in(lacking: Vector, rest: Vector, whole: Vector) -> Vector:
    """What is added to the scores of items that lack blocks.

    Args:
        lacking: (m,) their scores.
        rest, whole: (r,) scores without those blocks, and with them, of the items that have all.
    """
    if not len(whole):
        return np.zeros(len(lacking), np.float32)
    if len(whole) < LEAST_ITEMS or _told(rest, whole) < LEAST_TOLD:
        return np.full(len(lacking), (whole - rest).mean(), np.float32)
    places, counts = np.unique(rest, return_counts=True)
    ordered = np.sort(whole)
    # Equal scores of the rest share the mean of their places, or the order among them would be made up.
    ends = np.cumsum(counts)
    means = np.add.reduceat(ordered, ends - counts) / counts
    beyond = np.maximum(lacking - places[-1], 0.0) + np.minimum(lacking - places[0], 0.0)
    return np.asarray(np.interp(lacking, places, means) + beyond - lacking, np.float32)


def _told(rest: Vector, whole: Vector) -> float:
    """The share of the variance of the whole score that the rest of it tells, 0 where they run against each other."""
    if rest.std() < 1e-6 or whole.std() < 1e-6:
        return 0.0
    return max(0.0, float(np.corrcoef(rest, whole)[0, 1])) ** 2
