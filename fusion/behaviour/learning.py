"""From who chose what to the lists that are served, with the model that measured best for the size of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fusion.behaviour.ease import Ease
from fusion.behaviour.lists import NeighbourLists
from fusion.behaviour.neighbours import ItemNeighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class LearnOptions:
    """How neighbours are learnt.

    Attributes:
        min_shoppers: distinct shoppers whom a pair of items needs.
        k: neighbours that an item keeps under EASE.
        ease_items: up to so many items EASE is fitted (best by measurement); above, item-kNN, which needs less.
        regularization: of EASE.
        near: neighbours that an item keeps under item-kNN, where more of them say less.
    """

    min_shoppers: int = 5
    k: int = 300
    ease_items: int = 5000
    regularization: float = 200.0
    near: int = 20


@dataclass(frozen=True, slots=True)
class Learnt:
    """The lists, and the model they came from."""

    model: str
    lists: NeighbourLists


def learn_lists(item_ids: Sequence[str], counts: csr_matrix, bought: csr_matrix, options: LearnOptions) -> Learnt | None:
    """Neighbour lists of all items that share enough shoppers with another; None where no two do.

    Args:
        counts, bought: (n_shoppers, n_items) as ``NeighbourLists.build`` takes them, ``bought`` part of ``counts``.
    """
    if not counts.nnz:
        return None
    shoppers = np.asarray((counts > 0).sum(axis=0)).ravel()
    eligible = np.flatnonzero(shoppers >= options.min_shoppers)  # no pair of a rarer item can reach the floor
    if len(eligible) < 2:
        return None
    part = counts[:, eligible].tocsr()
    if len(eligible) <= options.ease_items:
        from scipy.sparse import csr_matrix

        ease = Ease(options.regularization, max_items=options.ease_items).fit(part)
        model, weights = ease.name, csr_matrix(ease.weights)
    else:
        near = ItemNeighbours("tfidf", min(options.k, options.near), options.min_shoppers).fit(part)
        model, weights = near.name, near.similarity
    lists = NeighbourLists.build(
        [item_ids[i] for i in eligible.tolist()],
        weights,
        part,
        bought[:, eligible].tocsr(),
        k=options.k,
        min_shoppers=options.min_shoppers,
    )
    return Learnt(model, lists) if lists.n_pairs else None
