"""Logged answers as arrays to learn from: what was shown, what each signal added to it, and what the shopper did with it.

A logged addend is weight * factor * z. Its factor is divided out, so that ``addends`` are what the default weights would have
added and any gate's score is

    score(n, k) = sum over signals s of  factor[n, s] * addends[n, k, s]

What stands in for a missing block (fusion/stand_in.py) has no factor of its own: it is a quantile of the items that have the
block, and those move with the block's signals. So it is shared out among them in proportion to their weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fusion.gate.features import SIGNALS, Signal, features, n_features
from fusion.stand_in import STAND_IN
from fusion.types import Matrix, Term
from fusion.weighing import DEFAULT_POLICY, Context

# So many items of an answer are read from the log, and so many of them count as seen; hardly anybody looks further down.
MAX_LISTED, MAX_SEEN = 40, 24
Embed = Callable[[Sequence[str]], Matrix]


@dataclass(frozen=True, slots=True)
class LoggedItem:
    """One item of an answer.

    Attributes:
        rank: its place, from 1.
        seen: whether it was on a page that the shopper got; what came behind is read because other weights may bring it up.
        acted: whether the shopper did anything good with it.
    """

    rank: int
    terms: Sequence[Term]
    seen: bool = True
    reward: float = 0.0
    acted: bool = False


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """One answer whose window is over.

    Attributes:
        context: as it was logged, without the embedding.
        words: what was searched for and embedded; "" for nothing.
        weights: (source, block) -> the weight that was used, after its factor.
        factors: (source, block) -> the factor.
        shopper: whose it is, only to keep one person's answers together.
        at: POSIX seconds.
        policy, arm, propensity: which policy weighed it, what it chose, and how likely that was.
    """

    context: Context
    words: str
    items: Sequence[LoggedItem]
    weights: Mapping[Signal, float]
    factors: Mapping[Signal, float]
    shopper: str
    at: float
    policy: str = DEFAULT_POLICY
    arm: str = ""
    propensity: float = 1.0


@dataclass(frozen=True)
class Impressions:
    """N answers in the order of time, padded to K items, over S signals.

    Attributes:
        x: (N, n_features) of ``fusion.gate.features``.
        text: (N,) row of ``words``, -1 without words.
        words: (U, dim) the distinct embeddings.
        addends: (N, K, S) float32, what each signal adds under the default weights.
        rank: (N, K) place in the answer from 1, 0 for padding.
        reward, acted: (N, K).
        shopper: (N,) codes of shoppers.
        at: (N,) POSIX seconds.
    """

    x: NDArray[np.float32]
    text: NDArray[np.int64]
    words: NDArray[np.float32]
    addends: NDArray[np.float32]
    rank: NDArray[np.int64]
    reward: NDArray[np.float32]
    acted: NDArray[np.bool_]
    shopper: NDArray[np.int64]
    at: NDArray[np.float64]
    signals: tuple[Signal, ...] = SIGNALS

    def __len__(self) -> int:
        return len(self.rank)

    @property
    def shown(self) -> NDArray[np.bool_]:
        """(N, K), False for padding."""
        return self.rank > 0

    @property
    def gained(self) -> NDArray[np.bool_]:
        """(N,) whether anything of the answer was worth something."""
        return np.asarray((self.reward > 0).any(axis=1))

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Impressions:
        """Some of the answers; the distinct embeddings stay."""
        names = ("x", "text", "addends", "rank", "reward", "acted", "shopper", "at")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def embeddings(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """((N, dim) with zeros where there are no words, (N,) whether there are)."""
        has = self.text >= 0
        found = np.zeros((len(self), self.words.shape[1]), np.float32)
        found[has] = self.words[self.text[has]]
        return found, has


def pack(answers: Iterable[LoggedAnswer], embed: Embed, dim: int, signals: Sequence[Signal] = SIGNALS) -> Impressions:
    """What was seen of answers, as arrays; each distinct text is embedded once. Fewer than two items teach nothing.

    Args:
        embed: texts -> (n, dim), unit vectors of the block "text".
    """
    place = {signal: column for column, signal in enumerate(signals)}
    kept: list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], str, str, float]] = []
    for answer in answers:
        items = [item for item in answer.items if item.seen and item.terms][:MAX_SEEN]
        if len(items) > 1:
            x = features(answer.context, signals)
            x[n_features(signals) - _AFTER_WORDS] = float(bool(answer.words))
            kept.append((x, _addends(items, answer, place), _outcomes(items), answer.words, answer.shopper, answer.at))
    kept.sort(key=lambda row: row[-1])
    texts = sorted({row[3] for row in kept} - {""})
    codes, people = {text: n for n, text in enumerate(texts)}, dict[str, int]()
    k = max((len(row[1]) for row in kept), default=1)
    n, s = len(kept), len(signals)
    found = Impressions(
        x=np.zeros((n, n_features(signals)), np.float32),
        text=np.asarray([codes.get(row[3], -1) for row in kept], np.int64),
        words=np.asarray(embed(texts), np.float32) if texts else np.zeros((0, dim), np.float32),
        addends=np.zeros((n, k, s), np.float32),
        rank=np.zeros((n, k), np.int64),
        reward=np.zeros((n, k), np.float32),
        acted=np.zeros((n, k), bool),
        shopper=np.asarray([people.setdefault(row[4], len(people)) for row in kept], np.int64),
        at=np.asarray([row[5] for row in kept], np.float64),
        signals=tuple(signals),
    )
    for row, (x, addends, outcomes, *_rest) in enumerate(kept):
        size = len(addends)
        found.x[row], found.addends[row, :size] = x, addends
        found.rank[row, :size], found.reward[row, :size] = outcomes[0].astype(np.int64), outcomes[1]
        found.acted[row, :size] = outcomes[2] > 0
    return found


# "has_words" stands so far from the end of a feature vector; the log keeps the words, not their embedding.
_AFTER_WORDS = 3


def _outcomes(items: Sequence[LoggedItem]) -> NDArray[np.float32]:
    return np.asarray([(i.rank, i.reward, i.acted) for i in items], np.float32).T


def _addends(items: Sequence[LoggedItem], answer: LoggedAnswer, place: Mapping[Signal, int]) -> NDArray[np.float32]:
    """(n_items, S)."""
    found = np.zeros((len(items), len(place)), np.float32)
    shares = _shares(answer, place)
    for row, item in enumerate(items):
        for term in item.terms:
            signal = (term.source, term.block)
            if signal in place:
                found[row, place[signal]] += term.contribution / answer.factors.get(signal, 1.0)
            elif term.source == STAND_IN and term.block in shares:
                found[row] += np.float32(term.contribution) * shares[term.block]
    return found


def _shares(answer: LoggedAnswer, place: Mapping[Signal, int]) -> dict[str, NDArray[np.float32]]:
    """Block -> (S,): each signal's part in the block's stand-in, so that the parts times the log's factors add up to 1."""
    default: dict[str, NDArray[np.float32]] = {}
    logged: dict[str, float] = {}
    for signal, weight in answer.weights.items():
        if signal in place:
            block = default.setdefault(signal[1], np.zeros(len(place), np.float32))
            block[place[signal]] = abs(weight / answer.factors.get(signal, 1.0))
            logged[signal[1]] = logged.get(signal[1], 0.0) + abs(weight)
    return {block: weights / np.float32(logged[block]) for block, weights in default.items() if logged[block] > 0}
