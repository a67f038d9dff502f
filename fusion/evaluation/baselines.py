"""What a recommender must beat: popularity, BM25 and models of behaviour, taught the same past and asked the same cases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np

from fusion.behaviour.base import BehaviourModel
from fusion.evaluation.cases import Case
from fusion.evaluation.histories import CHOSEN, Training, popularity
from fusion.lexical import LexicalIndex, item_tokens
from fusion.tokens import tokenize
from fusion.types import Item, Vector

# How many of a shopper's latest items lend their titles to BM25 where they said nothing.
BM25_ITEMS = 10
FILL_WINDOW = timedelta(days=30)


class Ranker(ABC):
    """Answers cases after it learnt what was known before them."""

    kind: str = "baseline"

    def __init__(self, name: str) -> None:
        self.name = name

    def learn(self, training: Training) -> None:  # noqa: B027  (most rankers have nothing to learn)
        """Forget what was learnt before and learn from this; called once for each fold."""

    @abstractmethod
    def rank(self, case: Case, k: int) -> list[str]:
        """At most k item ids, best first. An empty list says that this ranker knows nothing about the case."""


class Baseline(Ranker):
    """Scores every item of a catalogue; equal scores go in the catalogue's order.

    Where a baseline has nothing (more) to say, its list is filled up with what was popular lately, as any shop would do.
    """

    def __init__(self, name: str, items: Sequence[Item]) -> None:
        super().__init__(name)
        self.items = items
        self.ids = [item.item_id for item in items]
        self.column = {item_id: n for n, item_id in enumerate(self.ids)}
        self._lately = np.zeros(len(items), np.float32)

    def learn(self, training: Training) -> None:
        lately = popularity(training, FILL_WINDOW)
        self._lately = np.array([lately.get(item_id, 0.0) for item_id in self.ids], np.float32)

    def rank(self, case: Case, k: int) -> list[str]:
        scores = self.scores(case)
        excluded = [self.column[i] for i in case.exclude if i in self.column]
        own = [] if scores is None else self._best(scores, excluded, k)
        popular = self._best(self._lately, excluded, 2 * k) if len(own) < k else []
        return [self.ids[n] for n in list(dict.fromkeys([*own, *popular]))[:k]]

    def _best(self, scores: Vector, excluded: Sequence[int], k: int) -> list[int]:
        """Columns of the k largest positive scores."""
        allowed = scores.astype(np.float64)
        allowed[excluded] = -np.inf
        return [int(n) for n in np.argsort(-allowed, kind="stable")[:k] if allowed[n] > 0]

    @abstractmethod
    def scores(self, case: Case) -> Vector | None:
        """(n_items,), higher is better, 0 where nothing speaks for an item; None when nothing can be said."""


class Popularity(Baseline):
    """Distinct shoppers who chose the item before the moment, over all time: the same list for everybody."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__("popularity (all time)", items)
        self._buyers = np.zeros(len(items), np.float32)

    def learn(self, training: Training) -> None:
        super().learn(training)
        self._buyers = np.array([training.buyers.get(item_id, 0) for item_id in self.ids], np.float32)

    def scores(self, case: Case) -> Vector:
        return self._buyers


class Bm25(Baseline):
    """BM25 of the request's words; without a request, of the titles of the shopper's last BM25_ITEMS items."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__("BM25", items)
        self._index = LexicalIndex.build({n: item_tokens(item) for n, item in enumerate(items)})

    def scores(self, case: Case) -> Vector | None:
        text = case.query.text if case.query else ""
        if not text:
            latest = list(dict.fromkeys(act.item_id for act in reversed(case.history) if act.kind in CHOSEN))[:BM25_ITEMS]
            text = " ".join(self.items[self.column[i]].title for i in latest if i in self.column)
        return self._index.scores(tokenize(text), len(self.items)) if text else None


class Behaviour(Baseline):
    """A model of behaviour alone, over everything that the shopper had chosen, each item once."""

    def __init__(self, name: str, items: Sequence[Item], build: Callable[[], BehaviourModel]) -> None:
        """Args: build: a new model, made for each fold."""
        super().__init__(name, items)
        self._build = build
        self._model: BehaviourModel | None = None

    def learn(self, training: Training) -> None:
        super().learn(training)
        counts = training.counts(self.ids)
        self._model = self._build().fit(counts) if counts.nnz else None

    def scores(self, case: Case) -> Vector | None:
        chosen = [self.column[act.item_id] for act in case.history if act.kind in CHOSEN and act.item_id in self.column]
        if self._model is None or not chosen:
            return None
        history = np.zeros(len(self.ids), np.float32)
        history[chosen] = 1.0
        return self._model.scores(history)


def all_baselines(items: Sequence[Item], seed: int) -> list[Ranker]:
    """The baselines of every run. EASE is left out of catalogues that it cannot hold."""
    from fusion.behaviour.ease import Ease
    from fusion.behaviour.factors import Als
    from fusion.behaviour.neighbours import ItemNeighbours

    found: list[Ranker] = [
        Popularity(items),
        Bm25(items),
        Behaviour("item-kNN (cosine)", items, ItemNeighbours),
        Behaviour("ALS", items, lambda: Als(seed=seed)),
    ]
    if len(items) <= Ease().max_items:
        found.append(Behaviour("EASE", items, Ease))
    return found
