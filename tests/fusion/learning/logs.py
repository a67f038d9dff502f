"""Logs whose truth is known: made shoppers look at each place with a known probability and take what they like."""

from __future__ import annotations

import numpy as np

from fusion.gate.features import SIGNALS, n_features
from fusion.learning.examination import Examination
from fusion.learning.impressions import Impressions

TRUE_ETA = 0.8
TEXT, POPULARITY = SIGNALS.index(("words", "text")), SIGNALS.index(("popularity", "prior"))
DAY = 86_400.0


def known_examination(k: int, eta: float = TRUE_ETA) -> Examination:
    return Examination(np.arange(1, k + 1) ** -eta, eta)


def made_log(n: int, seed: int, *, informative: bool, k: int = 8, dim: int = 6, first: int = 0) -> Impressions:
    """The log ranks by words/text (weight 1) and popularity (weight .3). Shoppers like what is popular, or all alike.

    Args:
        informative: popularity decides what is taken; False: chance does.
        first: number of the first answer, one every tenth of a day.
    """
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k, 2)).astype(np.float32)
    addends = np.zeros((n, k, len(SIGNALS)), np.float32)
    addends[:, :, TEXT], addends[:, :, POPULARITY] = z[:, :, 0], 0.3 * z[:, :, 1]
    order = np.argsort(-addends.sum(axis=2), axis=1)
    addends = np.take_along_axis(addends, order[:, :, None], axis=1)
    popular = addends[:, :, POPULARITY] / 0.3
    taken = 1 / (1 + np.exp(-(2.0 * popular - 1.5))) if informative else np.full((n, k), 0.3)
    rank = np.tile(np.arange(1, k + 1), (n, 1))
    looked = rng.random((n, k)) < rank.astype(float) ** -TRUE_ETA
    acted = looked & (rng.random((n, k)) < taken)
    reward = np.where(acted, np.where(rng.random((n, k)) < 0.3, 1.4, 0.1), 0.0).astype(np.float32)
    x = np.zeros((n, n_features()), np.float32)
    x[:, [TEXT, len(SIGNALS) + 3]] = 1.0
    words = rng.normal(size=(5, dim)).astype(np.float32)
    return Impressions(
        x=x,
        text=rng.integers(0, 5, n),
        words=words / np.linalg.norm(words, axis=1, keepdims=True),
        addends=addends,
        rank=rank,
        reward=reward,
        acted=acted,
        shopper=rng.integers(0, max(2, n // 4), n),
        at=DAY * (first + np.arange(n)) / 10,
    )
