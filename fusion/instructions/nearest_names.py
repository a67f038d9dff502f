"""Phrases that no lexicon knows, linked to the nearest of the catalogue's category names by the text encoder. Wants only."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fusion.instructions.phrase_table import Kind, Link
from fusion.instructions.pieces import Piece
from fusion.types import Constraint, Matrix, Operator, Strength, Vector

logger = logging.getLogger(__name__)

# Measured with multilingual-e5-small over the lexicon's nouns with the lexicon off, on two catalogues (docs/instructions.md):
# from here on nine links in ten are right in English; nothing reaches that in Chinese or across scripts.
THRESHOLD, MARGIN = 0.94, 0.02
_WANT = Constraint("", Operator.IN, strength=Strength.WANT, weight=0.5)
_MAX_NAMES = 3000
_CACHED_PHRASES = 2048


class NearestNames:
    """The catalogue's category names as vectors, encoded by ``prepare``; thread-safe. Until then nothing is linked.

    Args:
        memory: name -> vector, kept by the caller so that a changed catalogue encodes only its new names.
    """

    def __init__(
        self, names: Mapping[str, Link], encode: Callable[[Sequence[str]], Matrix], memory: dict[str, Vector] | None = None
    ) -> None:
        self._memory = {} if memory is None else memory
        ranked = sorted(names.items(), key=lambda item: -item[1].count)[:_MAX_NAMES]
        self._names = [name for name, _ in ranked]
        self._links = [link for _, link in ranked]
        self._encode = encode
        self._vectors: Matrix | None = None
        self._lock = threading.Lock()
        self._cache: dict[str, Link | None] = {}

    def wants(self, pieces: Sequence[Piece]) -> list[Constraint]:
        """Wants for the unknown words of a request; none when the encoder fails or nothing is prepared yet."""
        found: list[Constraint] = []
        if self._vectors is None:
            return found
        for start, end, phrase in _phrases(pieces):
            try:
                link = self.nearest(phrase)
            except Exception:
                logger.info("event=phrase_not_linked", exc_info=True)
                return []
            if link is not None:
                found.append(replace(_WANT, field=link.field, values=link.values, span=(start, end)))
        return found

    def nearest(self, phrase: str) -> Link | None:
        """The category whose name is nearest to the phrase, or None where none is near enough."""
        if phrase not in self._cache:
            if len(self._cache) >= _CACHED_PHRASES:
                self._cache.clear()
            self._cache[phrase] = self._look_up(phrase)
        return self._cache[phrase]

    def _look_up(self, phrase: str) -> Link | None:
        if self._vectors is None or not self._names:
            return None
        similarity = self._vectors @ self._encode([phrase])[0]  # (n_names,)
        ranked = similarity.argsort()[::-1]
        best = int(ranked[0])
        second = float(similarity[ranked[1]]) if len(ranked) > 1 else 0.0
        near = similarity[best] >= THRESHOLD and similarity[best] - second >= MARGIN
        return self._links[best] if near and phrase.isascii() == self._names[best].isascii() else None

    def prepare(self) -> None:
        """Encode the names. Takes milliseconds a name, so call it in the background; what the encoder raises comes through."""
        with self._lock:
            if self._vectors is None and self._names:
                new = [name for name in self._names if name not in self._memory]
                if new:
                    self._memory.update(zip(new, self._encode(new), strict=True))
                self._vectors = np.stack([self._memory[name] for name in self._names])


def _phrases(pieces: Sequence[Piece]) -> list[tuple[int, int, str]]:
    """(start, end, words) of the last run of wanted words that are linked to nothing."""
    runs: list[list[Piece]] = [[]]
    for piece in pieces:
        unknown = piece.kind is Kind.UNKNOWN or (piece.is_thing and not piece.links)
        if unknown and not piece.negated:
            runs[-1].append(piece)
        else:
            runs.append([])
    return [(run[-3:][0].start, run[-1].end, " ".join(p.words for p in run[-3:])) for run in runs if run][-1:]
