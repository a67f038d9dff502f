"""Rounds in the arena: a policy answers, shoppers look, click and buy later, and what was lost against the best arm is counted.

    regret    = sum over rounds of  worth(best arm of the phase) - worth(chosen arm)
    relative  = regret / the same sum for an arm chosen at random

``worth`` is the expected reward, which only the arena knows. The best arm of a phase is the one that earns most over it: who
always played that would have regret 0, and who reads the request well can fall below. ``by kind`` is stricter: the best arm for
each kind of request (words, from a product, a feed with and without a history) of each phase.

Learners hear of a click when it happens, and of carts, purchases and returns when the window of the answer is over, one week
later. Until then a click counts what clicks of finished answers were worth on the whole (a surrogate index, Athey et al. 2019):
unbiased as long as what follows a click does not depend on the arm.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.learning.rewards import REWARDS
from fusion.policy.arena import LOOKS, PAGE, Arena
from fusion.policy.chances import arm_at
from fusion.policy.features import FEATURES
from fusion.policy.items import ItemModel, ShownPage
from fusion.policy.learner import Bounds, Floats, Learner, kind_of
from fusion.policy.off_policy import Logged
from fusion.simulation.session import P_BUY, P_CART, P_RETURN

# 250 answers a day: a week is so many rounds.
WINDOW_ROUNDS = 1750
# The guesses are solved anew after so many answers.
GUESS_EVERY = 10
# What a click is thought to be worth before any answer is finished, and how many clicks that thought counts for.
_FIRST_GUESS, _GUESSES = REWARDS["click"], 1.0


@dataclass
class Pending:
    """What a click is worth on the whole, by the answers that are finished."""

    clicks: float = _GUESSES
    worth: float = _GUESSES * _FIRST_GUESS

    @property
    def of_a_click(self) -> float:
        return self.worth / self.clicks

    def finish(self, clicks: int, reward: float) -> None:
        """An answer's window is over."""
        self.clicks += clicks
        self.worth += reward


@dataclass(frozen=True)
class Play:
    """What happened in T rounds.

    Attributes:
        request, phase, arm: (T,) which request of the arena came, in which phase, and which arm answered.
        propensity: (T,) the exact chance of that arm.
        clicked: (T, PAGE) which places of the page were clicked.
        reward: (T,) in the end, with everything that came later.
        worth: (T,) the expected reward of the chosen arm's page.
        random: (T,) the mean of all arms' pages.
        best, best_by_kind: (T,) that of the phase's best arm, and of its best for this kind of request.
    """

    request: NDArray[np.int64]
    phase: NDArray[np.int64]
    arm: NDArray[np.int64]
    propensity: Floats
    clicked: NDArray[np.bool_]
    reward: Floats
    worth: Floats
    random: Floats
    best: Floats
    best_by_kind: Floats

    @property
    def relative(self) -> float:
        """Regret over that of an arm at random."""
        return float((self.best - self.worth).sum() / (self.best - self.random).sum())

    @property
    def relative_by_kind(self) -> float:
        """The same against the best arm for each kind of request."""
        return float((self.best_by_kind - self.worth).sum() / (self.best_by_kind - self.random).sum())


class Player(ABC):
    """Somebody who chooses arms in the arena."""

    @abstractmethod
    def chances(self, x: Floats, phase: int) -> Floats:
        """(K,): adding up to 1."""

    @abstractmethod
    def hear(self, answer: Heard) -> None:
        """What is known at once of the answer that was just given."""

    @abstractmethod
    def finish(self, clicks: int, reward: float) -> None:
        """The window of an earlier answer is over."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as the shop knows it when the shopper has left the page.

    Attributes:
        z: (K, PAGE, S) signals of every arm's page.
        clicked: (PAGE,) of the page that was shown.
    """

    x: Floats
    arm: int
    propensity: float
    z: NDArray[np.float32]
    clicked: NDArray[np.bool_]


class Fixed(Player):
    """Plays the same chances whatever the request; one row for each phase."""

    def __init__(self, chances: Floats) -> None:
        """Args: chances: (phases, K)."""
        self._chances = chances

    def chances(self, x: Floats, phase: int) -> Floats:
        return np.asarray(self._chances[phase], np.float64)

    def hear(self, answer: Heard) -> None:
        """It never learns."""

    def finish(self, clicks: int, reward: float) -> None:
        """It never learns."""


class Learning(Player):
    """A learner at work. Without ``items`` it learns from whole answers alone."""

    def __init__(self, learner: Learner, bounds: Bounds, items: ItemModel | None = None) -> None:
        self.learner, self.bounds, self.items, self.pending = learner, bounds, items, Pending()
        self._heard = 0

    def chances(self, x: Floats, phase: int) -> Floats:
        return self.learner.probabilities(x, self.bounds)

    def hear(self, answer: Heard) -> None:
        values = self.pending.of_a_click * answer.clicked.astype(np.float64)
        if self.items is not None:
            shown = answer.z[answer.arm].astype(np.float64)
            profiles = np.einsum("r,krs->ks", LOOKS, answer.z)
            sums = np.full(len(answer.z), LOOKS.sum())
            self.items.update(ShownPage(answer.x, LOOKS, shown, values, profiles, sums))
            if self._heard % GUESS_EVERY == 0:
                self.learner.expect(self.items.guesses())
        self._heard += 1
        self.learner.update(answer.x, answer.arm, float(values.sum()), answer.propensity)

    def finish(self, clicks: int, reward: float) -> None:
        self.pending.finish(clicks, reward)


def play(arena: Arena, player: Player, rounds: int, seed: int) -> Play:
    """Play, the phases one after another in equal parts. The same seed brings the same requests and luck to everybody."""
    rng = np.random.default_rng(seed)
    n_phases, n = arena.worth.shape[:2]
    request = rng.integers(0, n, rounds)
    draws = rng.random(rounds)
    luck = rng.random((rounds, 4, PAGE))
    phase = np.arange(rounds) * n_phases // rounds
    arm, propensity, reward = np.zeros(rounds, np.int64), np.zeros(rounds), np.zeros(rounds)
    clicked = np.zeros((rounds, PAGE), bool)
    for now in range(rounds):
        x = arena.x[request[now]]
        chances = player.chances(x, int(phase[now]))
        arm[now] = arm_at(chances, draws[now])
        propensity[now] = chances[arm[now]]
        clicked[now] = luck[now, 0] < arena.clicks[phase[now], request[now], arm[now]] * LOOKS
        reward[now] = _worth_in_the_end(clicked[now], luck[now])
        player.hear(Heard(x, int(arm[now]), float(propensity[now]), arena.signals[request[now]], clicked[now]))
        if (over := now - WINDOW_ROUNDS) >= 0:
            player.finish(int(clicked[over].sum()), float(reward[over]))
    worth, kinds = arena.worth, _kinds(arena)
    got, mean = worth[phase, request, arm], worth[phase, request].mean(axis=1)
    best = worth[np.arange(n_phases), :, worth.mean(axis=1).argmax(axis=1)][phase, request]
    strict = _best_by_kind(worth, kinds)[phase, request]
    return Play(request, phase, arm, propensity, clicked, reward, got, mean, best, strict)


def log_of(arena: Arena, played: Play, rows: NDArray[np.int64]) -> Logged:
    """Some rounds as a log to learn from and to estimate on."""
    request = played.request[rows]
    return Logged(
        arena.x[request], played.arm[rows], played.reward[rows], played.propensity[rows], len(arena.arms),
        [str(name) for name in arena.shopper[request].tolist()],
    )  # fmt: skip


def recovery(played: Play, *, window: int = 200, share: float = 0.8) -> list[int | None]:
    """For each phase after the first: how many rounds until the policy earns ``share`` of what is to be won over random again.

    What is to be won is the best arm's worth less an arm at random's, over ``window`` rounds on end; None where a phase ends
    before that.
    """
    found: list[int | None] = []
    for phase in range(1, int(played.phase.max()) + 1):
        rows = np.flatnonzero(played.phase == phase)
        ours, most = (np.cumsum(part[rows]) for part in (played.worth - played.random, played.best - played.random))
        won = (ours[window:] - ours[:-window]) >= share * (most[window:] - most[:-window])
        found.append(int(np.flatnonzero(won)[0]) + window if won.any() else None)
    return found


def _worth_in_the_end(clicked: NDArray[np.bool_], luck: Floats) -> float:
    """Everything that the clicks of an answer led to."""
    cart = clicked & (luck[1] < P_CART)
    bought = cart & (luck[2] < P_BUY)
    returned = bought & (luck[3] < P_RETURN)
    counts = {"click": clicked, "add_to_cart": cart, "purchase": bought, "return": returned}
    return float(sum(REWARDS[kind] * done.sum() for kind, done in counts.items()))


def _kinds(arena: Arena) -> NDArray[np.int64]:
    """(n,): words, from a product, a feed with a history, a feed without."""
    history = arena.x[:, FEATURES.index("history")] > 0
    return np.array([kind if kind < 2 else 2 + (not past) for kind, past in zip(map(kind_of, arena.x), history, strict=True)])


def _best_by_kind(worth: Floats, kinds: NDArray[np.int64]) -> Floats:
    """(phases, n): worth of the arm that earns most over the requests of the same kind in the same phase."""
    found = np.zeros(worth.shape[:2])
    for kind in np.unique(kinds):
        of_kind = worth[:, kinds == kind]
        best = of_kind.mean(axis=1).argmax(axis=1)
        found[:, kinds == kind] = of_kind[np.arange(len(worth)), :, best]
    return found
