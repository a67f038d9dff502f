"""Short texts, searched as they are typed: by the beginnings of words, with one slip, by pinyin or its first letters.

The texts lie in one string, the heaviest first, and are found with ``str.find``: a search ends with the first hits, which are
the best, and 100,000 titles need no more memory than their characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, product

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from fusion.instructions.language import is_han
from fusion.instructions.tokens import segment
from fusion.suggesting.folding import Typed, fold, spell, starts_word

_MIN_SLIP = 4  # below it, one edit makes a different word
_MAX_SLIP = 24
_MAX_CORRECTED = 3
_MAX_LOOKED_AT = 4000  # lines with the rarest word that are looked at for the others
_MIN_LETTERS, _MIN_INITIALS_INSIDE = 2, 3
_WORD = re.compile(r"[a-z]{4,24}")

BEGINS, HOLDS, SLIPPED, SOUNDS, INITIALS = range(5)


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that was found.

    Attributes:
        line: its number.
        tier: how: BEGINS with what was typed, HOLDS its words, SLIPPED (with one corrected), SOUNDS like it, INITIALS.
        words: folded words that it holds; letters: pinyin that it was found by.
    """

    line: int
    tier: int
    words: tuple[str, ...] = ()
    letters: str = ""


class Lines:
    """Args: texts: the heaviest first."""

    def __init__(self, texts: Sequence[str]) -> None:
        folded = [fold(text) for text in texts]
        self._lines = _Blob([f" {text} " for text in folded])
        self._vocabulary: dict[str, list[str]] = {}
        for word in dict.fromkeys(_WORD.findall(self._lines.text)):
            self._vocabulary.setdefault(word[0], []).append(word)
        self._chinese = [number for number, text in enumerate(folded) if any(map(is_han, text))]
        self._spelled = [folded[number].replace(" ", "") for number in self._chinese]
        sounds = [spell(text) for text in self._spelled]
        self._sounds = _Blob(["".join(said) for said in sounds])
        self._initials = _Blob(["".join(s[:1] for s in said) for said in sounds])

    def __len__(self) -> int:
        return len(self._lines)

    def find(self, typed: Typed, limit: int) -> list[Hit]:
        """At most ``limit`` lines with the words that were typed, the closest kind first, the heaviest first within one."""
        if not typed.words or limit < 1:
            return []
        return _distinct(self._by_words(typed.words, limit) or self._by_parts(typed.words, limit), limit)

    def find_sounding(self, typed: Typed, limit: int) -> list[Hit]:
        """Chinese lines that the letters spell (yizi, or yz), or that sound like the characters (连衣群)."""
        return _distinct(self._by_letters(typed.letters, limit) or self._homophones(typed, limit), limit)

    def find_slipped(self, typed: Typed, limit: int) -> list[Hit]:
        """Lines with the words that were meant: each of four letters or more may be one edit off."""
        choices = [[*([w] if starts_word(w) in self._lines.text else []), *self._corrected(w)] for w in typed.words]
        ways = islice((way for way in product(*choices) if way != typed.words), _MAX_CORRECTED**2)
        return _distinct((hit for way in ways for hit in self._by_words(way, limit, SLIPPED)), limit)

    def beginning(self, word: str, limit: int) -> list[Hit]:
        """Lines that begin with a folded word or its beginning."""
        return [Hit(line, BEGINS, (word,)) for line in islice(self._lines.lines_with(f"\n {word}"), limit)]

    def _by_words(self, words: Sequence[str], limit: int, tier: int = HOLDS) -> list[Hit]:
        found = tuple(words)
        first = [*islice(self._lines.lines_with(f"\n {' '.join(words)}"), limit)] if tier == HOLDS else []
        rest = islice(self._lines.lines_with_all([starts_word(word) for word in words]), limit)
        return [*(Hit(line, BEGINS, found) for line in first), *(Hit(line, tier, found) for line in rest if line not in first)]

    def _by_parts(self, words: Sequence[str], limit: int) -> list[Hit]:
        """Chinese words need not stand together: 红色台灯 is in 红色复古台灯."""
        parts = [part for word in words for part in (segment(word) if is_han(word[0]) else (word,))]
        apart = len(parts) > len(words) and any(len(part) > 1 and is_han(part[0]) for part in parts)
        return self._by_words(parts, limit) if apart else []

    def _corrected(self, word: str) -> list[str]:
        """Words of the texts whose beginning is one edit away; those that begin alike and are as long first."""
        if not (_MIN_SLIP <= len(word) <= _MAX_SLIP and word.isascii() and word.isalpha()):
            return []
        found: dict[str, tuple[bool, int, int]] = {}
        for letter in dict.fromkeys(word[:2]):  # the first two may have changed places
            known = self._vocabulary.get(letter, [])
            for cut in (len(word), len(word) + 1, len(word) - 1):
                beginnings = [other[:cut] for other in known]
                if not beginnings:
                    continue
                edits = process.cdist([word], beginnings, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)[0]
                for place in np.flatnonzero(edits == 1)[:50]:
                    rank = (letter != word[0], abs(len(known[place]) - len(word)), int(place))
                    found[known[place]] = min(rank, found.get(known[place], rank))
        return sorted(found, key=lambda other: found[other])[:_MAX_CORRECTED]

    def _by_letters(self, letters: str, limit: int) -> list[Hit]:
        if len(letters) < _MIN_LETTERS:
            return []
        spelled = [Hit(self._chinese[n], SOUNDS, letters=letters) for n in islice(self._spelled_at(letters), limit)]
        needle = letters if len(letters) >= _MIN_INITIALS_INSIDE else f"\n{letters}"
        initials = [] if spelled else islice(self._initials.lines_with(needle), limit)
        return [*spelled, *(Hit(self._chinese[n], INITIALS, letters=letters) for n in initials)]

    def _homophones(self, typed: Typed, limit: int) -> list[Hit]:
        said = "".join(typed.words)
        letters = "".join(spell(said)) if len(said) > 1 and all(map(is_han, said)) else ""
        found = islice(self._spelled_at(letters), limit) if letters else iter(())
        return [Hit(self._chinese[n], SOUNDS, letters=letters) for n in found]

    def _spelled_at(self, letters: str) -> Iterator[int]:
        """Chinese lines in which a character begins where the letters do: "angao" is in no "bangao"."""
        for number, offset in self._sounds.places_of(letters):
            starts = accumulate((len(sound) for sound in spell(self._spelled[number])), initial=0)
            at = next((n for n, start in enumerate(starts) if start == offset), None)
            if at is not None and is_han(self._spelled[number][at]):
                yield number


def _distinct(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The first hit of each line."""
    found: dict[int, Hit] = {}
    for hit in hits:
        found.setdefault(hit.line, hit)
        if len(found) == limit:
            break
    return list(found.values())


class _Blob:
    """Lines in one string, each with a line break before and after it."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.text = "\n" + "".join(f"{line}\n" for line in lines)
        self._starts = [*accumulate((len(line) + 1 for line in lines), initial=1)]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def places_of(self, needle: str) -> Iterator[tuple[int, int]]:
        """(line, offset in it) of each place, line by line from the first."""
        at = self.text.find(needle)
        while at >= 0:
            line = bisect_right(self._starts, at + (needle[0] == "\n")) - 1
            yield line, at - self._starts[line]
            at = self.text.find(needle, at + 1)

    def lines_with(self, needle: str) -> Iterator[int]:
        """Each line that holds the needle, once."""
        at = self.text.find(needle)
        while at >= 0:
            line = bisect_right(self._starts, at + (needle[0] == "\n")) - 1
            yield line
            at = self.text.find(needle, self._starts[line + 1] - 1)

    def lines_with_all(self, needles: Sequence[str]) -> Iterator[int]:
        longest = max(needles, key=len)
        for line in islice(self.lines_with(longest), _MAX_LOOKED_AT):
            text = self.text[self._starts[line] : self._starts[line + 1]]
            if all(needle in text for needle in needles):
                yield line
