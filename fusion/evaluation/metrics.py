"""What a ranked list is worth: to the shopper it was made for, and to the catalogue as a whole.

A list is item ids, best first, without repeats; ``relevant`` is what the shopper really took. Relevance is binary: an item
was taken or not. Every metric looks at the first k places only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fusion.types import Matrix


def discounts(k: int) -> NDArray[np.float64]:
    """What each place counts, (k,): ``1 / log2(rank + 1)``, rank from 1. Source: Jarvelin & Kekalainen 2002."""
    discount: NDArray[np.float64] = 1.0 / np.log2(np.arange(2, k + 2))
    return discount


def ndcg(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain with binary gains, 0 to 1.

    ``sum over hits at rank r <= k of 1 / log2(r + 1)``, over the same sum for hits at ranks 1 .. min(k, |relevant|).
    Source: Jarvelin & Kekalainen 2002.

    Raises:
        ValueError: nothing is relevant, so no list can be right or wrong.
    """
    discount = discounts(k)
    gained = sum(discount[place] for place in _hits(ranked, relevant, k))
    return float(gained / discount[: min(k, len(relevant))].sum())


def recall(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """``|first k that are relevant| / |relevant|``, 0 to 1. Below 1 by construction where more than k are relevant.

    Raises:
        ValueError: nothing is relevant.
    """
    return len(_hits(ranked, relevant, k)) / len(relevant)


def hit_rate(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """1 where at least one of the first k is relevant, else 0; its mean over cases is hit@k.

    Raises:
        ValueError: nothing is relevant.
    """
    return float(bool(_hits(ranked, relevant, k)))


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """``1 / rank`` of the first relevant item within k, 0 without one; its mean is MRR@k. Source: Voorhees 1999.

    Raises:
        ValueError: nothing is relevant.
    """
    hits = _hits(ranked, relevant, k)
    return 1.0 / (hits[0] + 1) if hits else 0.0


def _hits(ranked: Sequence[str], relevant: Collection[str], k: int) -> list[int]:
    """Places (from 0) of relevant items among the first k."""
    if not relevant:
        raise ValueError("Nothing is relevant in this case; leave it out instead of counting it as a miss.")
    wanted = frozenset(relevant)
    return [place for place, item_id in enumerate(ranked[:k]) if item_id in wanted]


def coverage(lists: Sequence[Sequence[str]], n_items: int, k: int) -> float:
    """Share of the catalogue that is on at least one list: ``|union of the first k| / n_items``.

    It grows with the number of lists: compare only runs over the same cases. Source: Ge et al. 2010 ("catalogue coverage").
    """
    return len({item_id for ranked in lists for item_id in ranked[:k]}) / n_items if n_items else 0.0


def self_information(buyers: Mapping[str, int], n_shoppers: int) -> Mapping[str, float]:
    """Item id -> ``-log2 p`` bits, ``p = (buyers + 1) / (n_shoppers + 1)``; an item that nobody bought is ``unseen``.

    Source: Zhou et al. 2010 and Vargas & Castells 2011 (free discovery); add-one smoothed, so that new items are finite.

    Args:
        buyers: item id -> distinct shoppers who took it before the moment.
    """
    unseen = float(np.log2(n_shoppers + 1))
    found: defaultdict[str, float] = defaultdict(lambda: unseen)
    found.update({item_id: float(np.log2((n_shoppers + 1) / (n + 1))) for item_id, n in buyers.items()})
    return found


def novelty(ranked: Sequence[str], information: Mapping[str, float], k: int) -> float:
    """Mean self-information of the first k, in bits: high where the list shows what few have taken; 0 for an empty list."""
    shown = ranked[:k]
    return sum(information[item_id] for item_id in shown) / len(shown) if shown else 0.0


def intra_list_diversity(vectors: Matrix) -> float:
    """Mean ``1 - cosine`` over all pairs of a list's items, 0 to 2; nan for fewer than two.

    Source: Ziegler et al. 2005 (intra-list similarity), as a distance.

    Args:
        vectors: (n, dim), rows L2-normalised.
    """
    n = len(vectors)
    if n < 2:
        return float("nan")
    gram = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    return float(1.0 - (gram.sum() - np.trace(gram)) / (n * (n - 1)))


def exposure(lists: Sequence[Sequence[str]], groups: Mapping[str, str], k: int) -> dict[str, float]:
    """Group -> attention its items got: ``sum over lists and places of 1 / log2(rank + 1)``; every group of the catalogue
    is there, also with 0. Source: Singh & Joachims 2018 (logarithmic position bias).

    Args:
        groups: item id -> its group, for the whole catalogue; an item that is not named counts for none.
    """
    discount = discounts(k)
    found = dict.fromkeys(groups.values(), 0.0)
    for ranked in lists:
        for place, item_id in enumerate(ranked[:k]):
            if item_id in groups:
                found[groups[item_id]] += float(discount[place])
    return found


def gini(amounts: Sequence[float], sizes: Sequence[int]) -> float:
    """How unequal amounts are over groups of different sizes: 0 when each has its share of the catalogue, near 1 when the
    smallest has all; nan without any amount or group.

    ``1 - sum over g of (n_g / n) * (L_g + L_before_g)`` over groups by rising amount per member, L the cumulative share of
    the amount: the area between the Lorenz curve and the diagonal, doubled. Sizes of 1 give the usual Gini of items.
    Source: Gini 1912; Lorenz curve of grouped data, Gastwirth 1972.

    Args:
        amounts, sizes: aligned; sizes are at least 1.
    """
    amount, size = np.asarray(amounts, np.float64), np.asarray(sizes, np.float64)
    if not len(amount) or amount.sum() <= 0:
        return float("nan")
    order = np.argsort(amount / size, kind="stable")
    lorenz = np.concatenate([[0.0], np.cumsum(amount[order]) / amount.sum()])
    return float(1.0 - (size[order] / size.sum() * (lorenz[1:] + lorenz[:-1])).sum())
