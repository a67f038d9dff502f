"""Slips of one or two letters in words that nothing knows, corrected towards words that the catalogue or the lexicon has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from rapidfuzz import process
from rapidfuzz.distance import OSA

from fusion.instructions.lexicon import load, load_list, load_money_phrases, load_spelling, words
from fusion.instructions.tokens import NUMBER, WORD, Token, stem, tokenise

_MIN_LENGTH = 5  # below it, one edit makes a different word ("boat", "boot")
_TWO_EDITS = 8  # from this length on, two edits are still a slip
_MAX_CORRECTIONS = 4
_MAX_LENGTH = 24  # no retail word is longer, and distances to a long one would cost time
_MIN_PART = 3
_STRETCHED = re.compile(r"(.)\1{2,}")


class TypoIndex:
    """Known words by length. Built once per catalogue; reading is thread-safe."""

    def __init__(self, targets: Iterable[str], known: Iterable[str], titles: Collection[str]) -> None:
        """
        Args:
            targets: words worth being corrected to; they are never corrected themselves.
            known: other words that mean something (cues), neither corrected nor corrected to.
            titles: words of the catalogue's titles, never corrected.
        """
        targets = self._targets = set(targets)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(targets):
            if len(word) >= _MIN_LENGTH - 1 and word.isalpha() and word.isascii():
                self._by_length[len(word)].append(word)
        english = {*load("english")["everyday"]["words"].split(), *words(load("cues")["descriptor"]["en"])}
        self._known = targets | set(known) | set(load("money")["numbers"]) | money_words() | english | set(load_spelling())
        self._titles = titles
        self._short = {slip: color for color in sorted(load_list("plain_colors")) for slip in _short_slips(color)}

    def correct(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with slips corrected; offsets stay those of what was typed."""
        corrected, left = [], _MAX_CORRECTIONS
        for token, following in zip_longest(tokens, tokens[1:]):
            suspect = left > 0 and self._is_suspect(token)
            word = self._short_word(token, following) if left > 0 and (suspect or self._is_short(token)) else ""
            if suspect and not word:
                word = self._shortened(token.word) or self._nearest(token)
            parts = self._parted(token) if suspect and not word else []
            left -= bool(word or parts)
            corrected.extend(parts or [replace(token, word=word, key=stem(word)) if word else token])
        return corrected

    def _is_short(self, token: Token) -> bool:
        """Whether it is an unknown word of four letters, in which only what ``_short_word`` knows is seen."""
        return len(token.word) == _MIN_LENGTH - 1 and self._is_strange(token)

    def _short_word(self, token: Token, following: Token | None) -> str:
        """A bound before a number ("undr 300"), a small word, a plain colour, or two letters of a name that changed places."""
        if token.word in load_list("no_slips"):
            return ""
        counts = following is not None and (following.kind == NUMBER or following.word in {"than", "then", "$", "¥", "€", "£"})
        if counts and (word := _one_edit_away(token.word, load_list("slipped_bounds"))):
            return word
        if len(token.word) >= _MIN_LENGTH and (word := _one_edit_away(token.word, load_list("slipped_cues"))):
            return word
        swapped = (word for word in _swaps(token.word) if word in self._targets) if self._is_short(token) else iter(())
        return self._short.get(token.word, "") or next(swapped, "")

    def _shortened(self, word: str) -> str:
        """ "redddd" is "red": letters that are stretched to three or more."""
        if not _STRETCHED.search(word):
            return ""
        shorter = (_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word))
        return next((w for w in shorter if w in self._targets), "")

    def _parted(self, token: Token) -> list[Token]:
        """ "blackdress" is two words that are known, without the space; the longest first part wins."""
        for i in range(len(token.word) - _MIN_PART, _MIN_PART - 1, -1):
            first, second = token.word[:i], token.word[i:]
            if token.end - token.start == len(token.word) and first in self._targets and self._is_target(second):
                middle = token.start + i
                parts = ((first, token.start, middle), (second, middle, token.end))
                return [Token(w, stem(w), start, end, WORD) for w, start, end in parts]
        return []

    def _is_target(self, word: str) -> bool:
        return any(w in self._targets for w in _inflections(word))

    def _is_suspect(self, token: Token) -> bool:
        return len(token.word) >= _MIN_LENGTH and self._is_strange(token)

    def _is_strange(self, token: Token) -> bool:
        return (
            token.kind == WORD
            and token.word.isascii()
            and token.word.isalpha()
            and not any(word in self._known or word in self._titles for word in _inflections(token.word))
        )

    def _nearest(self, token: Token) -> str:
        word = token.word
        if len(word) > _MAX_LENGTH:
            return ""
        limit = 2 if len(word) >= _TWO_EDITS else 1
        choices = [c for n in range(len(word) - limit, len(word) + limit + 1) for c in self._by_length.get(n, ())]
        found = process.extract(word, choices, scorer=OSA.distance, score_cutoff=limit, limit=5)
        # A second edit is only believed behind the same first letter.
        ranked = [(distance, choice[0] != word[0], sorted(choice) != sorted(word), choice) for choice, distance, _ in found]
        best = min((r for r in ranked if r[0] == 1 or not r[1]), default=None)
        return best[3] if best else ""


@lru_cache(maxsize=1)
def money_words() -> frozenset[str]:
    """Words of amounts, bounds and units, which a slip must not be seen in."""
    return frozenset(token.word for phrase in load_money_phrases() for token in tokenise(phrase) if token.kind == WORD)


def _inflections(word: str) -> tuple[str, ...]:
    """The word and what it may be a plural or a singular of; "adidass" is no plural."""
    return (word, f"{word}s") if word.endswith("ss") else (word, f"{word}s", word.removesuffix("s"), word.removesuffix("es"))


def _one_edit_away(word: str, known: Collection[str]) -> str:
    """The first known word that begins alike and is one edit away, "" if there is none."""
    return next((k for k in sorted(known) if k[0] == word[0] and OSA.distance(k, word, score_cutoff=1) == 1), "")


def _short_slips(word: str) -> set[str]:
    """What is typed when a letter is left out or two letters change places, of four letters or more."""
    dropped = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    return {slip for slip in (*dropped, *_swaps(word)) if len(slip) >= _MIN_LENGTH - 1 and slip != word}


def _swaps(word: str) -> list[str]:
    return [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
