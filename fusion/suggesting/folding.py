"""How typed words and the texts they are looked up in are compared, and which part of a text they matched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fusion.instructions.homophones import sounds_of
from fusion.instructions.language import is_han
from fusion.instructions.normalise import normalise

Range = tuple[int, int]

_NO_WORD = re.compile(r"[\W_]+")
_SEAM = re.compile(r"(?<=[㐀-鿿])(?=[^\W_㐀-鿿])|(?<=[^\W_㐀-鿿])(?=[㐀-鿿])")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the box.

    Attributes:
        text: as typed.
        words: folded; a run of Chinese characters is one word.
    """

    text: str
    words: tuple[str, ...]

    @property
    def letters(self) -> str:
        """The words run together when they may be pinyin, "" otherwise."""
        together = "".join(self.words)
        return together if together.isascii() and together.isalpha() else ""


def read_typed(text: str) -> Typed:
    """What was typed, ready to be looked up."""
    return Typed(text, tuple(fold(text).split()))


def fold(text: str) -> str:
    """Words apart by one space: lower case, half width, simplified Chinese, no accents and marks, grey as gray."""
    plain = text.lower() if text.isascii() else normalise(text).text
    plain = _NO_WORD.sub(" ", plain.replace("'", "")).strip().replace("grey", "gray")
    return plain if plain.isascii() else _SEAM.sub(" ", plain)


def starts_word(word: str) -> str:
    """What a folded line holds where the word begins; a Chinese one may begin anywhere."""
    return word if is_han(word[0]) else f" {word}"


def spell(folded: str) -> list[str]:
    """What each character of a folded text sounds like: pinyin without tones, other characters as they are."""
    return [sounds_of(c)[0] if is_han(c) else c for c in folded]


def matched_ranges(text: str, words: Iterable[str], letters: str = "") -> tuple[Range, ...]:
    """(start, end) offsets of what was typed in a text that is shown, in order, none touching another.

    Args:
        words: folded words that the text was found by.
        letters: pinyin that it was found by.
    """
    shown, origin = _with_origin(text)
    found = [place for word in words if (place := _place(shown, word))]
    if letters and not found:
        found = [place for place in (_spelled_place(shown, letters),) if place]
    return _joined(sorted((origin[start], origin[end - 1] + 1) for start, end in found))


def _with_origin(text: str) -> tuple[str, Sequence[int]]:
    """The text as ``fold`` reads it, but character by character, so that each knows where it came from."""
    normal = normalise(text)
    kept = [(c if c.isalnum() else " ", place) for c, place in zip(normal.text, normal.origin, strict=True) if c != "'"]
    return "".join(c for c, _ in kept).replace("grey", "gray"), [place for _, place in kept]


def _place(shown: str, word: str) -> Range | None:
    at = shown.find(word)
    while at > 0 and not is_han(word[0]) and shown[at - 1].isalnum() and not is_han(shown[at - 1]):
        at = shown.find(word, at + 1)
    return None if at < 0 else (at, at + len(word))


def _spelled_place(shown: str, letters: str) -> Range | None:
    """Which characters the letters spell, in whole or by their first letters."""
    sounds = spell(shown)
    for how in (sounds, [sound[:1] for sound in sounds]):
        for start in range(len(how)):
            if is_han(shown[start]) and (end := _reach(how, start, letters)):
                return start, end
    return None


def _reach(sounds: Sequence[str], start: int, letters: str) -> int:
    """Where the characters end that begin at ``start`` and are spelled by the letters; 0 when they are not."""
    said, end = "", start
    while end < len(sounds) and len(said) < len(letters):
        said += sounds[end].strip()
        end += 1
    return end if said.startswith(letters) else 0


def _joined(places: Sequence[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for start, end in places:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
