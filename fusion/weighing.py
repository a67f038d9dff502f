"""How much each signal of one request counts: the place where what was learnt from the log meets the default weights.

A weigher sees what is known of a request before anything is ranked and answers with one factor per signal. A signal's weight
is its shared-out default (``fusion/weights.py``) times its factor, in the search as in the score, so reasons stay exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from fusion.blocks import Column, Leg

Signal = TypeVar("Signal", "Leg", "Column")
DEFAULT_POLICY = "default"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a request before it is weighed.

    Attributes:
        words: (dim,) the instruction's embedding in the text block; None without words, or without a text model.
        signals: the (source, block) signals that this request has.
        n_history: how many items of the shopper's past are used.
        n_musts: how many constraints must hold.
        language: "en", "zh", or "" where nothing was said.
        draw: uniform in [0, 1); all chance of a weigher comes from it, so that the same request is answered the same.
        unit: who asks, for a split that stays the same for them; "" for nobody. Never logged with the context.
    """

    words: NDArray[np.float32] | None = field(default=None, compare=False)
    signals: tuple[tuple[str, str], ...] = ()
    n_history: int = 0
    n_musts: int = 0
    language: str = ""
    draw: float = field(default=0.0, compare=False)
    unit: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        """All but the embedding, which the stored words give again, and who asked."""
        return {
            "signals": [f"{source}/{block}" for source, block in self.signals],
            "n_history": self.n_history,
            "n_musts": self.n_musts,
            "language": self.language,
            "draw": self.draw,
        }


@dataclass(frozen=True, slots=True)
class Weighing:
    """How one request was weighed, and how likely that was.

    Attributes:
        factors: (source, block) -> what the signal's weight is multiplied by; 1 where none is named.
        policy: which weigher chose, by name and version.
        arm: what it chose among several; "" where it has no choice.
        propensity: the exact probability of that choice, over the draw, given the rest of the context.
        experiment, side: the A/B split that this answer counts for, and its side; "" for none.
    """

    factors: Mapping[tuple[str, str], float] = field(default_factory=dict)
    policy: str = DEFAULT_POLICY
    arm: str = ""
    propensity: float = 1.0
    experiment: str = ""
    side: str = ""


class Weigher(ABC):
    """Weighs requests. Holds no request state; many threads call it at once."""

    @abstractmethod
    def weigh(self, context: Context) -> Weighing:
        """Must be fast (well under a millisecond) and depend on nothing but the context."""


def weighed(signals: Sequence[Signal], factors: Mapping[tuple[str, str], float]) -> list[Signal]:
    """Legs or columns with their weights times their factors."""
    if not factors:
        return list(signals)
    return [replace(signal, weight=signal.weight * factors.get((signal.source, signal.block), 1.0)) for signal in signals]
