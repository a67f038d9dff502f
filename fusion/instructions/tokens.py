"""Words, numbers, Chinese characters and marks, each with its place in the normalised text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import snowballstemmer

from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load_han_names, load_list, load_spelling

WORD, NUMBER, HAN, MARK = "word", "number", "han", "mark"

# Every alternative consumes at least one character and none can match in two ways, so the scan is linear.
_TOKEN = re.compile(
    r"(?P<number>[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?)"
    r"|(?P<han>[\u3400-\u9fff])"
    r"|(?P<word>[^\W\d_\u3400-\u9fff]+(?:'[^\W\d_\u3400-\u9fff]+)*)"
    r"|(?P<mark>\S)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of a request.

    Attributes:
        word: as matched exactly: spelling variants unified ("grey" -> "gray"), possessive removed.
        key: as matched loosely: the stem of ``word``.
        start, end: offsets in the normalised text.
        kind: "word", "number", "han" (one character) or "mark".
        edge: for a Chinese character, whether a word starts here (bit 1) and ends here (bit 2); 3 for anything else.
    """

    word: str
    key: str
    start: int
    end: int
    kind: str
    edge: int = 3


def tokenise(text: str) -> list[Token]:
    """Split normalised text. A hyphen between letters separates words and leaves no token ("t-shirt" is "t", "shirt")."""
    edges = _han_edges(text)
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, start, end = match.lastgroup or MARK, match.start(), match.end()
        raw = match.group()
        if raw == "'" or (raw == "-" and _joins_letters(text, start)):
            continue
        word = _spelled(raw) if kind == WORD else raw.replace(",", "") if kind == NUMBER else raw
        tokens.append(Token(word, stem(word) if kind == WORD else word, start, end, kind, edges.get(start, 3)))
    return tokens


def _joins_letters(text: str, position: int) -> bool:
    """Between two letters, or between a number and a letter ("27-inch"), but not between two numbers ("30-50")."""
    before = text[position - 1] if position else " "
    after = text[position + 1] if position + 1 < len(text) else " "
    if after.isdigit() and (before.isdigit() or is_han(before) or _ends_amount(text[max(0, position - 2) : position])):
        return False  # "30-50", 三百-500, "1k-2k"
    return before.isalnum() and after.isalnum()


def _ends_amount(end: str) -> bool:
    return len(end) == 2 and end[0].isdigit() and end[1] in "kw"


def _spelled(raw: str) -> str:
    word = raw.removesuffix("'s")
    return load_spelling().get(word, word)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The Snowball (Porter2) English stem; words of other alphabets come back as they are."""
    stemmed: str = _stemmer().stemWord(word[:40])
    return stemmed


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")


def _han_edges(text: str) -> Mapping[int, int]:
    """Offset of each Chinese character -> whether jieba starts (1) or ends (2) a word there."""
    edges: dict[int, int] = {}
    position = len(text) if text.isascii() else 0
    while position < len(text):
        if not is_han(text[position]):
            position += 1
            continue
        end = position
        while end < len(text) and is_han(text[end]):
            end += 1
        for word in segment(text[position:end]):
            for i in range(len(word)):
                edges[position + i] = (1 if i == 0 else 0) | (2 if i == len(word) - 1 else 0)
            position += len(word)
    return edges


@lru_cache(maxsize=4096)
def segment(chinese: str) -> tuple[str, ...]:
    """Chinese words of a run of Chinese characters (jieba's dictionary, no hidden Markov model: it invents words).

    A dictionary word that is made of retail words falls into them: 白衬衫 -> 白, 衬衫.
    """
    return tuple(part for word in _segmenter().cut(chinese, HMM=False) for part in _retail_parts(word))


def _retail_parts(word: str) -> tuple[str, ...]:
    """Longest retail words that cover the whole word, or the word itself where they do not."""
    if word in load_list("whole_words"):
        return (word,)
    return _covered(word, load_han_names()) or (word,)


def _covered(word: str, names: Collection[str]) -> tuple[str, ...]:
    """The word as names, the longest first, or nothing where no names cover it."""
    for end in range(len(word), 0, -1):
        if word[:end] in names:
            rest = _covered(word[end:], names) if end < len(word) else ()
            if rest or end == len(word):
                return (word[:end], *rest)
    return ()


@lru_cache(maxsize=1)
def _segmenter() -> Any:
    """jieba with its own dictionary, read directly: jieba's usual start leaves a cache file in a shared temporary folder."""
    import jieba

    segmenter = jieba.Tokenizer()
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter
