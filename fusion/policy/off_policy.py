"""What a policy would have earned, from answers that another policy gave: inverse propensities, and a reward model beside them.

    w_i    = pi(a_i | x_i) / mu(a_i | x_i)
    IPS    = mean of w_i r_i                                                       (Horvitz & Thompson 1952)
    clipped= mean of min(w_i, M) r_i                                               (Ionides 2008; Bottou et al. 2013)
    SNIPS  = sum of w_i r_i / sum of w_i                                           (Swaminathan & Joachims 2015)
    DR     = mean of  sum over a of pi(a | x_i) q(x_i, a)  +  w_i (r_i - q(x_i, a_i))     (Dudík, Erhan, Langford & Li 2014)

``mu`` is the logged, exact propensity. ``q`` is a ridge regression fitted on other folds than the row it speaks for, so that DR
stays unbiased whatever q is; a good q only makes it narrower.

Intervals are percentile bootstraps over whole shoppers: the answers of one shopper are alike, and an interval that took them
for independent would be too narrow. Empirical Bernstein bounds (Maurer & Pontil 2009) would hold at every sample size, but they
need the largest possible weight times the largest reward, several hundred times the mean here, and say nothing at the sizes
of a shop's log.

An estimate is refused where the log cannot carry it (``NotCovered``): no exploration, arms that were hardly ever played, or so
few effective answers that one shopper would decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.evaluation.intervals import Interval, bootstrap
from fusion.exceptions import NotCovered
from fusion.policy.learner import Floats

Ints = NDArray[np.int64]

CLIP = 20.0
FOLDS = 5
# Fewer effective answers than this carry no estimate.
LEAST_EFFECTIVE = 100.0
# An arm that the new policy wants for more than this share of its answers must have been played so often.
WANTED_SHARE, LEAST_PLAYS = 0.05, 20
# Importance weights must add up to their number; further off than so many standard errors, something is not covered.
WEIGHT_ERRORS = 4.0
RIDGE = 1.0


@dataclass(frozen=True)
class Logged:
    """Answers with what they were worth, oldest first.

    Attributes:
        x: (n, d) features of the requests.
        arm: (n,) which arm answered.
        reward: (n,).
        propensity: (n,) the exact chance of that arm then, in (0, 1].
        n_arms: K.
        group: (n,) whose answer it was, for the intervals; any names.
    """

    x: Floats
    arm: Ints
    reward: Floats
    propensity: Floats
    n_arms: int
    group: Sequence[str] = ()

    def __post_init__(self) -> None:
        n = len(self.x)
        if not len(self.arm) == len(self.reward) == len(self.propensity) == n or (self.group and len(self.group) != n):
            raise ValueError(f"A log needs as many arms, rewards and propensities as contexts ({n}).")
        if n and not ((self.propensity > 0) & (self.propensity <= 1)).all():
            raise ValueError("Propensities must be above 0 and at most 1: what was chosen had a chance of being chosen.")

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Ints) -> Logged:
        """The answers of these rows, in this order."""
        group = [self.group[row] for row in rows.tolist()] if self.group else ()
        return Logged(self.x[rows], self.arm[rows], self.reward[rows], self.propensity[rows], self.n_arms, group)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a policy would earn for an answer.

    Attributes:
        effective: how many answers of the new policy itself the log is worth: (sum of w)^2 / sum of w^2 (Kish 1965).
        mean_weight: near 1 where the log covers the policy.
    """

    method: str
    value: float
    low: float
    high: float
    n: int
    effective: float
    mean_weight: float


def weights_of(log: Logged, target: Floats) -> Floats:
    """(n,) importance weights. ``target``: (n, K), the new policy's chances."""
    if target.shape != (len(log), log.n_arms):
        raise ValueError(f"The new policy's chances are {target.shape}; the log needs {(len(log), log.n_arms)}.")
    return np.asarray(target[np.arange(len(log)), log.arm] / log.propensity, np.float64)


def effective_size(weights: Floats) -> float:
    """How many unweighted answers these are worth."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def require_coverage(log: Logged, target: Floats) -> None:
    """Refuse what the log cannot tell.

    Raises:
        NotCovered: the message says what is missing and what to do.
    """
    advice = "Promote an exploring policy (manage.py learn_policy --begin) and let it answer for longer."
    if not len(log):
        raise NotCovered(f"The log has no answer with a choice. {advice}")
    if (log.propensity >= 1.0).all():
        raise NotCovered(f"Every answer of the log was certain (propensity 1), so it says nothing of other arms. {advice}")
    plays = np.bincount(log.arm, minlength=log.n_arms)
    share = target.mean(axis=0)
    thin = np.flatnonzero((share > WANTED_SHARE) & (plays < LEAST_PLAYS))
    if len(thin):
        raise NotCovered(
            f"Arms {thin.tolist()} were played {plays[thin].tolist()} times, the policy wants them for "
            f"{np.round(share[thin], 3).tolist()} of its answers; {LEAST_PLAYS} plays are needed. {advice}"
        )
    weights = weights_of(log, target)
    if (effective := effective_size(weights)) < LEAST_EFFECTIVE:
        raise NotCovered(
            f"The {len(log)} answers are worth only {effective:.0f} of the policy's own; {LEAST_EFFECTIVE:.0f} are needed. "
            + advice
        )
    error = float(weights.std()) / np.sqrt(len(weights))
    if abs(float(weights.mean()) - 1.0) > WEIGHT_ERRORS * error + 1e-9:
        raise NotCovered(
            f"The importance weights have mean {weights.mean():.3f} instead of 1 (standard error {error:.3f}): the policy "
            f"wants what was never played somewhere, or the logged propensities are not exact. {advice}"
        )


def modelled(log: Logged, folds: int = FOLDS) -> Floats:
    """(n, K): the reward of every arm for every answer, by a model that did not see the answer's fold.

    Folds are whole shoppers where the log names them. The model is x . w + x . v[arm], both ridge; an arm that was never
    played gets what requests like this get on the whole.
    """
    fold = _folds(log, folds)
    found = np.zeros((len(log), log.n_arms))
    for k in range(folds):
        here, rest = fold == k, fold != k
        if here.any() and rest.any():
            found[here] = RewardModel.fit(log.take(np.flatnonzero(rest))).predict(log.x[here])
    return found


@dataclass(frozen=True)
class RewardModel:
    """x . w + x . v[arm]. ``shared``: (d,); ``added``: (K, d)."""

    shared: Floats
    added: Floats

    @classmethod
    def fit(cls, log: Logged, ridge: float = RIDGE) -> RewardModel:
        """Two ridge regressions, the second on what the first leaves: an arm of few plays stays near the shared part."""
        dim = log.x.shape[1]
        shared = np.linalg.solve(log.x.T @ log.x + ridge * np.eye(dim), log.x.T @ log.reward)
        left = log.reward - log.x @ shared
        added = np.zeros((log.n_arms, dim))
        for arm in range(log.n_arms):
            x = log.x[log.arm == arm]
            if len(x):
                added[arm] = np.linalg.solve(x.T @ x + 10.0 * ridge * np.eye(dim), x.T @ left[log.arm == arm])
        return cls(np.asarray(shared, np.float64), added)

    def predict(self, x: Floats) -> Floats:
        """(n, K) for x of (n, d)."""
        return np.asarray((x @ self.shared)[:, None] + x @ self.added.T, np.float64)


def contributions(method: str, log: Logged, target: Floats, *, clip: float = CLIP, model: Floats | None = None) -> Floats:
    """(n,) numbers whose mean is the estimate, one for each answer, so that two policies can be compared answer by answer.

    Args:
        method: "ips", "clipped", "snips" or "dr". SNIPS is linearised around its value, as its standard error is.
        model: (n, K) for "dr"; ``modelled(log)`` where None.
    Raises:
        ValueError: an unknown method.
    """
    weights = weights_of(log, target)
    if method == "ips":
        return weights * log.reward
    if method == "clipped":
        return np.minimum(weights, clip) * log.reward
    if method == "snips":
        value = float((weights * log.reward).sum() / weights.sum())
        return np.asarray(value + weights * (log.reward - value) / weights.mean(), np.float64)
    if method == "dr":
        q = modelled(log) if model is None else model
        return np.asarray((target * q).sum(axis=1) + weights * (log.reward - q[np.arange(len(log)), log.arm]), np.float64)
    raise ValueError(f"There is no estimator {method!r}; known are ips, clipped, snips, dr.")


def estimate(
    method: str, log: Logged, target: Floats, *, seed: int = 0, clip: float = CLIP, model: Floats | None = None
) -> Estimate:
    """What the policy with these chances would earn for an answer, with its 95% interval.

    Raises:
        NotCovered: the log cannot tell.
    """
    require_coverage(log, target)
    parts = contributions(method, log, target, clip=clip, model=model)
    interval = bootstrap(parts, seed, groups=log.group or None)
    weights = weights_of(log, target)
    return Estimate(
        method, interval.mean, interval.low, interval.high, len(log), effective_size(weights), float(weights.mean())
    )


def compared(log: Logged, ours: Floats, theirs: Floats, *, method: str = "dr", seed: int = 0) -> Interval:
    """The difference of two policies on the same answers, with its 95% interval; what they share cancels out.

    Args:
        ours, theirs: (n, K) chances.
    Raises:
        NotCovered: the log cannot tell one of them.
    """
    for target in (ours, theirs):
        require_coverage(log, target)
    q = modelled(log) if method == "dr" else None
    parts = [contributions(method, log, target, model=q) for target in (ours, theirs)]
    return bootstrap(parts[0] - parts[1], seed, groups=log.group or None)


def _folds(log: Logged, folds: int) -> Ints:
    """(n,) which fold each answer is in: whole shoppers, spread evenly."""
    if not log.group:
        return np.arange(len(log)) % folds
    named = np.unique(np.asarray(log.group), return_inverse=True)[1]
    return np.asarray(named % folds, np.int64)
