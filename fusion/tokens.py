"""Words for the lexical leg: English stems and Chinese words, out of any mixture of the two."""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from functools import lru_cache

_LATIN = r"[^\W_㐀-䶿一-鿿]+"
_WORD = re.compile(rf"[㐀-䶿一-鿿]+|{_LATIN}(?:[.\-/]{_LATIN})*")
_CJK = re.compile(r"[㐀-䶿一-鿿]")
_LOCK = threading.Lock()

_ENGLISH_STOPS = (
    "a an and are as at be by for from has have i in is it its me my of on or that the this to with you your am was were been "
    "do does did can could would will shall should he him his she her they them their we us our who whom whose which what "
    "someone somebody something anyone anything some any very really so if then than there here about into just also"
)
_CHINESE_STOPS = (
    "的 了 和 是 在 我 有 就 也 都 而 及 与 着 或 一个 一把 一双 一件 一台 一部 一款 一种 个 把 双 件 想 要 给 "
    "你 您 他 她 它 我们 什么 哪些 那 这 吗 呢 吧 很 非常"
)
STOP_WORDS = frozenset(_ENGLISH_STOPS.split()) | frozenset(_CHINESE_STOPS.split())


def tokenize(text: str) -> list[str]:
    """Words of a text in reading order: lower case, English ones stemmed, Chinese ones segmented, stop words left out.

    A compound such as "wi-fi" or "AR4561-40" gives itself and its parts, so that either spelling finds it.
    """
    tokens: list[str] = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).lower()):
        word = match.group()
        if _CJK.match(word):
            tokens.extend(t for t in _segment(word) if t not in STOP_WORDS)
            continue
        parts = re.split(r"[.\-/]", word)
        for part in [word, *parts] if len(parts) > 1 else parts:
            if part and part not in STOP_WORDS:
                tokens.append(_stem(part))
    return tokens


def _segment(run: str) -> list[str]:
    jieba = _jieba()
    return [word for word in jieba.cut_for_search(run) if word.strip()]


@lru_cache(maxsize=1)
def _jieba():  # type: ignore[no-untyped-def]
    with _LOCK:
        import jieba

        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()
        return jieba


@lru_cache(maxsize=500_000)  # a catalogue of 100,000 products has some 200,000 words
def _stem(word: str) -> str:
    if not word.isascii() or any(c.isdigit() for c in word):
        return word
    with _LOCK:  # the stemmer keeps its cursor in the instance
        stemmed: str = _stemmer().stemWord(word)
    return stemmed


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]
    import snowballstemmer

    return snowballstemmer.stemmer("english")
