"""From logged answers to a policy: what each arm would have shown, a learner taught in the order of time, and what it is worth.

The arms' pages of a logged answer are its listed items in the order of each arm: an addend of a signal is multiplied by the
arm's factor over that of the arm that answered. Only what was listed can come up (``MAX_LISTED`` items of an answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.evaluation.intervals import Interval
from fusion.gate.features import SIGNALS
from fusion.learning.impressions import LoggedAnswer
from fusion.policy.arms import Arm
from fusion.policy.features import FEATURES, describe
from fusion.policy.items import ItemModel, ShownPage
from fusion.policy.learner import Bounds, Floats, Learner
from fusion.policy.learners import create
from fusion.policy.off_policy import Estimate, Logged, compared, estimate

PAGE = 10
_COLUMNS = {signal: column for column, signal in enumerate(SIGNALS)}


@dataclass(frozen=True)
class Choices:
    """Answers that a policy chose an arm for, oldest first.

    Attributes:
        log: what estimates read.
        pages: the same answers, item by item.
    """

    log: Logged
    pages: tuple[ShownPage, ...]

    def __len__(self) -> int:
        return len(self.log)

    def split(self, share: float) -> tuple[Choices, Choices]:
        """The earlier ``share`` of the answers, and the later ones."""
        cut = int(share * len(self))
        rows = np.arange(len(self))
        return (
            Choices(self.log.take(rows[:cut]), self.pages[:cut]),
            Choices(self.log.take(rows[cut:]), self.pages[cut:]),
        )


def choices_of(answers: Sequence[LoggedAnswer], arms: Sequence[Arm], examined: Floats) -> Choices:
    """The answers as a policy learns from them.

    Args:
        answers: each with an arm that is one of ``arms`` and a propensity.
        examined: (r,) the chance that each rank is looked at, from rank 1 on.
    """
    ordered = sorted(answers, key=lambda answer: answer.at)
    places = {arm.name: place for place, arm in enumerate(arms)}
    x = np.array([_features(answer) for answer in ordered]).reshape(-1, len(FEATURES))
    log = Logged(
        x,
        np.array([places[answer.arm] for answer in ordered], np.int64),
        np.array([sum(item.reward for item in answer.items) for answer in ordered], np.float64),
        np.array([answer.propensity for answer in ordered], np.float64),
        len(arms),
        [answer.shopper for answer in ordered],
    )
    pages = tuple(
        _page(answer, features, arms, places[answer.arm], examined) for answer, features in zip(ordered, x, strict=True)
    )
    return Choices(log, pages)


def _features(answer: LoggedAnswer) -> Floats:
    return describe(answer.context)


def _page(answer: LoggedAnswer, x: Floats, arms: Sequence[Arm], played: int, examined: Floats) -> ShownPage:
    z = np.zeros((len(answer.items), len(SIGNALS)))
    added = np.zeros_like(z)
    others = np.zeros(len(answer.items))
    for row, item in enumerate(answer.items):
        for term in item.terms:
            column = _COLUMNS.get((term.source, term.block))
            if column is None:
                others[row] += term.contribution
            else:
                z[row, column], added[row, column] = term.z, term.contribution
    shown = [row for row, item in enumerate(answer.items) if item.seen]
    ranks = np.array([answer.items[row].rank for row in shown], np.int64)
    looks = examined[np.minimum(ranks, len(examined)) - 1]
    values = np.array([answer.items[row].reward for row in shown], np.float64)
    first = examined[: min(PAGE, len(examined), len(z))]
    factors = np.array([[arm.factors.get(s, 1.0) / arms[played].factors.get(s, 1.0) for s in SIGNALS] for arm in arms])
    scores = added @ factors.T + others[:, None]
    order = np.argsort(-scores, axis=0, kind="stable")[: len(first)]
    profiles = np.einsum("r,rks->ks", first, z[order])
    return ShownPage(x, looks, z[shown], values, profiles, np.full(len(arms), first.sum()))


def learn(kind: str, choices: Choices, memory: float, settings: dict[str, object] | None = None) -> Learner:
    """A learner that went through the answers in the order of time.

    Args:
        memory: after so many answers an answer counts 1/e; a shop that changes fast wants less.
    """
    n_arms = choices.log.n_arms
    learner = create(kind, n_arms, len(FEATURES), settings)
    items = ItemModel(n_arms, len(SIGNALS), memory=memory, profile_memory=10.0 * memory)
    log = choices.log
    every = max(1, len(log) // 200)
    for row, page in enumerate(choices.pages):
        items.update(page)
        if row % every == 0 or row == len(log) - 1:
            learner.expect(items.guesses())
        learner.update(log.x[row], int(log.arm[row]), float(log.reward[row]), float(log.propensity[row]))
    return learner


def chances_on(learner: Learner, bounds: Bounds, x: Floats) -> Floats:
    """(n, K): what the policy would play with."""
    return np.array([learner.probabilities(row, bounds) for row in x]).reshape(-1, learner.n_arms)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A policy against the one that is live, on answers that it has not seen.

    Attributes:
        estimates: of the new policy, by method; "dr" is the one that decides.
        live: the live policy's value on the same answers, doubly robust.
        gain: new less live, answer by answer.
    """

    estimates: dict[str, Estimate]
    live: float
    gain: Interval


def judge(later: Logged, ours: Floats, live: Floats, seed: int) -> Judgement:
    """What the new policy would have earned on the later answers, and how much more than the live one.

    Args:
        ours, live: (n, K) chances of both policies.
    Raises:
        NotCovered: the log cannot tell.
    """
    estimates = {method: estimate(method, later, ours, seed=seed) for method in ("dr", "snips", "clipped", "ips")}
    gain = compared(later, ours, live, seed=seed)
    return Judgement(estimates, estimates["dr"].value - gain.mean, gain)
