"""The gate in serving: a request's context in, one factor for each signal out. No torch, no chance."""

from __future__ import annotations

import numpy as np

from fusion.gate.features import features
from fusion.gate.weights import GateWeights
from fusion.weighing import Context, Weigher, Weighing

NAME = "gate"


class GateWeigher(Weigher):
    """Weighs as the gate has learnt. It has no choice, so its propensity is 1 and its arm ""."""

    def __init__(self, weights: GateWeights, name: str = NAME) -> None:
        """Args: name: the policy that answers are logged under, with the version where there is one."""
        self.weights = weights
        self.name = name

    def weigh(self, context: Context) -> Weighing:
        """
        Raises:
            DimensionMismatch: the words were encoded by another encoder than the gate learnt with.
        """
        logs = self.weights.log_factors(features(context, self.weights.signals), context.words)
        return Weighing(dict(zip(self.weights.signals, np.exp(logs).tolist(), strict=True)), self.name)
