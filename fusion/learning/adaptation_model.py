"""The trainable heads of ``fusion.encoders.heads``, with their temperature."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fusion.types import Matrix

if TYPE_CHECKING:
    from torch import Tensor

# CLIP's start and bound of the temperature (Radford et al. 2021, section 2.5).
START = 1 / 0.07
HIGHEST = 100.0
# SimCSE's own temperature (Gao et al. 2021, table D.1).
SIMCSE_SCALE = 1 / 0.05
LOGIT_SCALE = "logit_scale"


class TrainableHeads:
    """``unit(x + W @ inputs + b)`` for words and for photos; W and b start at zero, so training starts at the encoder.

    Args:
        dim: of the block whose space is learnt; its vector is the first ``dim`` numbers of a photo's inputs.
        n_inputs: numbers of all inputs of a photo.
        dropout: of the inputs, so that no single number is relied upon; also what makes the two views of SimCSE differ.
    """

    def __init__(self, dim: int, n_inputs: int, dropout: float) -> None:
        import torch

        self.dim, self.dropout, self.training = dim, dropout, False
        shapes = {"words.weight": (dim, dim), "words.bias": (dim,), "photo.weight": (dim, n_inputs), "photo.bias": (dim,)}
        self.parameters: dict[str, Tensor] = {name: torch.zeros(shape) for name, shape in shapes.items()}
        self.parameters[LOGIT_SCALE] = torch.tensor(math.log(START))
        for parameter in self.parameters.values():
            parameter.requires_grad_()

    def words(self, vectors: Tensor) -> Tensor:
        """(n, dim) unit vectors -> (n, dim) unit vectors."""
        return self._project(vectors, vectors, "words")

    def photos(self, inputs: Tensor) -> Tensor:
        """(n, n_inputs), unit vectors side by side -> (n, dim) unit vectors."""
        return self._project(inputs[:, : self.dim], inputs, "photo")

    def _project(self, kept: Tensor, inputs: Tensor, head: str) -> Tensor:
        from torch.nn.functional import dropout, linear, normalize

        seen = dropout(inputs, self.dropout, self.training)
        return normalize(kept + linear(seen, self.parameters[f"{head}.weight"], self.parameters[f"{head}.bias"]), dim=-1)

    @property
    def scale(self) -> Tensor:
        """What cosines are multiplied by in the loss: the inverse temperature."""
        return self.parameters[LOGIT_SCALE].exp().clamp(max=HIGHEST)

    def state(self) -> dict[str, Matrix]:
        """Copies of all parameters; ``Heads.tensors`` are these without the temperature."""
        return {name: parameter.detach().numpy().copy() for name, parameter in self.parameters.items()}

    def restore(self, state: Mapping[str, Matrix]) -> None:
        """Put back what ``state`` gave."""
        import torch

        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(state[name])).reshape(parameter.shape))
