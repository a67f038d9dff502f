"""Numbers that are no prices: measures ("13 inch", "16GB"), sizes ("size 40", "40码") and ages ("5 year old", "5岁")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from fusion.instructions.lexicon import load, load_list, words
from fusion.instructions.normalise import normalise
from fusion.instructions.numerals import number_at
from fusion.instructions.tokens import HAN, NUMBER, WORD, Token, tokenise


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its meaning, over tokens[start:end]. ``kind`` is "measure", "size" or "age"; ``key`` looks it up."""

    kind: str
    key: str
    start: int
    end: int


def find_quantities(tokens: Sequence[Token], taken: Sequence[bool], sizes: Mapping[str, object]) -> list[Quantity]:
    """Measures, sizes and ages among the tokens that are not taken yet, in order."""
    found: list[Quantity] = []
    position = 0
    while position < len(tokens):
        quantity = None if taken[position] else _quantity_at(tokens, position, sizes)
        if quantity is None:
            position += 1
        else:
            found.append(quantity)
            position = quantity.end
    return found


def _quantity_at(tokens: Sequence[Token], i: int, sizes: Mapping[str, object]) -> Quantity | None:
    before, after, ages = _phrases("sizes", "before"), _phrases("sizes", "after"), _phrases("ages", "")
    if (n := _longest(tokens, i, before)) and i + n < len(tokens) and (found := _size_at(tokens, i + n, sizes)):
        key, end = found
        return Quantity("size", key, i, end + _longest(tokens, end, after))
    known = _phrases("sizes", "known")
    if (n := _longest(tokens, i, known)) and (found := _size_at(tokens, i + n, sizes)) and tokens[i + n].kind == NUMBER:
        key, end = found
        if key in sizes and (not _longest(tokens, end, _units()) or _is_preposition(tokens, end)):
            return Quantity("size", key, i, end)  # "heels in a 38"
    number = number_at(tokens, i) if tokens[i].kind in {NUMBER, HAN} else None
    if number and (n := _longest(tokens, number.end, ages)):
        return Quantity("age", str(number.value), i, number.end + n)
    if number and (n := _longest(tokens, number.end, after)):
        return Quantity("size", f"{number.value.normalize():f}", i, number.end + n)
    if tokens[i].kind != NUMBER:
        return None
    if (n := _longest(tokens, i + 1, _units())) and not _is_preposition(tokens, i + 1):
        return Quantity("measure", measure_key(tokens[i : i + 1 + n])[0], i, i + 1 + n)
    return None


def _is_preposition(tokens: Sequence[Token], i: int) -> bool:
    """ "a 43 in shoes", but "27 in monitor" where the number is no size: "in" before something worn is no inch."""
    return tokens[i].word == "in" and i + 1 < len(tokens) and tokens[i + 1].word in load_list("worn_words")


def _size_at(tokens: Sequence[Token], i: int, sizes: Mapping[str, object]) -> tuple[str, int] | None:
    """(key, end) of the size that stands at tokens[i]: 42, XL, "forty two", 四十二."""
    if i >= len(tokens):
        return None
    if tokens[i].kind == NUMBER:
        glued = i + 1 < len(tokens) and tokens[i + 1].kind == WORD and tokens[i + 1].start == tokens[i].end
        if glued and (key := size_key(tokens[i : i + 2])):
            return key, i + 2
        return size_key([tokens[i]]), i + 1
    if tokens[i].kind == WORD and (key := size_key([tokens[i]])) in sizes:
        return key, i + 1
    number = number_at(tokens, i)
    return (f"{number.value.normalize():f}", number.end) if number and f"{number.value.normalize():f}" in sizes else None


def measure_key(tokens: Sequence[Token]) -> list[str]:
    """Canonical keys of every measure among the tokens: "27-inch", '27"' and "27寸" are all "27 inch"."""
    keys = []
    for i, token in enumerate(tokens):
        if token.kind == NUMBER and (n := _longest(tokens, i + 1, _units())):
            unit = _units()[tuple(t.word for t in tokens[i + 1 : i + 1 + n])]
            keys.append(f"{Decimal(token.word).normalize():f} {unit}")
    return keys


def unit_at(tokens: Sequence[Token], start: int) -> tuple[str, int]:
    """(canonical unit, end) of the unit that stands at tokens[start], ("", start) if none does."""
    n = _longest(tokens, start, _units())
    return (_units()[tuple(t.word for t in tokens[start : start + n])], start + n) if n else ("", start)


def size_key(tokens: Sequence[Token]) -> str:
    """What a size is looked up by: "Size 40", "EU 40" and "40" are "40"; "Medium" and "M" are "m"; "" for anything longer."""
    kept = [t for t in tokens if t.word not in load_list("size_words") and t.kind in {NUMBER, WORD}]
    if len(kept) == 2 and kept[0].kind == NUMBER and kept[0].end == kept[1].start:
        return _SIZE_LETTERS.get(kept[0].word + kept[1].word, "")
    if len(kept) != 1 or len(kept) + sum(t.word in load_list("size_words") for t in tokens) != len(tokens):
        return ""
    word = kept[0].word
    return f"{Decimal(word).normalize():f}" if kept[0].kind == NUMBER else _SIZE_LETTERS.get(word, word)


_SIZE_LETTERS = {"small": "s", "medium": "m", "large": "l", "2xl": "xxl", "3xl": "xxxl"}


def _longest(tokens: Sequence[Token], start: int, phrases: Mapping[tuple[str, ...], str]) -> int:
    """How many tokens from ``start`` the longest phrase covers, 0 if none does."""
    for n in range(min(4, len(tokens) - start), 0, -1):
        if tuple(t.word for t in tokens[start : start + n]) in phrases:
            return n
    return 0


@lru_cache(maxsize=8)
def _phrases(section: str, prefix: str) -> Mapping[tuple[str, ...], str]:
    return {
        tuple(t.word for t in tokenise(normalise(phrase).text)): phrase
        for key, line in load("money")[section].items()
        if key.startswith(prefix)
        for phrase in words(line)
    }


@lru_cache(maxsize=1)
def _units() -> Mapping[tuple[str, ...], str]:
    """Tokens of a unit -> its canonical name."""
    return {
        tuple(t.word for t in tokenise(normalise(name).text)): unit
        for unit, names in load("money")["unit_names"].items()
        for name in words(names)
    }
