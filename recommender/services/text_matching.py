"""Short texts matched by meaning: which of a shop's own phrases a text says again, if any. Never raises.

A phrase is meant when the text is close to it and closer than to what sounds like it: ``score = s + (s - c)`` with s the
cosine to the nearest phrase and c the cosine to the nearest text of the contrast. Without the model, or with one whose cosines
nobody calibrated, only texts that say nearly the same words match.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from rapidfuzz import fuzz, process

from fusion.suggesting.folding import Range, Typed, fold, matched_ranges, read_typed
from fusion.suggesting.lines import Lines
from fusion.types import Matrix, Vector
from recommender.engine import get_engine

logger = logging.getLogger(__name__)

MAX_TEXT = 200
SAME_WORDS = 90.0  # of 100: a letter or an ending differs
CHUNK = 8  # a shopper's own request waits for no more than one chunk of phrases


@dataclass(frozen=True, slots=True)
class Calibration:
    """From which score on a phrase is meant, and from which on nothing else is."""

    meant: float
    certain: float


# By the backend of the text encoder: measured with multilingual-e5-small on labelled texts of an online shop, both languages
# (docs/faq.md). Cosines of another model lie elsewhere.
CALIBRATIONS: Mapping[str, Calibration] = {"bundled": Calibration(0.95, 0.975)}


@dataclass(frozen=True, slots=True)
class Match:
    """The phrase that a text says again. ``certain``: it says nothing else; ``key`` is the phrase's."""

    key: str
    score: float
    certain: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """A phrase that begins, or has words that begin, as was typed."""

    key: str
    text: str
    ranges: tuple[Range, ...]


class TextMatcher:
    """Thread-safe.

    Args:
        phrases: (key, text); one key may have many.
        contrast: texts that mean none of them, among them what sounds like one.
        calibration: None takes the one of the text encoder in use.
        memory: encoder id and text -> vector, kept by the caller so that an edit encodes only what is new.
    """

    def __init__(
        self,
        phrases: Sequence[tuple[str, str]],
        contrast: Sequence[str] = (),
        calibration: Calibration | None = None,
        memory: dict[tuple[str, str], Vector] | None = None,
    ) -> None:
        self._keys = [key for key, _ in phrases]
        self._texts = [text for _, text in phrases]
        self._folded = [fold(text) for text in self._texts]
        self._contrast = list(contrast)
        self._lines = Lines(self._texts)
        self._calibration = calibration
        self._memory = {} if memory is None else memory
        self._vectors: tuple[str, Matrix, Matrix] | None = None  # the encoder's id, phrases, contrast
        self._preparing = threading.Lock()

    def match(self, text: str) -> Match | None:
        """The phrase that the text says again; None when it says something else."""
        if not self._texts or not text.strip() or len(text) > MAX_TEXT:
            return None
        try:
            return self._same_words(text) or self._by_meaning(text)
        except Exception as error:
            logger.info("event=text_not_matched error=%r", error)
            return None

    def begin(self, typed: str, limit: int) -> list[Beginning]:
        """Phrases that go on from what was typed, one for each key."""
        read: Typed = read_typed(typed)
        found: dict[str, Beginning] = {}
        for hit in self._lines.find(read, 4 * limit):
            text = self._texts[hit.line]
            found.setdefault(self._keys[hit.line], Beginning(self._keys[hit.line], text, matched_ranges(text, hit.words)))
        return list(found.values())[:limit]

    def prepare(self) -> None:
        """Encode every phrase that is not yet known; what the encoder raises comes through."""
        with self._preparing:
            encoder_id = _encoder_id()
            if self._vectors is None or self._vectors[0] != encoder_id:
                phrases, contrast = (self._encoded(texts, encoder_id) for texts in (self._texts, self._contrast))
                self._vectors = (encoder_id, phrases, contrast)

    def _same_words(self, text: str) -> Match | None:
        found = process.extractOne(fold(text), self._folded, scorer=fuzz.token_sort_ratio, score_cutoff=SAME_WORDS)
        return Match(self._keys[found[2]], found[1] / 100, True) if found else None

    def _by_meaning(self, text: str) -> Match | None:
        encoder_id = _encoder_id()
        calibration = self._calibration or CALIBRATIONS.get(encoder_id.partition(":")[0])
        if calibration is None:
            return None
        if self._vectors is None or self._vectors[0] != encoder_id:
            if not self._preparing.locked():
                threading.Thread(target=self._prepare_quietly, name="attune-phrases", daemon=True).start()
            return None
        _, phrases, contrast = self._vectors
        vector = get_engine().encode_phrases([text])[0]
        near = phrases @ vector
        best = int(near.argmax())
        other = float((contrast @ vector).max()) if len(contrast) else 0.0
        score = float(2 * near[best] - other)
        return Match(self._keys[best], score, score >= calibration.certain) if score >= calibration.meant else None

    def _prepare_quietly(self) -> None:
        try:
            self.prepare()
        except Exception as error:
            logger.info("event=phrases_not_encoded error=%r", error)
        finally:
            connection.close()

    def _encoded(self, texts: Sequence[str], encoder_id: str) -> Matrix:
        """(n, dim)."""
        new = [text for text in dict.fromkeys(texts) if (encoder_id, text) not in self._memory]
        for start in range(0, len(new), CHUNK):
            chunk = new[start : start + CHUNK]
            for text, vector in zip(chunk, get_engine().encode_phrases(chunk), strict=True):
                self._memory[encoder_id, text] = vector
        return np.stack([self._memory[encoder_id, text] for text in texts]) if texts else np.zeros((0, 1), np.float32)


def _encoder_id() -> str:
    return get_engine().encoder_ids.get("text", "")
