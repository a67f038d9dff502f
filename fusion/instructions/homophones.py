"""Chinese slips of one character that sounds alike (连衣群 for 连衣裙), corrected towards names that are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from fusion.instructions.language import is_han
from fusion.instructions.tokens import HAN, Token

_LENGTHS = (5, 4, 3, 2)
_MAX_CORRECTIONS = 3
_FUNCTION_WORDS = frozenset("的不和或是有没在了非无别与及些")

Sounds = tuple[str, ...]


class HomophoneIndex:
    """Known Chinese names by how they sound. Built once per catalogue; reading is thread-safe."""

    def __init__(self, names: Iterable[str], phrases: Iterable[str]) -> None:
        """
        Args:
            names: what a slip may be corrected to, of two to five characters; anything else is left out.
            phrases: everything else that means something: never corrected, and nothing that touches it is.
        """
        self._known = {name for name in (*names, *phrases) if name}
        self._by_sound: dict[Sounds, str] = {}
        self._by_gap: dict[tuple[str, ...], str] = {}
        for name in sorted(name for name in names if _is_word(name)):
            self._by_sound.setdefault(sounds_of(name), name)
            if len(name) > 2:
                for i in range(len(name) - 1):
                    self._by_gap.setdefault(_gapped(name, i), name)

    def correct(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with slips corrected; offsets stay those of what was typed."""
        corrected, left = list(tokens), _MAX_CORRECTIONS
        position = 0
        while position < len(corrected) and left:
            name = self._name_at(corrected, position) if corrected[position].kind == HAN else ""
            for i, character in enumerate(name):
                edge = (1 if i == 0 else 0) | (2 if i == len(name) - 1 else 0)
                corrected[position + i] = replace(corrected[position + i], word=character, key=character, edge=edge)
            left -= bool(name)
            position += len(name) or 1
        return corrected

    def _name_at(self, tokens: Sequence[Token], start: int) -> str:
        """The known name that the characters from ``start`` on were meant to be, "" if none or if they are right."""
        for length in _LENGTHS:
            window = tokens[start : start + length]
            if len(window) < length or any(token.kind != HAN for token in window):
                continue
            said = "".join(token.word for token in window)
            if said in self._known:
                return ""
            name = self._alike(said) if _stands_alone(window) else ""
            if name and (not self._touches_known(tokens, start, length) or self._ends_wrong(name, window)):
                return name
        return ""

    def _touches_known(self, tokens: Sequence[Token], start: int, length: int) -> bool:
        """Whether a known phrase of two characters or more lies in the window or reaches into it."""
        first, last = max(0, start - _LENGTHS[0] + 1), start + length
        for i in range(first, last):
            text = "".join(token.word if token.kind == HAN else " " for token in tokens[i : i + _LENGTHS[0]])
            if any(text[:n] in self._known and i + n > start for n in range(2, len(text) + 1)):
                return True
        return False

    def _ends_wrong(self, name: str, window: Sequence[Token]) -> bool:
        """运动写: what is known is right, and a lone last character, which sounds like the name's, is wrong."""
        said = "".join(token.word for token in window)
        alone = window[-1].edge == 3 and said[-1] not in self._known | _FUNCTION_WORDS
        return alone and len(said) > 2 and said[:-1] == name[:-1] and sounds_of(said[-1]) == sounds_of(name[-1])

    def _alike(self, said: str) -> str:
        """One character is wrong: of the same sound anywhere, of the same beginning inside a name of three or more."""
        name = self._by_sound.get(sounds_of(said), "")
        if name and self._is_slip(name, said):
            return name
        for i in range(len(said) - 1) if len(said) > 2 else ():
            if (name := self._by_gap.get(_gapped(said, i), "")) and self._is_slip(name, said):
                return name
        return ""

    def _is_slip(self, name: str, said: str) -> bool:
        """Whether one character differs, and the one that was typed means nothing by itself."""
        wrong = [b for a, b in zip(name, said, strict=True) if a != b]
        alike = len(name) > 2 and sounds_of(name) == sounds_of(said)
        return len(wrong) == 1 and wrong[0] not in (_FUNCTION_WORDS if alike else self._known)


def _is_word(name: str) -> bool:
    return 2 <= len(name) <= 5 and all(map(is_han, name)) and not name.endswith("的")


def _stands_alone(window: Sequence[Token]) -> bool:
    """Whether no dictionary word reaches into the characters from outside, and two of them are no word as they stand."""
    apart = bool(window[0].edge & 1) and bool(window[-1].edge & 2)
    return apart and (len(window) > 2 or bool(window[1].edge & 1))


def _gapped(name: str, i: int) -> tuple[str, ...]:
    """The name with the character at ``i`` replaced by how it begins: 牛仔裤 and 牛子裤 are both (牛, z~, 裤)."""
    return (*name[:i], f"{sounds_of(name[i])[0][:1]}~", *name[i + 1 :])


@lru_cache(maxsize=16384)
def sounds_of(name: str) -> Sounds:
    """Pinyin of each character, without tones; a character that has several sounds has its most frequent one."""
    return tuple(_sound(character) for character in name)


@lru_cache(maxsize=16384)
def _sound(character: str) -> str:
    from pypinyin import Style
    from pypinyin.core import lazy_pinyin

    found: list[str] = lazy_pinyin(character, style=Style.NORMAL)
    return found[0] if found else character
