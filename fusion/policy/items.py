"""What an item of a page is worth by its signals, learnt from every item that was shown: how one answer tells of all arms.

    worth(i)   = look(rank) * ( x . u  +  sum over signals s of  (t[s] + t[kind, s]) * z[s](i) )
    profile(a) = sum over the page that arm a would have shown of  look(rank) * z(i),       regressed on x
    guess(a)   = looks(a) * x . u  +  (t + t[kind]) . profile(a)(x)

An answer's reward alone says something of one arm, and little: whether somebody clicked at all. Its ten items say which
signals go with being chosen, for this kind of request (words, from a product or a photo, a feed), and each arm's page is known
from the logged signals: so the same answer says something of every arm. What an arm's pages look like hardly changes and is
remembered long; what a signal is worth may change and is remembered briefly. ``look`` is the chance that a rank is looked at
(the position-based model, Craswell et al. 2008). Both are ridge regressions with fading sums.

A linear model is not the truth: learners take the guess as a start and correct each arm by what it really earned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusion.policy.features import FEATURES
from fusion.policy.learner import KINDS, Floats, kind_of

# In squared looks: so much is needed before a signal's worth moves far from 0.
RIDGE = 5.0
# Of the profiles, in answers: next to nothing.
_PROFILE_RIDGE = 0.01
_DIM = len(FEATURES)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One answer, item by item.

    Attributes:
        x: features of the request.
        looks: (n,) the chance that each item that was shown was looked at.
        z: (n, S) signals of these items.
        values: (n,) what each of them brought.
        profiles: (K, S) for each arm the sum over its page of look times z.
        sums: (K,) for each arm the sum of the looks of its page.
    """

    x: Floats
    looks: Floats
    z: Floats
    values: Floats
    profiles: Floats
    sums: Floats


class ItemModel:
    """The regressions over the items of all answers; for one thread."""

    def __init__(self, n_arms: int, n_signals: int, memory: float = 300.0, profile_memory: float = 3000.0) -> None:
        """Args: memory, profile_memory: after so many answers an answer counts 1/e, for the worth of signals and for pages."""
        self.n_arms, self.n_signals = n_arms, n_signals
        size = _DIM + (1 + KINDS) * n_signals
        self._fade, self._profile_fade = float(np.exp(-1.0 / memory)), float(np.exp(-1.0 / profile_memory))
        self._a, self._b = np.zeros((size, size)), np.zeros(size)
        self._page_a, self._page_b = np.zeros((_DIM, _DIM)), np.zeros((_DIM, n_arms * (n_signals + 1)))

    def update(self, page: ShownPage) -> None:
        """Learn from one answer."""
        # Only the columns of this kind of request are not 0, so only they are added.
        own = _DIM + self.n_signals * (1 + kind_of(page.x))
        used = np.r_[0 : _DIM + self.n_signals, own : own + self.n_signals]
        rows = np.concatenate([np.broadcast_to(page.x, (len(page.z), _DIM)), page.z, page.z], axis=1) * page.looks[:, None]
        self._a *= self._fade
        self._b *= self._fade
        self._a[np.ix_(used, used)] += rows.T @ rows
        self._b[used] += rows.T @ page.values
        told = np.concatenate([page.profiles, page.sums[:, None]], axis=1).ravel()
        self._page_a = self._profile_fade * self._page_a + np.outer(page.x, page.x)
        self._page_b = self._profile_fade * self._page_b + np.outer(page.x, told)

    def guesses(self) -> Floats:
        """(KINDS, d, K): for each kind of request the coefficients of what each arm's page is worth on the features."""
        weights = np.linalg.solve(self._a + RIDGE * np.eye(len(self._a)), self._b)
        plain, signals = weights[:_DIM], weights[_DIM:].reshape(1 + KINDS, self.n_signals)
        found = np.linalg.solve(self._page_a + _PROFILE_RIDGE * np.eye(_DIM), self._page_b)
        profiles = found.reshape(_DIM, self.n_arms, self.n_signals + 1)
        sums = profiles[0, :, -1]  # pages are as long whatever is asked: the part of the constant feature
        worth = profiles[None, :, :, :-1] @ (signals[0] + signals[1:])[:, None, :, None]
        return np.asarray(worth[..., 0] + plain[None, :, None] * sums, np.float64)
