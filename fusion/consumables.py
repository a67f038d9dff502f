"""What is used up and bought again: learnt from repeat purchases, or set by category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt

import numpy as np

from fusion.columns import category_keys, normalise_value
from fusion.profile import separate
from fusion.types import Item

# An item is a consumable when, 95% surely, at least this share of its buyers buys it again ...
MIN_SHARE = 0.1
# ... and at least so many shoppers did: fewer may be chance, and would tell of single persons.
MIN_REPEAT_BUYERS = 5
# For a category that was set by hand and has no repeat purchases yet.
USUAL_INTERVAL = timedelta(days=30)
Z95 = 1.96


@dataclass(frozen=True)
class Consumables:
    """Which items may come back after a purchase, and after how long.

    Attributes:
        intervals: item id -> median time between two purchases of one shopper.
        categories: names of categories, or paths joined with "/", all of whose items are consumables.
    """

    intervals: Mapping[str, timedelta] = field(default_factory=dict)
    categories: Sequence[str] = ()

    def interval(self, item: Item) -> timedelta | None:
        """The time after which this item is usually bought again; None for what is bought once."""
        learnt = self.intervals.get(item.item_id)
        if learnt is not None:
            return learnt
        return USUAL_INTERVAL if self._is_set(item.category) else None

    def _is_set(self, path: tuple[str, ...]) -> bool:
        return any(_normal(name) in category_keys(path) for name in self.categories)


def learn_intervals(purchases: Iterable[tuple[str, str, datetime]]) -> dict[str, timedelta]:
    """Item id -> median interval, for items that enough buyers bought again.

    The share of buyers who came back is judged by the lower end of its 95% Wilson interval (Wilson 1927), so that two out of
    three say less than forty out of a hundred.

    Args:
        purchases: (shopper, item id, when); several of one shopper within a day are one.
    """
    times: dict[str, dict[str, list[datetime]]] = {}
    for shopper, item_id, at in purchases:
        times.setdefault(item_id, {}).setdefault(shopper, []).append(at)
    found = {}
    for item_id, buyers in times.items():
        repeated = [kept for own in buyers.values() if len(kept := separate(own)) > 1]
        if len(repeated) >= MIN_REPEAT_BUYERS and wilson_low(len(repeated), len(buyers)) >= MIN_SHARE:
            # One number a shopper, so that somebody who buys every week does not speak for all.
            gaps = [(kept[-1] - kept[0]).total_seconds() / (len(kept) - 1) for kept in repeated]
            found[item_id] = timedelta(seconds=float(np.median(gaps)))
    return found


def wilson_low(k: int, n: int) -> float:
    """The lower end of the 95% Wilson score interval of the share k / n."""
    p, z2 = k / n, Z95 * Z95
    return (p + z2 / (2 * n) - Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)


def _normal(path: str) -> str:
    return "/".join(normalise_value(node) for node in path.split("/"))
