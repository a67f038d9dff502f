"""A small memory of vectors that were just made: shoppers page, filter and retype, and the words stay the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np

from fusion.types import Matrix, Vector


class RecentVectors:
    """The last ``size`` texts and their vectors, least recently used first out. Thread-safe; 0 remembers nothing."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._vectors: OrderedDict[str, Vector] = OrderedDict()
        self._lock = Lock()

    def encode(self, texts: Sequence[str], encode: Callable[[Sequence[str]], Matrix]) -> Matrix:
        """(n, dim) for the texts, in order; ``encode`` is asked only for those that are not remembered."""
        if self.size < 1 or not texts:
            return encode(texts)
        known = self._recall(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            made = dict(zip(missing, encode(missing), strict=True))
            self._remember(made)
            known |= made
        return np.stack([known[text] for text in texts])

    def _recall(self, texts: Sequence[str]) -> dict[str, Vector]:
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
            for text in known:
                self._vectors.move_to_end(text)
        return known

    def _remember(self, made: dict[str, Vector]) -> None:
        with self._lock:
            for text, vector in made.items():
                self._vectors[text] = vector.copy()  # a row of a big batch would keep the whole batch alive
            while len(self._vectors) > self.size:
                self._vectors.popitem(last=False)
