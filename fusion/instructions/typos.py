"""Slips of one or two letters in words that nothing knows, corrected towards words that the catalogue or the lexicon has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from fusion.instructions.lexicon import load, load_spelling
from fusion.instructions.tokens import WORD, Token, stem

_MIN_LENGTH = 5  # below it, one edit makes a different word ("boat", "boot")
_TWO_EDITS = 8  # from this length on, two edits are still a slip
_MAX_CORRECTIONS = 4


class TypoIndex:
    """Known words by length. Built once per catalogue; reading is thread-safe."""

    def __init__(self, targets: Iterable[str], real_words: Iterable[str]) -> None:
        """
        Args:
            targets: words worth being corrected to.
            real_words: words that are never corrected (words of titles among them).
        """
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(set(targets)):
            if len(word) >= _MIN_LENGTH - 1 and word.isalpha() and word.isascii():
                self._by_length[len(word)].append(word)
        self._real = set(real_words) | set(load("english")["everyday"]["words"].split()) | set(load_spelling())
        self._real_stems = {stem(word) for word in self._real if len(word) >= _MIN_LENGTH}

    def correct(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with slips corrected; offsets stay those of what was typed."""
        corrected, left = [], _MAX_CORRECTIONS
        for token in tokens:
            word = self._nearest(token) if left and self._is_suspect(token) else ""
            left -= bool(word)
            corrected.append(replace(token, word=word, key=stem(word)) if word else token)
        return corrected

    def _is_suspect(self, token: Token) -> bool:
        return (
            token.kind == WORD
            and len(token.word) >= _MIN_LENGTH
            and token.word.isascii()
            and token.word.isalpha()
            and token.word not in self._real
            and token.key not in self._real_stems
        )

    def _nearest(self, token: Token) -> str:
        word = token.word
        limit = 2 if len(word) >= _TWO_EDITS else 1
        choices = [c for n in range(len(word) - limit, len(word) + limit + 1) for c in self._by_length.get(n, ())]
        found = process.extract(word, choices, scorer=OSA.distance, score_cutoff=limit, limit=5)
        # A second edit is only believed behind the same first letter.
        ranked = [(distance, choice[0] != word[0], choice) for choice, distance, _ in found]
        best = min((r for r in ranked if r[0] == 1 or not r[1]), default=None)
        return best[2] if best else ""


def index_of(targets: Iterable[str], real_words: Mapping[str, int]) -> TypoIndex:
    """The index of one catalogue: ``real_words`` are its title words with their counts."""
    targets = set(targets)
    return TypoIndex(targets, {*targets, *real_words})
