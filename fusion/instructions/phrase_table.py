"""Longest match of whole phrases over tokens: a trie of stems, built once, shared by threads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fusion.instructions.lexicon import load_list
from fusion.instructions.tokens import HAN, Token, tokenise


class Kind(StrEnum):
    """What a piece of a request is. The order is the priority when one phrase is several things at once."""

    NEUTRAL = "neutral"
    ORDER = "order"
    CHEAP = "cheap"
    DEAR = "dear"
    STOCK = "stock"
    AVOID = "avoid"
    NEGATE = "negate"
    REFUSE = "refuse"
    EXCEPT = "except"
    CLOSE = "close"
    ONLY = "only"
    SOFT = "soft"
    JOIN = "join"
    STOP = "stop"
    LOVES = "loves"
    MENTION = "mention"
    HINT = "hint"
    FIELD = "field"
    THEME = "theme"
    CHATTER = "chatter"
    GLUE = "glue"
    PRICE = "price"
    AGE = "age"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Link:
    """Values of one field that a phrase means.

    Attributes:
        field: the catalogue's own field name.
        role: what kind of field it is; the "gender" of a shop that has a category "Men" is a link of that role to "category".
        values: the catalogue's own spellings.
        fit: "exact", "narrower" (kinds of what was said) or "broader" (what was said is a kind of these).
        count: items that have one of the values.
    """

    field: str
    role: str
    values: tuple[str, ...]
    fit: str = "exact"
    count: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning of a phrase.

    Attributes:
        words: the phrase's exact words; a loose (stemmed) match gives way to an exact one.
        ref: a concept's key, an order's or a hint's name, a field.
        links: for a MENTION of a catalogue's own value.
        strict: match the exact words only (function words have no plural).
    """

    kind: Kind
    words: tuple[str, ...]
    ref: str = ""
    links: tuple[Link, ...] = ()
    strict: bool = False


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


class PhraseTable:
    """Phrases -> their meanings. Fill it before it is shared; reading is thread-safe.

    Attributes:
        words: of its phrases: what a slip may be corrected to.
        sounds: pinyin in its phrases: right as it stands, and nothing is corrected to it.
        han_phrases: its phrases in Chinese characters.
    """

    def __init__(self) -> None:
        self._root = _Node()
        self.words: set[str] = set()
        self.sounds: set[str] = set()
        self.han_phrases: set[str] = set()

    def add(
        self,
        phrase: str,
        kind: Kind,
        ref: str = "",
        links: tuple[Link, ...] = (),
        *,
        strict: bool = False,
        spelled: bool = True,
    ) -> None:
        """Add one meaning of a phrase, given in normalised text. ``spelled`` is False for pinyin."""
        self.add_tokens(tokenise(phrase), kind, ref, links, strict=strict, spelled=spelled)

    def add_tokens(
        self,
        tokens: Sequence[Token],
        kind: Kind,
        ref: str = "",
        links: tuple[Link, ...] = (),
        *,
        strict: bool = False,
        spelled: bool = True,
    ) -> None:
        if not tokens:
            return
        node = self._root
        for token in tokens:
            node = node.children.setdefault(token.key, _Node())
        node.entries.append(Entry(kind, tuple(t.word for t in tokens), ref, links, strict))
        (self.words if spelled else self.sounds).update(t.word for t in tokens)
        if all(t.kind == HAN for t in tokens):
            self.han_phrases.add("".join(t.word for t in tokens))

    def matches(self, tokens: Sequence[Token], start: int) -> dict[int, list[Entry]]:
        """End (exclusive) -> meanings of the phrase tokens[start:end], for every phrase that starts at ``start``."""
        found: dict[int, list[Entry]] = {}
        node = self._root
        for position in range(start, len(tokens)):
            child = node.children.get(tokens[position].key)
            if child is None:
                break
            node = child
            if node.entries and (kept := _best(node.entries, tokens[start : position + 1])):
                found[position + 1] = kept
        return found


def _best(entries: Iterable[Entry], tokens: Sequence[Token]) -> list[Entry]:
    """Exact meanings if there are any, else the loose ones; a lone Chinese character must be a word of its own."""
    if not _whole_word(tokens):
        return []
    said = tuple(t.word for t in tokens)
    exact = [entry for entry in entries if entry.words == said]
    return exact or [entry for entry in entries if not entry.strict and all(map(same_word, entry.words, said))]


def same_word(one: str, other: str) -> bool:
    """Whether two words of one stem inflect one word: "dress" and "dresses", but not "comforter" and "comfortable"."""
    if one != other and not load_list("plural_only").isdisjoint((one, other)):
        return False
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one == other or {one[shared:], other[shared:]} <= _INFLECTIONS or _doubled(one, other)


_INFLECTIONS = frozenset({"", "s", "es", "y", "ies", "e", "ing", "ed", "d"})


def _doubled(one: str, other: str) -> bool:
    """ "run" and "running"."""
    short, long = sorted((one, other), key=len)
    return long in {f"{short}{short[-1:]}ing", f"{short}{short[-1:]}ed"}


def _whole_word(tokens: Sequence[Token]) -> bool:
    return len(tokens) > 1 or tokens[0].kind != HAN or tokens[0].edge == 3
