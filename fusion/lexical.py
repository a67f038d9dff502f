"""The lexical leg: BM25 over the words of each item. It finds exact names, sizes and model numbers that vectors miss."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fusion.index.base import Rows
from fusion.tokens import tokenize
from fusion.types import Item, Matrix, Vector

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

# BM25+ style length normalisation matters little for short product texts; these are Robertson's usual values.
K1 = 1.2
B = 0.5
TITLE_WEIGHT = 2


def item_tokens(item: Item) -> list[str]:
    """Words of an item for BM25; the title counts twice, all translations count."""
    tokens = tokenize(item.title) * TITLE_WEIGHT
    for translation in item.translations.values():
        tokens += tokenize(translation.title) * TITLE_WEIGHT + tokenize(translation.description)
    names = [item.brand, *item.category, *(v for values in item.attributes.values() for v in values), item.item_id]
    for text in [*names, item.description[:4000]]:
        tokens += tokenize(text)
    return tokens


@dataclass(frozen=True)
class LexicalIndex:
    """An immutable BM25 index over rows; a change builds another one (about 1 s for 50,000 items) and swaps it in.

    Source of the ranking function: Robertson & Zaragoza 2009; the implementation is bm25s.
    """

    rows: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    _bm25: object | None = None
    _vocabulary: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, documents: Mapping[int, list[str]]) -> LexicalIndex:
        """Args: documents: row -> words of that item. An item without words is found by no word."""
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG when it is imported
        vocabulary: dict[str, int] = {}
        rows = [row for row, tokens in documents.items() if tokens]
        if not rows:
            return cls()
        ids = [[vocabulary.setdefault(t, len(vocabulary)) for t in documents[row]] for row in rows]
        bm25 = bm25s.BM25(k1=K1, b=B)
        bm25.index(bm25s.tokenization.Tokenized(ids=ids, vocab=vocabulary), show_progress=False)
        return cls(np.asarray(rows, np.int64), bm25, vocabulary)

    def __len__(self) -> int:
        return len(self.rows)

    def scores(self, tokens: Iterable[str], n_rows: int) -> Vector | None:
        """BM25 of every row, (n_rows,), 0 where no word occurs; None when no word of the request is known here."""
        known = [self._vocabulary[t] for t in dict.fromkeys(tokens) if t in self._vocabulary]
        if not known or self._bm25 is None:
            return None
        result = np.zeros(n_rows, np.float32)
        inside = self.rows < n_rows
        result[self.rows[inside]] = self._bm25.get_scores_from_ids(known)[: len(self.rows)][inside]  # type: ignore[attr-defined]
        return result

    def bags(self, bags: Sequence[Mapping[str, float]], n_rows: int) -> WeightedBags | None:
        """Several bags of weighted words, to be scored at once; None where no word is known here."""
        places: dict[int, int] = {}
        entries = []
        for number, bag in enumerate(bags):
            for token, weight in bag.items():
                if self._bm25 is not None and token in self._vocabulary:
                    entries.append((places.setdefault(self._vocabulary[token], len(places)), number, weight))
        if not places:
            return None
        weights = np.zeros((len(places), len(bags)), np.float32)
        for place, number, weight in entries:
            weights[place, number] += weight
        return WeightedBags(self._matrix[:, np.asarray(list(places))].tocsr(), weights, self.rows, n_rows)

    @property
    def _matrix(self) -> csc_matrix:
        """(documents, words), sharing the memory of bm25s."""
        from scipy.sparse import csc_matrix

        scores = self._bm25.scores  # type: ignore[attr-defined]
        shape = (scores["num_docs"], len(scores["indptr"]) - 1)
        return csc_matrix((scores["data"], scores["indices"], scores["indptr"]), shape=shape, copy=False)


@dataclass(frozen=True)
class WeightedBags:
    """BM25 of several bags of words, each row's score as the sum of what the bags add.

    Attributes:
        documents: (documents, t) BM25 of the t words that the bags have.
        weights: (t, bags).
        rows: the row of each document.
    """

    documents: csr_matrix
    weights: Matrix
    rows: Rows
    n_rows: int

    def whole(self) -> Vector:
        """All bags together for every row, (n_rows,)."""
        result = np.zeros(self.n_rows, np.float32)
        inside = self.rows < self.n_rows
        result[self.rows[inside]] = (self.documents @ self.weights.sum(axis=1))[inside]
        return result

    def parts(self, rows: Rows) -> Matrix:
        """What each bag adds to the score of some rows: (bags, len(rows)), 0 for a row without words."""
        result = np.zeros((self.weights.shape[1], len(rows)), np.float32)
        place = np.full(max(self.n_rows, int(self.rows.max(initial=-1)) + 1), -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        documents = place[rows]
        known = documents >= 0
        if known.any():
            result[:, known] = (self.documents[documents[known]] @ self.weights).T
        return result
