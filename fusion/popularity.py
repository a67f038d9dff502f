"""How much shoppers lately wanted each item: distinct shoppers, fading with time, smoothed where few were counted.

    recent(i)     = sum over shoppers of the strongest thing each did with i:  weight * 0.5 ** (age / RECENT)
    lasting(i)    = the same with LASTING
    expected(i)   = (lasting(i) + 1) / (mean lasting + 1)
    popularity(i) = log of (recent(i) + expected(i)), over what it is for an item that nobody touched

This is the posterior mean of a Poisson rate, twice: the long run is shrunk to the average item by one imagined shopper, and
the recent time to the long run by another (Gelman et al., "Bayesian data analysis", section 2.6). One click of one
shopper therefore makes nothing popular, a hundred clicks of one shopper count as one, and in a quiet shop the long run speaks.
The logarithm makes equal steps of equal factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fusion.profile import KIND_WEIGHT

RECENT_DAYS = 7.0
LASTING_DAYS = 90.0
# Older choices weigh less than a fourth of a purchase even in the long run; they are not read.
WINDOW_DAYS = 180.0
# A choice is counted in purchases.
UNIT = KIND_WEIGHT["purchase"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The latest time that a shopper did one kind of thing with an item, in days before the moment that is asked about."""

    item_id: str
    shopper: str
    kind: str
    age_days: float


def popularity(choices: Iterable[Choice], n_items: int) -> dict[str, float]:
    """Item id -> popularity, above 0; an item that nobody chose is left out and has 0.

    Args:
        choices: of the window, at most one for each shopper, item and kind. Kinds that say "no" are not counted, and neither
            is anything that lies in the future.
        n_items: size of the catalogue, those that nobody chose included.
    """
    strongest: dict[tuple[str, str], tuple[float, float]] = {}
    for choice in choices:
        weight = KIND_WEIGHT.get(choice.kind, 0.0) / UNIT
        if weight <= 0 or not 0 <= choice.age_days <= WINDOW_DAYS:
            continue
        key = (choice.item_id, choice.shopper)
        recent, lasting = strongest.get(key, (0.0, 0.0))
        strongest[key] = (
            max(recent, weight * 0.5 ** (choice.age_days / RECENT_DAYS)),
            max(lasting, weight * 0.5 ** (choice.age_days / LASTING_DAYS)),
        )
    recents: dict[str, float] = {}
    lastings: dict[str, float] = {}
    for (item_id, _shopper), (recent, lasting) in strongest.items():
        recents[item_id] = recents.get(item_id, 0.0) + recent
        lastings[item_id] = lastings.get(item_id, 0.0) + lasting
    mean = sum(lastings.values()) / max(1, n_items, len(lastings))
    return {i: math.log(times_untouched(recents[i], lastings[i], mean)) for i in lastings}


def times_untouched(recent: float, lasting: float, mean_lasting: float) -> float:
    """How many times the smoothed rate of an item is that of one that nobody touched; at least 1."""
    return recent * (mean_lasting + 1.0) + lasting + 1.0
