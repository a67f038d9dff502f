"""The policy in serving: the gate's factors (or none) times those of the arm that the request's draw falls on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fusion.gate.weigher import GateWeigher
from fusion.policy.arms import ARMS, Arm
from fusion.policy.chances import arm_at
from fusion.policy.features import describe
from fusion.policy.learner import Bounds, Floats, Learner
from fusion.weighing import Context, Weigher, Weighing

NAME = "policy"


class PolicyWeigher(Weigher):
    """Chooses an arm with exactly the chances that it says.

    What it has learnt does not change while it serves; only ``exploration_cap`` does, when people set another one.
    """

    def __init__(
        self,
        learner: Learner,
        arms: Sequence[Arm] = ARMS,
        *,
        gate: GateWeigher | None = None,
        bounds: Bounds | None = None,
        name: str = NAME,
    ) -> None:
        """Args: gate: whose factors the arms multiply; None multiplies the defaults. name: logged with every answer.

        Raises:
            ValueError: the learner knows another number of arms.
        """
        if learner.n_arms != len(arms):
            raise ValueError(f"The learner chooses among {learner.n_arms} arms, {len(arms)} were given.")
        self.learner, self.arms, self.gate, self.name = learner, tuple(arms), gate, name
        self.bounds = bounds or Bounds()

    @property
    def exploration_cap(self) -> float:
        """At most this chance for anything but the best known arm; 0 never explores, every propensity is then 1."""
        return self.bounds.cap

    @exploration_cap.setter
    def exploration_cap(self, cap: float) -> None:
        self.bounds = replace(self.bounds, cap=cap)

    def probabilities(self, context: Context) -> Floats:
        """(K,): the exact chance of each arm for this request, over its draw."""
        return self.learner.probabilities(describe(context), self.bounds)

    def weigh(self, context: Context) -> Weighing:
        """
        Raises:
            DimensionMismatch: the words were encoded by another encoder than the gate learnt with.
        """
        chances = self.probabilities(context)
        chosen = arm_at(chances, context.draw)
        arm = self.arms[chosen]
        below = self.gate.weigh(context).factors if self.gate else {}
        return Weighing(multiplied(below, arm.factors), self.name, arm.name, float(chances[chosen]))


def multiplied(below: Mapping[tuple[str, str], float], above: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Factors of both; a signal that one does not name has 1 there."""
    return {
        signal: below.get(signal, 1.0) * above.get(signal, 1.0) for signal in (*below, *(s for s in above if s not in below))
    }
