"""Linear bandits over arms that forget: Thompson sampling and LinUCB on the same discounted regressions.

    value(a, x) = x . m[kind, a] + x . v[a]

``m`` is the first guess: what a model of single items makes of each arm's pages (``fusion/policy/items.py``), or, without one,
what a request like this is worth on the whole, whichever arm answers it. ``v`` is what an arm earned beyond the guess: ridge
regressions whose sums fade at every answer, so that what was true before a change is forgotten (Russac, Vernade & Cappé 2019,
"Weighted linear bandits for non-stationary environments"); an arm that is not played grows uncertain again by itself. ``v``
is disjoint between arms (Li et al. 2010, algorithm 1). The noise is measured, so nothing depends on the reward's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fusion.policy.chances import chances_of_largest
from fusion.policy.learner import KINDS, Floats, Learner, kind_of, restored


@dataclass(frozen=True, slots=True)
class LinearOptions:
    """How the regressions learn.

    Attributes:
        memory: after so many answers an answer counts 1/e.
        prior: an arm is thought to earn what was guessed, give or take this part of the noise of one answer.
        boldness: by what the uncertainty of an arm is multiplied before it is played with.
        even: of LinUCB: the share of answers that is spread evenly over the arms.
    """

    memory: float = 1000.0
    prior: float = 0.005
    boldness: float = 1.0
    even: float = 0.02


class LinearArms:
    """The regressions that the learners share."""

    def __init__(self, n_arms: int, dim: int, options: LinearOptions) -> None:
        """Args: dim: length of the features, of which the first is always 1."""
        self.n_arms, self.dim, self.options = n_arms, dim, options
        self.fade = float(np.exp(-1.0 / options.memory))
        # What a feature changes is thought to be smaller than what an arm changes.
        self.precision = np.diag([options.prior**-2, *([4.0 * options.prior**-2] * (dim - 1))])
        self.a, self.b = np.zeros((n_arms, dim, dim)), np.zeros((n_arms, dim))
        self.base_a, self.base_b = np.zeros((dim, dim)), np.zeros(dim)
        self.guesses, self.informed = np.zeros((KINDS, dim, n_arms)), np.zeros(1)
        self._inverse: Floats | None = None  # of a and the precision; found when it is asked for
        self.noise = np.zeros(2)  # faded sum of squared errors, and of their number

    @property
    def variance(self) -> float:
        """Of one reward around what is known of it; 1 before anything is known."""
        return float((self.noise[0] + 1e-6) / self.noise[1]) if self.noise[1] > 0 else 1.0

    def guess(self, x: Floats) -> Floats:
        """(K,): the first guess for a request like this."""
        return np.asarray(x @ self.guesses[kind_of(x)], np.float64)

    def expect(self, guesses: Floats) -> None:
        self.guesses, self.informed = np.asarray(guesses, np.float64), np.ones(1)

    def beliefs(self, x: Floats) -> tuple[Floats, Floats]:
        """(K,) and (K,): mean and standard deviation of what each arm is worth for a request like this."""
        inverse = self._inverse
        if inverse is None:
            inverse = self._inverse = np.asarray(np.linalg.inv(self.a + self.precision), np.float64)
        solved = inverse @ x
        spread = np.sqrt(np.maximum(solved @ x, 0.0) * self.variance)
        return self.guess(x) + np.einsum("kd,kd->k", solved, self.b), spread

    def values(self, x: Floats) -> Floats:
        return self.beliefs(x)[0]

    def update(self, x: Floats, arm: int, reward: float, propensity: float = 1.0) -> None:
        """The propensity is not needed: given the features, what was chosen says nothing of the reward."""
        error = reward - float(self.guess(x)[arm])
        self.noise = self.fade * self.noise + [error**2, 1.0]
        self.a *= self.fade
        self.b *= self.fade
        self._inverse = None
        self.a[arm] += np.outer(x, x)
        self.b[arm] += error * x
        if not self.informed[0]:
            self.base_a = self.fade * self.base_a + np.outer(x, x)
            self.base_b = self.fade * self.base_b + reward * x
            base = np.linalg.solve(self.base_a + np.eye(self.dim), self.base_b)
            self.guesses = np.broadcast_to(base[None, :, None], self.guesses.shape)

    def settings(self) -> dict[str, Any]:
        return asdict(self.options)

    def tensors(self) -> dict[str, Floats]:
        names = ("a", "b", "base_a", "base_b", "guesses", "informed", "noise")
        return {name: np.asarray(getattr(self, name), np.float64) for name in names}

    def restore(self, tensors: Mapping[str, Floats]) -> None:
        for name, tensor in restored(tensors, self.tensors()).items():
            setattr(self, name, tensor)
        self._inverse = None


class Thompson(LinearArms, Learner):
    """Linear Thompson sampling: an arm is played with the probability that it is the best (Agrawal & Goyal 2013), which is
    computed exactly instead of sampled (``chances_of_largest``)."""

    kind = "thompson"

    def wanted(self, x: Floats) -> Floats:
        means, spreads = self.beliefs(x)
        return chances_of_largest(means, self.options.boldness * spreads)


class LinUcb(LinearArms, Learner):
    """LinUCB (Li et al. 2010): the arm of the highest upper bound, with a small even chance for each, since a certain choice
    could not be learnt from later."""

    kind = "linucb"

    def wanted(self, x: Floats) -> Floats:
        means, spreads = self.beliefs(x)
        found = np.full(self.n_arms, self.options.even / self.n_arms)
        found[int(np.argmax(means + self.options.boldness * spreads))] += 1.0 - self.options.even
        return found
