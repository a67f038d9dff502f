"""Named blocks, calibrated per request, and one inner product whose addends are the explanation.

    score(q, i) = sum over sources s and blocks b of  w[s,b] * z[s,b](i)
    z[s,b](i)   = (<v[s,b], x[b](i)> - mean[s,b]) / std[s,b]

``mean`` and ``std`` are measured for this request over a fixed reference sample of the catalogue, because cosines of
different modalities do not compare. A block that an item lacks has z = 0, and what stands in for it is a column of its own
(``fusion/stand_in.py``): a product without a photo is not punished for it. Everything is linear in the item's vectors, so all
dense legs together are one query vector per block and a constant (``combine``), and one index serves every setting of the
weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.index.base import Mask, Rows, VectorIndex
from fusion.types import Matrix, Term, Vector

# A spread below this says that the request tells the items of a block not apart; its leg is then left out.
MIN_STD = 1e-4
# No single signal may outweigh everything else: one rare word in a large catalogue would reach z = 300. A column that
# goes further is scaled down as a whole, so that a full match stays ahead of half a match.
MAX_Z = 5.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One dense source of a request in one block, with its calibration.

    Attributes:
        vector: (dim,), L2-normalised.
        mean, std: of the inner products with the reference sample.
    """

    source: str
    block: str
    vector: Vector
    weight: float
    mean: float = 0.0
    std: float = 1.0


@dataclass(frozen=True, slots=True)
class Column:
    """One signal, already calibrated: z of every candidate, (n,).

    Attributes:
        present: (n,) candidates that have the block; None for a signal that no item lacks.
    """

    source: str
    block: str
    weight: float
    z: Vector
    present: Mask | None = None


def calibrate(leg: Leg, reference: Matrix) -> Leg | None:
    """The leg with mean and spread measured over a reference sample.

    Args:
        reference: (r, dim), the sampled items that have the block.
    Returns:
        None when the sample is too small or the leg does not tell its items apart.
    """
    if len(reference) < 2:
        return None
    products = reference @ leg.vector
    std = float(products.std())
    if std < MIN_STD:
        return None
    return Leg(leg.source, leg.block, leg.vector, leg.weight, float(products.mean()), std)


def combine(legs: Sequence[Leg]) -> tuple[dict[str, Vector], dict[str, float]]:
    """All legs as one query vector and one constant per block.

    Returns:
        (block -> (dim,), block -> offset): ``<query[b], x[b]> + offset[b]`` summed over the blocks that an item has is
        its dense score.
    """
    query: dict[str, Vector] = {}
    offsets: dict[str, float] = {}
    for leg in legs:
        scaled = (leg.vector * (leg.weight / leg.std)).astype(np.float32)
        query[leg.block] = query[leg.block] + scaled if leg.block in query else scaled
        offsets[leg.block] = offsets.get(leg.block, 0.0) - leg.weight * leg.mean / leg.std
    return query, offsets


def dense_columns(index: VectorIndex, legs: Sequence[Leg], rows: Rows) -> list[Column]:
    """z of every leg for every row, exact in float32; each block is read once."""
    gathered: dict[str, tuple[Matrix, Mask]] = {}
    columns = []
    for leg in legs:
        if leg.block not in gathered:
            gathered[leg.block] = index.vectors(leg.block, rows)
        vectors, present = gathered[leg.block]
        z = np.where(present, (vectors @ leg.vector - leg.mean) / leg.std, 0.0).astype(np.float32)
        columns.append(Column(leg.source, leg.block, leg.weight, z, present))
    return columns


def sparse_column(
    source: str, block: str, weight: float, scores: Vector, reference: Vector, least: float = 0.0
) -> Column | None:
    """A calibrated column from raw scores of which most are zero, such as BM25.

    Args:
        scores: (n,) raw scores of the candidates.
        reference: (r,) raw scores over the whole catalogue, for mean and spread.
        least: a smaller spread counts as this much: differences that hardly exist are not blown up.
    """
    std = float(reference.std()) if len(reference) else 0.0
    if std < MIN_STD:
        return None
    mean, highest = float(reference.mean()), float(reference.max())
    spread = max(std, (highest - mean) / MAX_Z, least)
    return Column(source, block, weight, ((scores - mean) / spread).astype(np.float32))


def total(columns: Sequence[Column], n: int) -> Vector:
    """The fused score of each candidate, (n,)."""
    score = np.zeros(n, np.float32)
    for column in columns:
        score += np.float32(column.weight) * column.z
    return score


def terms_of(columns: Sequence[Column], position: int) -> tuple[Term, ...]:
    """The addends of one candidate's score, largest first."""
    terms = [Term(c.block, c.source, c.weight, float(c.z[position])) for c in columns]
    return tuple(sorted((t for t in terms if t.contribution), key=lambda t: -t.contribution))


def mean_direction(vectors: Matrix, weights: Vector) -> Vector | None:
    """The L2-normalised weighted mean of unit vectors, (dim,); None when they cancel out or there are none.

    Args:
        vectors: (n, dim).
        weights: (n,), non-negative.
    """
    if not len(vectors):
        return None
    mean = weights.astype(np.float32) @ vectors
    norm = float(np.linalg.norm(mean))
    return None if norm < 1e-6 else (mean / norm).astype(np.float32)
