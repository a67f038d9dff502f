"""A shopper's history as weighted items: what they did lately and meant most speaks loudest.

The weight of an interaction is ``KIND_WEIGHT[kind] * 0.5 ** (age / HALF_LIFE)``, where the age is counted back from the
shopper's latest interaction: somebody who returns after a year is still the same person. The session that is going on is a
source of its own: it counts as much as everything before it, as far as ``MAX_SESSION_FACTOR`` allows, so that a look now is
heard beside many old purchases. An item's weights add up; items with a negative sum are disliked. ``fusion/history.py``
turns the items into scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
MAX_ITEMS = 80
# What others chose with it holds longer than what it is like (docs/evaluation.md, "Behaviour").
CHOSEN_HALF_LIFE = timedelta(days=60)
MAX_CHOSEN = 150
# The usual end of a visit in web analytics: half an hour without any event.
SESSION_GAP = timedelta(minutes=30)
# One look must not outweigh a hundred purchases.
MAX_SESSION_FACTOR = 10.0
# Purchases nearer together than this are one: an order and what was added to it.
PURCHASE_GAP = timedelta(days=1)
# "Regularly" is a word that needs more than a second time.
REGULAR_PURCHASES = 3

Interval = Callable[[str], timedelta | None]


def _none_comes_back(_item_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Repurchase:
    """Something bought that is bought again and again.

    Attributes:
        times: how often this shopper bought it, at least a day apart.
        due: 0 when it was just bought, 1 when the usual interval is over.
    """

    item_id: str
    times: int
    due: float

    @property
    def is_regular(self) -> bool:
        return self.times >= REGULAR_PURCHASES


@dataclass(frozen=True, slots=True)
class Profile:
    """What a history says.

    Attributes:
        liked, disliked: (item id, weight > 0), heaviest first, at most MAX_ITEMS each.
        chosen: (item id, weight > 0) for behaviour: more of them, at most MAX_CHOSEN, that fade in CHOSEN_HALF_LIFE.
        purchased: ids bought and not returned, newest first.
        kinds: id -> the strongest thing done with it, for reasons ("because you bought ...").
        again: those of ``purchased`` that may come back, because they are used up.
    """

    liked: tuple[tuple[str, float], ...] = ()
    disliked: tuple[tuple[str, float], ...] = ()
    chosen: tuple[tuple[str, float], ...] = ()
    purchased: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    again: tuple[Repurchase, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.liked or self.disliked)

    @property
    def kept_out(self) -> frozenset[str]:
        """What a page without a request does not show: the shopper has it, and one is enough."""
        return frozenset(self.purchased) - {r.item_id for r in self.again}


def build_profile(
    interactions: Sequence[Interaction], now: datetime | None = None, interval_of: Interval = _none_comes_back
) -> Profile:
    """The profile of a history.

    Args:
        interactions: in any order; times must be timezone-aware. An unknown kind weighs nothing.
        now: the moment of the request; interactions after it are not looked at.
        interval_of: id -> after how long it is usually bought again; None for what is bought once.
    """
    moment = now or datetime.now(UTC)
    weights: dict[str, float] = {}
    chosen: dict[str, float] = {}
    strongest: dict[str, tuple[float, str]] = {}
    bought: dict[str, list[datetime]] = {}
    past = sorted((i for i in interactions if i.at <= moment), key=lambda i: i.at)
    worths = [KIND_WEIGHT.get(act.kind, 0.0) * 0.5 ** ((past[-1].at - act.at) / HALF_LIFE) for act in past]
    session = session_start([act.at for act in past], moment)
    factor = _session_factor(worths, [act.at >= session for act in past])
    for act, said in zip(past, worths, strict=True):
        worth = said * factor if act.at >= session else said
        weights[act.item_id] = weights.get(act.item_id, 0.0) + worth
        slower = 0.5 ** ((past[-1].at - act.at) / CHOSEN_HALF_LIFE - (past[-1].at - act.at) / HALF_LIFE)
        chosen[act.item_id] = chosen.get(act.item_id, 0.0) + worth * slower
        if worth > strongest.get(act.item_id, (0.0, ""))[0]:
            strongest[act.item_id] = (worth, act.kind)
        if act.kind == "purchase":
            bought.setdefault(act.item_id, []).append(act.at)
        elif act.kind == "return":
            bought.pop(act.item_id, None)
    ordered = _heaviest(weights)
    purchased = sorted(bought, key=lambda i: bought[i][-1], reverse=True)
    return Profile(
        liked=tuple((i, w) for i, w in ordered if w > 0)[:MAX_ITEMS],
        disliked=tuple((i, -w) for i, w in ordered if w < 0)[:MAX_ITEMS],
        chosen=tuple((i, w) for i, w in _heaviest(chosen) if w > 0)[:MAX_CHOSEN],
        purchased=tuple(purchased),
        kinds=tuple((i, kind) for i, (_worth, kind) in strongest.items()),
        again=tuple(_repurchase(i, bought[i], usual, moment) for i in purchased if (usual := interval_of(i)) is not None),
    )


def _heaviest(weights: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(weights.items(), key=lambda pair: (-abs(pair[1]), pair[0]))


def _session_factor(worths: Sequence[float], now: Sequence[bool]) -> float:
    """By what the session's weights are multiplied: to as much as came before it, never down."""
    session = sum(w for w, is_now in zip(worths, now, strict=True) if is_now and w > 0)
    before = sum(w for w, is_now in zip(worths, now, strict=True) if not is_now and w > 0)
    return min(max(1.0, before / session), MAX_SESSION_FACTOR) if session > 0 else 1.0


def session_start(times: Sequence[datetime], now: datetime) -> datetime:
    """When the session that goes on at ``now`` began: the earliest time without a pause of SESSION_GAP after it.

    Args:
        times: sorted, none after ``now``.
    """
    start = now
    for at in reversed(times):
        if start - at > SESSION_GAP:
            break
        start = at
    return start


def separate(times: Iterable[datetime]) -> list[datetime]:
    """Sorted times of one item's purchases without those that belong to the purchase before them."""
    kept: list[datetime] = []
    for at in sorted(times):
        if not kept or at - kept[-1] >= PURCHASE_GAP:
            kept.append(at)
    return kept


def _repurchase(item_id: str, times: Sequence[datetime], usual: timedelta, now: datetime) -> Repurchase:
    own = separate(times)
    interval = (own[-1] - own[0]) / (len(own) - 1) if len(own) >= REGULAR_PURCHASES else usual
    return Repurchase(item_id, len(own), min(1.0, (now - times[-1]) / max(interval, PURCHASE_GAP)))
