"""EASE^R: the linear model that predicts each item of a basket from the others, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fusion.behaviour.base import BehaviourModel
from fusion.types import Matrix, Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Ease(BehaviourModel):
    """Embarrassingly shallow autoencoder.

    With G = X'X + regularization * I and P = G^-1, the item-item weights are B = I - P / diag(P), whose diagonal is 0.

    Args:
        regularization: added to the diagonal; larger is smoother.
        max_items: more are refused: the inverse takes items^2 * 16 bytes and items^3 steps.
    Source: Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 8.
    """

    name = "ease"

    def __init__(self, regularization: float = 200.0, max_items: int = 10_000) -> None:
        if regularization <= 0:
            raise ValueError(f"The regularization must be above 0, got {regularization}.")
        self.regularization, self.max_items = regularization, max_items
        self.weights: Matrix

    def _fit(self, counts: csr_matrix) -> None:
        from scipy.linalg import inv

        if self.n_items > self.max_items:
            raise ValueError(
                f"EASE over {self.n_items} items needs {self.n_items**2 * 16 / 1e9:.0f} GB; at most {self.max_items} are "
                "allowed. Use ItemNeighbours, or raise max_items."
            )
        gram = (counts.T @ counts).toarray().astype(np.float64)
        gram[np.diag_indices(self.n_items)] += self.regularization
        inverse = inv(gram, overwrite_a=True, check_finite=False, assume_a="pos")
        weights = inverse / -np.diag(inverse)  # column j is divided by P[j, j]
        np.fill_diagonal(weights, 0.0)
        self.weights = weights.astype(np.float32)

    def _scores(self, history: Vector) -> Vector:
        touched = np.flatnonzero(history)
        return history[touched] @ self.weights[touched]
