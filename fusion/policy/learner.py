"""A learner: from a request's features to the exact chance of each arm, and from rewards to better chances."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fusion.policy.chances import bounded
from fusion.policy.features import FEATURES

Floats = NDArray[np.float64]

# Kinds of requests, in which signals mean different things.
KINDS = 3
_WORDS, _SEEDS = FEATURES.index("words"), [FEATURES.index("photo"), FEATURES.index("liked")]


def kind_of(x: Floats) -> int:
    """0 in words, 1 from a product or a photo, 2 a feed."""
    return 0 if x[_WORDS] else 1 if x[_SEEDS].any() else 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a learner may leave the arm that it thinks best.

    Attributes:
        cap: at most this chance for all other arms together; 0 never explores, and every propensity is then 1.
        floor: at least this chance for each arm, as far as the cap allows it: later estimates rest on it.
    """

    cap: float = 0.1
    floor: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.cap <= 1.0 and 0.0 <= self.floor <= 1.0):
            raise ValueError(f"Exploration cap and floor are chances from 0 to 1, got {self.cap} and {self.floor}.")


class Learner(ABC):
    """Chooses among arms by features, and learns from what came of it.

    ``values`` and ``wanted`` depend on nothing but the features and what was learnt, so the chances that are logged are the
    ones that were drawn from. ``update`` is for one thread; a snapshot (``tensors``) is served by many.
    """

    kind: ClassVar[str]
    n_arms: int

    @abstractmethod
    def values(self, x: Floats) -> Floats:
        """(K,): how good each arm is thought to be here; the largest is the best known one."""

    @abstractmethod
    def wanted(self, x: Floats) -> Floats:
        """(K,): the chances that the learner would play with if nothing bounded them. They add up to 1."""

    @abstractmethod
    def update(self, x: Floats, arm: int, reward: float, propensity: float = 1.0) -> None:
        """Learn from one answer.

        Args:
            x: features of the request.
            arm: what was chosen, by whichever policy.
            propensity: the exact probability of that choice under the policy that made it, above 0.
        """

    @abstractmethod
    def expect(self, guesses: Floats) -> None:
        """Start from these guesses from now on, instead of one for all arms.

        Args:
            guesses: (KINDS, d, K), coefficients of each arm's reward on the features, for each kind of request
                (``fusion.policy.items``).
        """

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The options, as plain values that make the same learner again."""

    @abstractmethod
    def tensors(self) -> dict[str, Floats]:
        """Everything that was learnt, by name."""

    @abstractmethod
    def restore(self, tensors: Mapping[str, Floats]) -> None:
        """Take what ``tensors`` gave.

        Raises:
            ValueError: a tensor is missing, has another shape, or is not finite.
        """

    def probabilities(self, x: Floats, bounds: Bounds) -> Floats:
        """(K,): the exact chance of each arm within the bounds."""
        return bounded(self.wanted(x), int(np.argmax(self.values(x))), cap=bounds.cap, floor=bounds.floor)


def restored(tensors: Mapping[str, Floats], like: Mapping[str, Floats]) -> dict[str, Floats]:
    """Checked copies of the tensors.

    Args:
        like: name -> a tensor of the shape that is needed.
    Raises:
        ValueError: one is missing, has another shape, or is not finite.
    """
    found = {}
    for name, model in like.items():
        tensor = np.asarray(tensors[name], np.float64) if name in tensors else None
        if tensor is None or tensor.shape != model.shape or not np.isfinite(tensor).all():
            given = "missing" if tensor is None else f"of shape {tensor.shape}"
            raise ValueError(f"The policy's tensor {name!r} is {given}; it must be finite and of shape {model.shape}.")
        found[name] = tensor.copy()
    return found
