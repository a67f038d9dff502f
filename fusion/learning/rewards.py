"""What an answer was worth, by what the shopper did with it: the one place of these numbers.

A reward is of one item of one answer: the sum over the kinds of acts that quote the answer, each kind once, however often it
was done. An act counts when it came within the window of the answer; before the window is over, nobody knows the reward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

REWARDS: Mapping[str, float] = MappingProxyType(
    {"click": 0.1, "add_to_cart": 0.3, "purchase": 1.0, "return": -1.0, "dislike": -0.2}
)
WINDOW = timedelta(days=7)


def reward_of(kinds: Iterable[str]) -> float:
    """The reward of an item after acts of these kinds; other kinds (a view, an impression) are worth nothing."""
    return sum(REWARDS.get(kind, 0.0) for kind in set(kinds))


def is_over(answered: datetime, now: datetime, window: timedelta = WINDOW) -> bool:
    """Whether everything that can still be counted for an answer has happened."""
    return answered + window <= now
