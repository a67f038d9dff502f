"""The gate's numbers, and the one forward pass that serving and training share: numpy alone, some microseconds.

    u   = words @ projection                             (P,), 0 without words
    h   = tanh([x, u] @ hidden + hidden_bias)            (H,)
    log f = bound * tanh(h @ head + head_bias)           (S,)

x are the features of the context (fusion/gate/features.py). A head of zeros is a factor of exactly 1 for every signal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.exceptions import DimensionMismatch, InvalidWeights
from fusion.gate.features import SIGNALS, Signal, n_features
from fusion.types import Matrix, Vector

# A factor lies between 1/4 and 4: what is learnt from one log shall shift the balance of signals, not switch one off.
BOUND = float(np.log(4.0))
PROJECTED = 8
HIDDEN = 16
TENSORS = ("projection", "hidden", "hidden_bias", "head", "head_bias")


@dataclass(frozen=True)
class GateWeights:
    """What was learnt.

    Attributes:
        projection: (dim, P), from the space of the words' embedding.
        hidden, hidden_bias: (n_features + P, H) and (H,).
        head, head_bias: (H, S) and (S,).
        signals: names of the S outputs, and of the presences among the features.
        bound: the largest absolute log factor.
        encoder: identity of the encoder of the words; "" where it is not known.
    """

    projection: Matrix
    hidden: Matrix
    hidden_bias: Vector
    head: Matrix
    head_bias: Vector
    signals: tuple[Signal, ...] = SIGNALS
    bound: float = BOUND
    encoder: str = ""

    def __post_init__(self) -> None:
        """Raises: InvalidWeights: shapes do not fit together, or a number is not finite; the message says which."""
        if self.projection.ndim != 2 or self.hidden.ndim != 2:
            raise InvalidWeights(
                "A gate's projection and hidden tensors must be matrices. Train it again: manage.py train_fusion."
            )
        n, width, size = len(self.signals), self.projection.shape[1], self.hidden.shape[1]
        wanted = {
            "projection": (len(self.projection), width),
            "hidden": (n_features(self.signals) + width, size),
            "hidden_bias": (size,),
            "head": (size, n),
            "head_bias": (n,),
        }
        for name, shape in wanted.items():
            tensor = getattr(self, name)
            if tensor.shape != shape:
                raise InvalidWeights(
                    f"The gate's tensor {name!r} is {tensor.shape}, but {n} signals, a projection to {width} and {size} hidden "
                    f"units need {shape}. Train it again: manage.py train_fusion."
                )
            if not np.isfinite(tensor).all():
                raise InvalidWeights(f"The gate's tensor {name!r} holds numbers that are not finite. Train it again.")
        if len(set(self.signals)) != n or not 0 < self.bound <= 10:
            raise InvalidWeights(f"A gate needs distinct signals and a bound above 0 and up to 10, got {self.bound}.")

    @property
    def dim(self) -> int:
        """Length of the embeddings that it reads."""
        return int(self.projection.shape[0])

    @property
    def tensors(self) -> dict[str, Matrix | Vector]:
        """Name -> float32 tensor."""
        return {name: np.ascontiguousarray(getattr(self, name), np.float32) for name in TENSORS}

    def inputs(self, x: Vector, words: Vector | None) -> Vector:
        """(n_features + P,): the features and the projected words; what a policy over the gate may take as its context.

        Raises:
            DimensionMismatch: the words were encoded by another encoder.
        """
        if words is None:
            return np.concatenate([x, np.zeros(self.projection.shape[1], np.float32)])
        if words.shape != (self.dim,):
            raise DimensionMismatch(
                f"This gate was learnt on {self.dim}-d embeddings, the request's has {words.shape}; the encoder changed: "
                "run manage.py train_fusion."
            )
        return np.concatenate([x, words @ self.projection])

    def log_factors(self, x: Vector, words: Vector | None) -> Vector:
        """(S,) log factors, in the order of ``signals``.

        Args:
            x: ``features(context, self.signals)``.
        """
        hidden = np.tanh(self.inputs(x, words) @ self.hidden + self.hidden_bias)
        return np.asarray(self.bound * np.tanh(hidden @ self.head + self.head_bias), np.float32)


def default_gate(
    dim: int,
    seed: int = 0,
    *,
    signals: Sequence[Signal] = SIGNALS,
    bound: float = BOUND,
    projected: int = PROJECTED,
    hidden: int = HIDDEN,
    encoder: str = "",
) -> GateWeights:
    """A gate that has learnt nothing: its factors are exactly 1, whatever the request.

    Args:
        dim: length of the words' embeddings.
    """
    rng = np.random.default_rng(seed)
    n_inputs = n_features(signals) + projected
    return GateWeights(
        # A unit vector times this projection has entries of spread 1, like the features.
        projection=rng.normal(0.0, 1.0, (dim, projected)).astype(np.float32),
        hidden=rng.normal(0.0, n_inputs**-0.5, (n_inputs, hidden)).astype(np.float32),
        hidden_bias=np.zeros(hidden, np.float32),
        head=np.zeros((hidden, len(signals)), np.float32),
        head_bias=np.zeros(len(signals), np.float32),
        signals=tuple(signals),
        bound=bound,
        encoder=encoder,
    )


def gate_of(tensors: Mapping[str, Matrix | Vector], signals: Sequence[Signal], bound: float, encoder: str) -> GateWeights:
    """The gate with these tensors.

    Raises:
        InvalidWeights: one is missing, or they do not fit together.
    """
    missing = [name for name in TENSORS if name not in tensors]
    if missing:
        raise InvalidWeights(f"A gate needs the tensors {', '.join(TENSORS)}; there is no {', '.join(missing)}.")
    kept = {name: np.asarray(tensors[name], np.float32) for name in TENSORS}
    return GateWeights(**kept, signals=tuple(signals), bound=bound, encoder=encoder)
