"""From purchases to pairs of items that were bought together, none of which shows what a single shopper did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fusion.graph.parts import Pair

MIN_SHOPPERS = 5
# What a shopper buys with no longer pause than this between two purchases is one basket; an order's lines have one time.
BASKET_PAUSE = timedelta(hours=1)
# A basket with more items (a trader's, a test's) says little about any two of them and costs the square of its size.
MAX_BASKET = 100
# strength = shoppers / (buyers of a * buyers of b) ** TEMPER. 0 is the bare count, which favours what everybody buys,
# .5 the cosine, 1 ranks as lift does, which favours what hardly anybody buys. See benchmarks/complements.py.
TEMPER = 0.3
_STEPS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_MERGE_AT = 4_000_000


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of one purchase. ``returned`` takes the latest purchase of that item back."""

    shopper: str
    item_id: str
    at: datetime
    returned: bool = False


def baskets_of(purchases: Iterable[Purchase]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(shopper, distinct items) of each basket. The purchases come shopper by shopper, oldest first."""
    shopper, last = "", None
    baskets: list[dict[str, None]] = []
    for purchase in purchases:
        if purchase.shopper != shopper:
            yield from ((shopper, tuple(basket)) for basket in baskets if basket)
            shopper, last, baskets = purchase.shopper, None, []
        if purchase.returned:
            _take_back(baskets, purchase.item_id)
            continue
        if last is None or purchase.at - last > BASKET_PAUSE:
            baskets.append({})
        baskets[-1][purchase.item_id] = None
        last = purchase.at
    yield from ((shopper, tuple(basket)) for basket in baskets if basket)


def _take_back(baskets: Sequence[dict[str, None]], item_id: str) -> None:
    for basket in reversed(baskets):
        if item_id in basket:
            del basket[item_id]
            return


def pairs_of(
    baskets: Iterable[tuple[str, tuple[str, ...]]], min_shoppers: int = MIN_SHOPPERS, *, simulated: bool = False
) -> list[Pair]:
    """Pairs that at least ``min_shoppers`` distinct shoppers had in one basket, and more often than by chance (lift > 1).

    lift = shoppers of both * all shoppers / (buyers of a * buyers of b).

    Args:
        baskets: shopper by shopper.
    Source: Brin et al. 1997, "Dynamic itemset counting and implication rules for market basket data" (there "interest").
    """
    if min_shoppers < 1:
        raise ValueError(f"A pair needs at least 1 shopper, got min_shoppers={min_shoppers}.")
    numbers: dict[str, int] = {}
    counter = _Counter()
    buyers: list[NDArray[np.int64]] = []
    n_shoppers = 0
    for owned in _by_shopper(baskets):
        n_shoppers += 1
        rows = [np.unique([numbers.setdefault(i, len(numbers)) for i in basket]) for basket in owned]
        buyers.append(np.unique(np.concatenate(rows)))
        counter.add([row for row in rows if 2 <= len(row) <= MAX_BASKET])
    if not numbers:
        return []
    bought = np.bincount(np.concatenate(buyers), minlength=len(numbers))
    a, b, shared = counter.result(min_shoppers)
    chance = bought[a].astype(np.float64) * bought[b]
    lift = shared * n_shoppers / chance
    strength = shared / chance**TEMPER
    ids = list(numbers)
    found = []
    for k in np.flatnonzero(lift > 1.0):
        first, second = sorted((ids[a[k]], ids[b[k]]))
        found.append(Pair(first, second, _floored(int(shared[k])), float(lift[k]), float(strength[k]), simulated))
    return found


def _by_shopper(baskets: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[list[tuple[str, ...]]]:
    current, owned = "", list[tuple[str, ...]]()
    for shopper, basket in baskets:
        if shopper != current and owned:
            yield owned
            owned = []
        current = shopper
        owned.append(basket)
    if owned:
        yield owned


def _floored(shoppers: int) -> int:
    """The largest step that is not above the count; below the first step the count itself (a floor under 5 was set)."""
    return max((step for step in _STEPS if step <= shoppers), default=shoppers)


class _Counter:
    """Distinct shoppers of each pair of item numbers, in bounded memory for what is not yet merged."""

    def __init__(self) -> None:
        self._waiting: list[NDArray[np.int64]] = []
        self._n_waiting = 0
        self._keys = np.zeros(0, np.int64)
        self._counts = np.zeros(0, np.int64)

    def add(self, rows: Sequence[NDArray[np.int64]]) -> None:
        """One shopper's baskets, each sorted and distinct."""
        keys = [np.zeros(0, np.int64)]
        for row in rows:
            first, second = np.triu_indices(len(row), 1)
            keys.append((row[first] << 32) | row[second])
        distinct = np.unique(np.concatenate(keys))
        self._waiting.append(distinct)
        self._n_waiting += len(distinct)
        if self._n_waiting > _MERGE_AT:
            self._merge()

    def result(self, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(first, second, shoppers) of the pairs with enough shoppers."""
        self._merge()
        kept = self._counts >= least
        keys = self._keys[kept]
        return keys >> 32, keys & 0xFFFFFFFF, self._counts[kept]

    def _merge(self) -> None:
        if not self._waiting:
            return
        new = np.concatenate(self._waiting)
        keys = np.concatenate([self._keys, new])
        counts = np.concatenate([self._counts, np.ones(len(new), np.int64)])
        self._keys, places = np.unique(keys, return_inverse=True)
        self._counts = np.bincount(places, weights=counts, minlength=len(self._keys)).astype(np.int64)
        self._waiting, self._n_waiting = [], 0
