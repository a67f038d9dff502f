"""A shopper's history as weighted items: what they did lately and meant most speaks loudest.

The weight of an interaction is ``KIND_WEIGHT[kind] * 0.5 ** (age / HALF_LIFE)``, where the age is counted back from the
shopper's latest interaction: somebody who returns after a year is still the same person. An item's weights add up; items
with a negative sum are disliked. Several interests are kept apart later by the learning part; here one mean per block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fusion.types import Interaction

KIND_WEIGHT = {
    "purchase": 3.0,
    "like": 2.0,
    "add_to_cart": 2.0,
    "click": 0.7,
    "view": 0.5,
    "remove_from_cart": -1.0,
    "dislike": -2.0,
    "return": -3.0,
}
HALF_LIFE = timedelta(days=30)
MAX_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Profile:
    """What a history says.

    Attributes:
        liked, disliked: (item id, weight > 0), heaviest first, at most MAX_ITEMS each.
        purchased: ids bought and not returned, newest first.
        kinds: id -> the strongest thing done with it, for reasons ("because you bought ...").
    """

    liked: tuple[tuple[str, float], ...] = ()
    disliked: tuple[tuple[str, float], ...] = ()
    purchased: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.liked or self.disliked)


def build_profile(interactions: Sequence[Interaction], now: datetime | None = None) -> Profile:
    """The profile of a history.

    Args:
        interactions: in any order; times must be timezone-aware. An unknown kind weighs nothing.
        now: the moment of the request; interactions after it are not looked at.
    """
    moment = now or datetime.now(UTC)
    weights: dict[str, float] = {}
    strongest: dict[str, tuple[float, str]] = {}
    bought: dict[str, datetime] = {}
    past = sorted((i for i in interactions if i.at <= moment), key=lambda i: i.at)
    for act in past:
        worth = KIND_WEIGHT.get(act.kind, 0.0) * 0.5 ** ((past[-1].at - act.at) / HALF_LIFE)
        weights[act.item_id] = weights.get(act.item_id, 0.0) + worth
        if worth > strongest.get(act.item_id, (0.0, ""))[0]:
            strongest[act.item_id] = (worth, act.kind)
        if act.kind == "purchase":
            bought[act.item_id] = act.at
        elif act.kind == "return":
            bought.pop(act.item_id, None)
    ordered = sorted(weights.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    return Profile(
        liked=tuple((i, w) for i, w in ordered if w > 0)[:MAX_ITEMS],
        disliked=tuple((i, -w) for i, w in ordered if w < 0)[:MAX_ITEMS],
        purchased=tuple(sorted(bought, key=lambda i: bought[i], reverse=True)),
        kinds=tuple((i, kind) for i, (_worth, kind) in strongest.items()),
    )
