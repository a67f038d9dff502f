"""Words that carry a request's logic and its prices: nobody may teach them away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fusion.instructions.closed_class import closed_class_table
from fusion.instructions.lexicon import load, words
from fusion.instructions.normalise import normalise
from fusion.instructions.phrase_table import Kind
from fusion.instructions.prices import find_prices
from fusion.instructions.teaching import request_key
from fusion.instructions.tokens import NUMBER, Token, tokenise

_LOGIC = frozenset({Kind.NEGATE, Kind.AVOID, Kind.EXCEPT, Kind.ONLY})
_SMALL = frozenset({Kind.GLUE, Kind.CHATTER, Kind.JOIN, Kind.STOP, Kind.THEME})


def reserved_in(phrase: str) -> str:
    """The first word of a phrase that negates, excludes or says a price; "" where there is none.

    Bounds ("under", 以下) count where they are the whole phrase: inside one ("under the sink") they say nothing of a price.
    """
    tokens = tokenise(normalise(phrase).text)
    if request_key(phrase) in _money_phrases() or (tokens and all(token.kind == NUMBER for token in tokens)):
        return phrase.strip()
    if prices := find_prices(tokens):
        return _text(tokens[prices[0].start : prices[0].end])
    return next((_text(tokens[start:end]) for start, end, kind in _known(tokens) if kind in _LOGIC), "")


def is_reserved(phrase: str) -> bool:
    """Whether a phrase says nothing but logic or a price: "not", "don't want the", "under 50"; "no show socks" says more."""
    tokens = tokenise(normalise(phrase).text)
    if not reserved_in(phrase):
        return False
    covered = {i for start, end, kind in _known(tokens) if kind in _LOGIC | _SMALL for i in range(start, end)}
    covered |= {i for price in find_prices(tokens) for i in range(price.start, price.end)}
    return request_key(phrase) in _money_phrases() or all(i in covered or t.kind == NUMBER for i, t in enumerate(tokens))


def _known(tokens: Sequence[Token]) -> list[tuple[int, int, Kind]]:
    """(start, end, kind) of the longest phrases of the lexicon, from left to right."""
    found: list[tuple[int, int, Kind]] = []
    position = 0
    while position < len(tokens):
        matches = closed_class_table().matches(tokens, position)
        end = max(matches, default=0)
        if end:
            found += [(position, end, entry.kind) for entry in matches[end]]
        position = end or position + 1
    return found


def _text(tokens: Sequence[Token]) -> str:
    return (" " if all(token.word.isascii() for token in tokens) else "").join(token.word for token in tokens)


@lru_cache(maxsize=1)
def _money_phrases() -> frozenset[str]:
    """Bounds and currencies, each as a whole phrase."""
    money = load("money")
    lines = [line for side in ("before", "after") for bound in ("lte", "gte") for line in money[side][bound].values()]
    lines += [*money["currencies"].values(), money["generic"]["words"], ", ".join(money["families"])]
    return frozenset(key for line in lines for phrase in words(line) if (key := request_key(phrase)))
