"""The gate as a torch module, for learning. Serving uses the same tensors in numpy (fusion/gate/weights.py).

This module imports torch: import it only where something is about to be trained.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from fusion.gate.features import Signal
from fusion.gate.weights import TENSORS, GateWeights


class FusionGate(nn.Module):
    """Features and words of a request -> a log factor for each signal.

    Decaying every parameter to 0 decays every factor to 1: weight decay pulls the gate to the defaults.
    """

    projection: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    head: Tensor
    head_bias: Tensor

    def __init__(self, weights: GateWeights) -> None:
        super().__init__()
        for name in TENSORS:
            self.register_parameter(name, nn.Parameter(torch.from_numpy(weights.tensors[name].copy())))
        self.bound = weights.bound
        self.signals: tuple[Signal, ...] = weights.signals
        self.encoder = weights.encoder

    def forward(self, x: Tensor, words: Tensor) -> Tensor:
        """(B, n_features), (B, dim) with zeros where there are no words -> (B, S) log factors."""
        hidden = torch.tanh(torch.cat([x, words @ self.projection], dim=-1) @ self.hidden + self.hidden_bias)
        return self.bound * torch.tanh(hidden @ self.head + self.head_bias)

    def weights(self) -> GateWeights:
        """What was learnt, for serving."""
        tensors = {name: getattr(self, name).detach().numpy().astype(np.float32).copy() for name in TENSORS}
        return GateWeights(**tensors, signals=self.signals, bound=self.bound, encoder=self.encoder)
