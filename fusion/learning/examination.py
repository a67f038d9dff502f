"""How likely a shopper looks at each place of an answer, estimated from the log itself.

Position-based model (Craswell et al. 2008; Chuklin et al. 2015, section 3.2):

    P(act on item at rank r | x) = examined[r] * taken(x),      taken(x) = sigmoid(beta . x)
    log examined[r] = -(eta * log r + deviation[r]),            examined[1] = 1

``x`` are what the signals add to the item, and the products of each two: what stands on top is better as well, and only what x
does not tell may be put down to the place (regression-based estimation, Wang et al. 2018; without the products a simulated log
with a true eta of .7 gave .79, with them .70). eta is the power law of Joachims et al. 2017, the deviations from
it are pulled to 0. The likelihood that Wang et al. climb by expectation maximisation is climbed here by L-BFGS: same optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.learning.impressions import Impressions

Floats = NDArray[np.float64]

# Fewer acts than this cannot tell places apart; then nothing is learnt from them either.
LEAST_ACTS = 50
_MAX_ROWS = 40_000
_SPREAD_OF_DEVIATION = 0.2
_RIDGE = 1e-3


@dataclass(frozen=True)
class Examination:
    """``examined[r - 1]`` is P(looked at rank r) relative to rank 1; it never rises. ``exponent`` is eta."""

    examined: Floats
    exponent: float

    def of(self, rank: NDArray[np.int64]) -> Floats:
        """P(looked at) of each place; 1 for padding (rank 0). Places beyond the last known one count as that."""
        return self.examined[np.clip(rank, 1, len(self.examined)) - 1]


def debiased(impressions: Impressions, examination: Examination, clip: float) -> Floats:
    """(N, K) gains: max(reward, 0) / examined, with inverse weights of at most ``clip``.

    Inverse propensity scoring of outcomes, clipped (Joachims et al. 2017; Ionides 2008). A negative reward gains nothing.
    """
    weight = np.minimum(1.0 / examination.of(impressions.rank), clip)
    return np.asarray(np.maximum(impressions.reward, 0.0) * weight, np.float64)


def estimate_examination(impressions: Impressions, seed: int = 0) -> Examination:
    """Fit the model to what was acted on.

    Raises:
        ValueError: the log has too few acts.
    """
    from scipy.optimize import minimize

    shown = impressions.shown
    acted = impressions.acted[shown].astype(np.float64)
    if acted.sum() < LEAST_ACTS:
        raise ValueError(f"The log has {int(acted.sum())} acts on shown items; {LEAST_ACTS} are needed to tell places apart.")
    rows = _sample(len(acted), seed)
    x, y = _regressors(impressions, shown, rows), acted[rows]
    places = impressions.rank[shown][rows]
    n_places = int(places.max())
    column = places - 1
    logs = np.log(places)

    def loss(params: Floats) -> tuple[float, Floats]:
        eta, deviation, beta = params[0], params[1 : n_places + 1], params[n_places + 1 :]
        taken = _sigmoid(x @ beta)
        probability = np.clip(np.exp(-(eta * logs + deviation[column])) * taken, 1e-9, 1 - 1e-9)
        # d log-likelihood / d log probability
        slope = y - (1 - y) * probability / (1 - probability)
        value = -(y * np.log(probability) + (1 - y) * np.log1p(-probability)).sum()
        value += 0.5 * (deviation**2).sum() / _SPREAD_OF_DEVIATION**2 + 0.5 * _RIDGE * len(y) * (beta[1:] ** 2).sum()
        by_place = np.bincount(column, weights=slope, minlength=n_places)
        gradient = np.concatenate(
            [
                [(slope * logs).sum()],
                by_place + deviation / _SPREAD_OF_DEVIATION**2,
                -(x.T @ (slope * (1 - taken))) + _RIDGE * len(y) * np.concatenate([[0.0], beta[1:]]),
            ]
        )
        return float(value / len(y)), gradient / len(y)

    start = np.zeros(1 + n_places + x.shape[1])
    start[0], start[n_places + 1] = 0.5, np.log(y.mean() / (1 - y.mean()))
    bounds = [(0.0, 3.0), (0.0, 0.0)] + [(-1.0, 1.0)] * (n_places - 1) + [(None, None)] * x.shape[1]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}).x
    everywhere = np.exp(-(found[0] * np.log(np.arange(1, n_places + 1)) + found[1 : n_places + 1]))
    return Examination(np.minimum.accumulate(everywhere), float(found[0]))


def _sample(n: int, seed: int) -> NDArray[np.int64]:
    if n <= _MAX_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, _MAX_ROWS, replace=False))


def _regressors(impressions: Impressions, shown: NDArray[np.bool_], rows: NDArray[np.int64]) -> Floats:
    """(len(rows), D): 1, then standardised what each signal adds, their products, the score, and the request's features."""
    addends = impressions.addends[shown][rows].astype(np.float64)
    addends = addends[:, np.abs(addends).max(axis=0) > 0]
    first, second = np.triu_indices(addends.shape[1])
    answers = np.repeat(np.arange(len(impressions)), shown.sum(axis=1))[rows]
    parts = [addends, addends[:, first] * addends[:, second], addends.sum(axis=1, keepdims=True), impressions.x[answers]]
    found = np.concatenate(parts, axis=1)
    spread = found.std(axis=0)
    found = found[:, spread > 1e-6]
    found = (found - found.mean(axis=0)) / spread[spread > 1e-6]
    return np.concatenate([np.ones((len(found), 1)), found], axis=1)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30, 30))))
