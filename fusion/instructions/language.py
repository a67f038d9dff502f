"""Which language a request is written in."""

from __future__ import annotations

from collections.abc import Mapping

HAN_FIRST, HAN_LAST = "\u3400", "\u9fff"


def is_han(character: str) -> bool:
    return HAN_FIRST <= character <= HAN_LAST


def detect_language(text: str) -> str:
    """ISO 639-1 code: "zh" when at least as many Chinese characters as Latin words, "en" otherwise, "" without any letters.

    Brand names are Latin in Chinese requests ("Nike 跑鞋"), so a Chinese character weighs as much as a whole Latin word.
    """
    n_han = sum(1 for c in text if is_han(c))
    n_words = sum(1 for word in text.split() if any(c.isalpha() and not is_han(c) for c in word))
    if n_han and n_han >= n_words:
        return "zh"
    return "en" if n_words else ""


# A catalogue speaks a language when at least this share of its title words is in it: brand names alone do not count.
SPEAKS_FROM = 0.1


def languages_of(titles: Mapping[str, int]) -> frozenset[str]:
    """The languages of a catalogue's titles, from its words and how many titles each is in."""
    counts = {"zh": 0, "en": 0}
    for word, n in titles.items():
        language = detect_language(word)
        if language:
            counts[language] += n
    total = sum(counts.values())
    return frozenset(language for language, n in counts.items() if total and n >= SPEAKS_FROM * total)
