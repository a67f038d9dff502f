"""A text encoder with a small adapter on top: its own tensors, low-rank terms added to them, and a head that labels tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from fusion.encoders.request_bert import LowRank, RequestBert
from fusion.exceptions import EncodingError
from fusion.types import Matrix

if TYPE_CHECKING:
    from fusion.encoders.words import TextTower

PROJECTIONS = ("query", "value")


class TokenLabeller:
    """Token ids of one text -> a probability a label. Shares the encoder's tensors; safe to share between threads.

    Args:
        forward: the encoder's.
        tensors: "layer.{i}.{query|value}.{down|up}", (rank, dim) and (dim, rank); "head.weight" (n_labels, dim), "head.bias".
        n_layers: how many of the encoder's layers are run, each with its terms.
    """

    def __init__(self, forward: RequestBert, tensors: Mapping[str, Matrix], n_layers: int) -> None:
        import torch

        if n_layers > len(forward.layers):
            raise EncodingError(f"The adapter has {n_layers} layers, the encoder {len(forward.layers)}.", permanent=True)
        self._forward = forward
        self._terms = [LowRank(*map(torch.from_numpy, _joined(tensors, i))) for i in range(n_layers)]
        self._weight, self._bias = torch.from_numpy(tensors["head.weight"].T.copy()), torch.from_numpy(tensors["head.bias"])

    def __call__(self, ids: Sequence[int]) -> Matrix:
        """(n_tokens, n_labels) float32, rows add up to 1."""
        import torch

        with torch.inference_mode():
            states = self._forward(torch.tensor(ids), self._terms)  # (n_tokens, dim)
            probabilities: Matrix = torch.softmax(torch.addmm(self._bias, states, self._weight), dim=-1).numpy()
        return probabilities


class TunedWords:
    """Texts -> unit vectors, by the tower's own tensors with low-rank terms added in every layer.

    Args:
        tensors: "layer.{i}.{query|value}.{down|up}", as TokenLabeller's; the layers without any are left as they are.
        prefix: goes before each text.
    """

    def __init__(self, tower: TextTower, tensors: Mapping[str, Matrix], prefix: str) -> None:
        self._tower, self._tensors, self._prefix = tower, tensors, prefix
        self._lock = Lock()
        self._terms: list[LowRank] = []

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """(n, dim) float32, rows L2-normalised; each text has a forward of its own. Reads the weights at the first use."""
        import torch

        forward, terms = self._tower.short_forward(), self._read()
        made: Matrix = np.empty((len(texts), self._tower.dim), dtype=np.float32)
        with torch.inference_mode():
            for row, text in enumerate(texts):
                ids, _places = self._tower.tokenise_with_offsets(self._prefix + text)
                pooled = forward(torch.tensor(ids), terms).mean(0)
                made[row] = torch.nn.functional.normalize(pooled, dim=0).numpy()
        return made

    def _read(self) -> list[LowRank]:
        import torch

        with self._lock:
            if not self._terms:
                n_layers = len(self._tensors) // (2 * len(PROJECTIONS))
                self._terms = [LowRank(*map(torch.from_numpy, _joined(self._tensors, i))) for i in range(n_layers)]
            return self._terms


def _joined(tensors: Mapping[str, Matrix], layer: int) -> tuple[Matrix, Matrix]:
    """(dim, 2 * rank) and (2 * rank, 3 * dim): query's and value's terms as one, nothing for key."""
    downs = [tensors[f"layer.{layer}.{projection}.down"] for projection in PROJECTIONS]
    rank, dim = downs[0].shape
    up = np.zeros((2 * rank, 3 * dim), dtype=np.float32)
    up[:rank, :dim] = tensors[f"layer.{layer}.query.up"].T
    up[rank:, 2 * dim :] = tensors[f"layer.{layer}.value.up"].T
    return np.ascontiguousarray(np.concatenate(downs).T), up
