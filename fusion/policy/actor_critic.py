"""A policy gradient over the arms: a softmax actor on the request's features, a linear critic that says what each arm is worth.

    pi(a | x)  = softmax(x . W[a])
    score_a    = q(x, a) + 1[a was played] * trust * min(1 / mu, M) * (r - q(x, a))     doubly robust, clipped
    A_a        = (score_a - sum over b of pi_b score_b) / noise                         the advantage
    W[a]      += rate * (A_a - entropy * (logit_a - mean logit)) * x / |x|^2

The step is the natural gradient of the expected reward with an entropy bonus (Kakade 2001; Peters & Schaal 2008, "Natural
actor-critic"; Cen et al. 2022 for the bonus): the plain gradient carries a factor pi_a, and an arm that was given up would
hardly come back after a change. All actions enter, not only the one that was played, and what another policy played is
corrected by its clipped propensity (Dudík et al. 2014), so the same step learns on line and from a log. The critic is the
discounted regression of the linear bandits (``fusion/policy/linear.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from fusion.policy.learner import Floats, Learner, restored
from fusion.policy.linear import LinearArms, LinearOptions

CLIP = 20.0


@dataclass(frozen=True, slots=True)
class ActorOptions:
    """How the actor learns.

    Attributes:
        rate: step size, in logits for an advantage as large as the noise of one answer.
        entropy: how much staying undecided is worth, in the same unit.
        trust: how much of one answer's surprise enters its gradient: 1 is unbiased and loud, 0 leaves it to the critic.
        critic: how the critic learns.
    """

    rate: float = 6.0
    entropy: float = 0.01
    trust: float = 0.005
    critic: LinearOptions = field(default_factory=LinearOptions)


class ActorCritic(Learner):
    """Softmax actor, linear critic."""

    kind = "actor_critic"

    def __init__(self, n_arms: int, dim: int, options: ActorOptions | None = None) -> None:
        """Args: dim: length of the features, of which the first is always 1."""
        self.options = options or ActorOptions()
        self.n_arms = n_arms
        self.critic = LinearArms(n_arms, dim, self.options.critic)
        self.actor = np.zeros((n_arms, dim))

    def values(self, x: Floats) -> Floats:
        """The arm that the actor prefers is the best known one."""
        return self._logits(x)

    def wanted(self, x: Floats) -> Floats:
        logits = self._logits(x)
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum(), np.float64)

    def update(self, x: Floats, arm: int, reward: float, propensity: float = 1.0) -> None:
        chances = self.wanted(x)
        scores = self.critic.values(x)
        scores[arm] += self.options.trust * min(1.0 / propensity, CLIP) * (reward - scores[arm])
        advantages = (scores - chances @ scores) / np.sqrt(self.critic.variance)
        logits = self.actor @ x
        step = advantages - self.options.entropy * (logits - logits.mean())
        self.actor += self.options.rate * np.outer(step, x / (x @ x))
        self.critic.update(x, arm, reward, propensity)

    def expect(self, guesses: Floats) -> None:
        self.critic.expect(guesses)

    def settings(self) -> dict[str, Any]:
        return asdict(self.options)

    def tensors(self) -> dict[str, Floats]:
        return {"actor": self.actor, **{f"critic_{name}": tensor for name, tensor in self.critic.tensors().items()}}

    def restore(self, tensors: Mapping[str, Floats]) -> None:
        found = restored(tensors, self.tensors())
        self.actor = found.pop("actor")
        self.critic.restore({name.removeprefix("critic_"): tensor for name, tensor in found.items()})

    def _logits(self, x: Floats) -> Floats:
        return np.asarray(self.actor @ x, np.float64)
