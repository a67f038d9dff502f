"""One spelling for every request: width, script, case, accents and invisible characters, with a way back to the original."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fusion.instructions.lexicon import load

MAX_CHARACTERS = 500

_SAME = str.maketrans("’‘`´–—−‐‑“”", "''''-----\"\"")
_HAN_FIRST, _HAN_LAST = "\u3400", "\u9fff"


@dataclass(frozen=True, slots=True)
class NormalText:
    """Normalised text and, for each of its characters, where it came from.

    Attributes:
        original: the request as given (at most MAX_CHARACTERS of it are read).
        text: lower case, half width, simplified Chinese, accents removed, invisible characters gone.
        origin: origin[i] is the offset in ``original`` of text[i].
    """

    original: str
    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """(start, end) of a non-empty slice of ``text``, in offsets of the original."""
        return self.origin[start], self.origin[end - 1] + 1


def normalise(original: str) -> NormalText:
    """Normalise a request. Never raises, whatever the string holds; time is linear and bounded."""
    characters: list[str] = []
    origin: list[int] = []
    for offset, character in enumerate(original[:MAX_CHARACTERS]):
        for plain in _plain(character):
            characters.append(plain)
            origin.append(offset)
    return NormalText(original, _simplified("".join(characters)), tuple(origin))


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    """What one character is read as: "" for the invisible, a word for an emoji, " " for other symbols."""
    if character < "\x80":
        return character.lower() if character.isprintable() else " "
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"}:
        return ""
    if word := load("emoji")["emoji"].get(character):
        return f" {word} "
    if category in {"Cc", "Cs", "Co", "Cn", "So", "Sk"}:
        return " "
    folded = unicodedata.normalize("NFKC", character).translate(_SAME).lower()
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in decomposed if not unicodedata.combining(c)) if len(decomposed) > 1 else folded


def _simplified(text: str) -> str:
    if not any(_HAN_FIRST <= c <= _HAN_LAST for c in text):
        return text
    converter = _converter()
    converted: str = converter.convert(text)
    # Offsets must stay true, so a conversion that changes the length is done character by character.
    return converted if len(converted) == len(text) else "".join((converter.convert(c) or c)[:1] for c in text)


@lru_cache(maxsize=1)
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
