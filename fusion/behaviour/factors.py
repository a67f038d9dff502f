"""Matrix factorisation: a vector for each item, and one for a shopper that is found from their history alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fusion.behaviour.base import BehaviourModel
from fusion.types import Matrix, Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Als(BehaviourModel):
    """Weighted least squares by turns, through ``implicit``; a shopper is folded in by one least-squares step.

    Args:
        alpha: how much more certain one count makes than none.
    Source: Hu, Koren, Volinsky 2008, "Collaborative filtering for implicit feedback datasets".
    """

    name = "als"

    def __init__(
        self, factors: int = 64, regularization: float = 0.1, alpha: float = 10.0, iterations: int = 15, seed: int = 0
    ) -> None:
        from implicit.cpu.als import AlternatingLeastSquares

        self._new: Callable[[], Any] = lambda: AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            alpha=alpha,
            iterations=iterations,
            num_threads=1,
            random_state=seed,
        )

    def _fit(self, counts: csr_matrix) -> None:
        self._model = self._new()
        self._model.fit(counts, show_progress=False)

    def _scores(self, history: Vector) -> Vector:
        from scipy.sparse import csr_matrix

        shopper = self._model.recalculate_user(0, csr_matrix(history))
        return np.asarray(self._model.item_factors @ shopper, np.float32)


class Bpr(BehaviourModel):
    """Bayesian personalised ranking, through ``implicit``.

    A shopper is folded in by the same objective over the fixed items: gradient steps on ln sigma(u . (x_i - x_j)) for the
    items i of the history and random other items j. The draws are seeded: the same history scores the same.
    Source: Rendle et al. 2009, "BPR: Bayesian personalized ranking from implicit feedback", section 4.3.1.
    """

    name = "bpr"
    FOLD_STEPS = 100
    NEGATIVES = 256

    def __init__(
        self, factors: int = 64, learning_rate: float = 0.05, regularization: float = 0.01, iterations: int = 100, seed: int = 0
    ) -> None:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        self.learning_rate, self.regularization, self.seed = learning_rate, regularization, seed
        self._new: Callable[[], Any] = lambda: BayesianPersonalizedRanking(
            factors=factors,
            learning_rate=learning_rate,
            regularization=regularization,
            iterations=iterations,
            num_threads=1,
            random_state=seed,
        )

    def _fit(self, counts: csr_matrix) -> None:
        model = self._new()
        model.fit(counts, show_progress=False)
        # implicit keeps an item's bias in its last column, beside a 1 of every shopper.
        self._items: Matrix = np.ascontiguousarray(model.item_factors[:, :-1], np.float32)
        self._bias: Vector = np.ascontiguousarray(model.item_factors[:, -1], np.float32)

    def _scores(self, history: Vector) -> Vector:
        return self._items @ self._shopper(history) + self._bias

    def _shopper(self, history: Vector) -> Vector:
        liked = np.flatnonzero(history > 0)
        shopper = np.zeros(self._items.shape[1], np.float32)
        others = self._others(liked)
        if not len(liked) or not len(others):
            return shopper
        strength = (history[liked] / history[liked].sum()).astype(np.float32)
        # (liked, negatives): what u adds to is the difference of the two items' biases.
        bias = self._bias[liked, None] - self._bias[None, others]
        for _ in range(self.FOLD_STEPS):
            margin = (self._items[liked] @ shopper)[:, None] - (self._items[others] @ shopper)[None, :] + bias
            doubt = strength[:, None] / (1.0 + np.exp(np.clip(margin, -30, 30))) / len(others)
            step = doubt.sum(axis=1) @ self._items[liked] - doubt.sum(axis=0) @ self._items[others]
            shopper = shopper + np.float32(len(liked) * self.learning_rate) * (step - np.float32(self.regularization) * shopper)
        return shopper

    def _others(self, liked: NDArray[np.int64]) -> NDArray[np.int64]:
        rest = np.setdiff1d(np.arange(self.n_items), liked)
        chosen = np.random.default_rng(self.seed).permutation(len(rest))[: self.NEGATIVES]
        return np.asarray(rest[np.sort(chosen)], np.int64)
