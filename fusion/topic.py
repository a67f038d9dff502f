"""What a request is about, as rows: an answer that had to give way in price or colour must stay with the thing asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from fusion.blocks import Leg, combine, dense_columns, total
from fusion.chips import without_words
from fusion.collection import ItemCollection
from fusion.index.base import Mask, Rows
from fusion.instructions.base import InstructionParser
from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load_concepts
from fusion.tokens import tokenize
from fusion.types import Constraint, Instruction, Item, Operator, Strength, Vector

# A want that is at least this strong and names a category says what is asked for; a weaker one only a theme ("plant lovers").
HEAD_WEIGHT = 0.5
# Standard deviations above the catalogue's average, over all legs, from where on an item counts as being of the kind if no word
# says so. On the demo catalogue, in both languages, what is of the kind starts at 2.0 and what is not ends at 1.94.
CLOSE_IN_MEANING = 2.0
# An item of the wanted category is one of the things named when it comes this close, as a share of the closest titled so. On
# the demo catalogue it takes running shoes for sneakers, and no cable for a laptop, no sofa for a chair, no ball for a tent.
KIN = 0.8
# How many items with a word of the request are read for whether their title has it.
MAX_TITLES = 2000
_MAX_CLOSE = 200


@dataclass(frozen=True, slots=True)
class Topic:
    """The rows that are of the kind asked for.

    Attributes:
        rows: (n_rows,); None where the request names no kind of thing, so that anything may be meant.
        thing: the shopper's own word for it, "" where there is none.
        words: what was asked for where it is no known thing ("something to sit on").
        known: False when the shop has nothing of the kind.
    """

    rows: Mask | None = None
    thing: str = ""
    words: str = ""
    known: bool = True


@lru_cache(maxsize=1)
def _all_names() -> tuple[frozenset[str], ...]:
    """Of each thing in the lexicon, all that it is called in any language; English names as stems."""
    things = [concept for concept in load_concepts().values() if concept.role == "category"]
    return tuple(
        frozenset(name if is_han(name[0]) else " ".join(tokenize(name)) for given in c.names.values() for name in given)
        for c in things
    )


@lru_cache(maxsize=1)
def _nouns() -> frozenset[str]:
    """Every name of a thing in the lexicon; English ones as stems."""
    return frozenset(name for names in _all_names() for name in names)


def kinds_asked(instruction: Instruction) -> list[Constraint]:
    """The categories that a request asks for; a filter of a page narrows, but does not say what is meant."""
    return [
        c
        for c in instruction.constraints
        if c.field == "category"
        and c.operator is Operator.IN
        and c.source != "filter"
        and (c.strength is Strength.MUST or (c.strength is Strength.WANT and c.weight >= HEAD_WEIGHT))
    ]


class TopicFinder:
    """Finds the topic of one request.

    Args:
        legs: of the whole request.
        legs_of: words -> the legs of these words alone: "red chair" is close to any red thing, "chair" is not.
    """

    def __init__(
        self,
        collection: ItemCollection,
        parser: InstructionParser,
        instruction: Instruction,
        legs: Sequence[Leg],
        legs_of: Callable[[str], Sequence[Leg]],
    ) -> None:
        self.collection = collection
        self.parser = parser
        self.instruction = instruction
        self.legs = legs
        self.legs_of = legs_of
        self.n_rows = collection.columns.n_rows

    @property
    def head(self) -> Constraint | None:
        """The category that the words ask for, a must before a want."""
        return next(iter(sorted(kinds_asked(self.instruction), key=lambda c: c.strength is not Strength.MUST)), None)

    def misses(self, mask: Mask, allowed: Mask) -> bool:
        """Whether a thing is named, as a wish, and none of these rows is one.

        Args:
            mask: rows that meet all musts; allowed: those that may be shown at all.
        """
        head = self.head
        thing = self._word(head) if head else self._noun()
        if not thing or (head is not None and head.strength is Strength.MUST):
            return False
        if self._titled(thing, mask, MAX_TITLES // 10).any():
            return False  # the common case, without a look at the whole catalogue
        rows = self._of_thing(head, thing, allowed).rows
        return rows is not None and not (mask & rows).any()

    def lacking(self) -> str:
        """The thing that the words end in, where no product has any of its names; "" where one has, or nothing is named.

        An item that only comes near in meaning is not of the kind: a shop without guitars has nothing like a guitar.
        """
        thing = self._noun()
        if not thing:
            return ""
        named = [names for names in _all_names() if " ".join(tokenize(thing)) in names or thing in names]
        known = {thing, *(name for names in named for name in names)}
        return "" if any(self._having_all(tokenize(name)).any() for name in known) else thing

    def find(self, allowed: Mask) -> Topic:
        """Args: allowed: rows that may be shown whatever is let go."""
        head = self.head
        if head is not None and head.strength is Strength.MUST:
            return Topic(thing=self._word(head))  # the must itself keeps to the thing
        thing = self._word(head) if head else self._noun()
        if head is not None or thing:
            topic = self._of_thing(head, thing, allowed)
            if topic.known or not self._words:
                return topic
        if self._words:
            return self._of_words(self._words, allowed)
        rows = self._close(allowed, [leg for leg in self.legs if leg.source in ("photo", "liked")])
        return Topic(rows if rows.any() else None)

    @cached_property
    def _words(self) -> str:
        """The words that no must was read from."""
        return without_words(self.instruction.rest, self.instruction.text, self.instruction.musts, ())

    def _noun(self) -> str:
        """The thing that the words end in, where the catalogue has no category for it: "tent" of "warm tent"."""
        if any(c.field == "category" and c.source != "filter" for c in self.instruction.constraints):
            return ""  # what is named there is a theme: "a gift for a plant lover"
        if self.instruction.themes:
            return ""  # "something for a small flat" asks for no flats
        known = _nouns()
        parts = self._words.split()
        for start, first in enumerate(parts):
            if tokenize(first) and " ".join(tokenize(" ".join(parts[start:]))) in known:
                return " ".join(parts[start:])
        last = parts[-1] if parts else ""
        return next((last[start:] for start in range(len(last)) if is_han(last[start]) and last[start:] in known), "")

    def _of_thing(self, head: Constraint | None, thing: str, allowed: Mask) -> Topic:
        """Items whose title names the thing and those of its category that are nearly as close; else its whole category."""
        of_category = self.collection.columns.meets(head) & allowed if head else np.zeros(self.n_rows, bool)
        titled = self._titled(thing, allowed) if thing else np.zeros(self.n_rows, bool)
        if titled.any():
            # With its category's name beside it a narrow word is close to its like, too: "sneakers Footwear" to running shoes.
            words = " ".join([thing, *(value.rpartition("/")[2] for value in (head.values if head else ()))])
            return Topic(titled | self._kin(titled, of_category if head else allowed, self.legs_of(words)), thing=thing)
        return Topic(of_category, thing=thing) if of_category.any() else Topic(None, thing=thing, known=False)

    def _kin(self, titled: Mask, among: Mask, legs: Sequence[Leg]) -> Mask:
        """Rows of a category that come nearly as close to the words as the closest title."""
        found = np.zeros(self.n_rows, bool)
        rows, closeness = self._closest(titled | among, legs)
        best = closeness[titled[rows]].max(initial=0.0) if len(rows) else 0.0
        if best > 0:
            found[rows[closeness >= KIN * best]] = True
        return found & among

    def _of_words(self, words: str, allowed: Mask) -> Topic:
        """Titles that have all of the words, else items that have any, else those close in meaning."""
        rows = self._titled(words, allowed)
        if not rows.any():
            rows = self._having_any(words) & allowed
        if not rows.any():
            rows = self._close(allowed, self.legs_of(words))
        return Topic(rows, words=words) if rows.any() else Topic(None, words=words, known=False)

    def _word(self, head: Constraint) -> str:
        """The shopper's own word for the thing; "" when it was put in by hand."""
        return self.instruction.text[slice(*head.span)].strip() if head.span else ""

    def _spellings(self, words: str) -> list[list[str]]:
        """The words as they are, and as the catalogue's other language calls them."""
        try:
            translated = self.parser.parse(words).expansions
        except Exception:  # a parser that fails has already been named in the answer
            translated = ()
        return [tokens for text in (words, *translated) if (tokens := tokenize(text))]

    def _having(self, tokens: Sequence[str]) -> Mask:
        """Rows with any of the words anywhere."""
        scores = self.collection.lexical.scores(tokens, self.n_rows)
        return np.zeros(self.n_rows, bool) if scores is None else scores > 0

    def _having_all(self, tokens: Sequence[str]) -> Mask:
        """Rows with each of the words somewhere."""
        found = np.full(self.n_rows, bool(tokens))
        for token in tokens:
            found &= self._having([token])
        return found

    def _having_any(self, words: str) -> Mask:
        found = np.zeros(self.n_rows, bool)
        for tokens in self._spellings(words):
            found |= self._having(tokens)
        return found

    def _titled(self, words: str, allowed: Mask, n: int = MAX_TITLES) -> Mask:
        """Allowed rows whose title, in any language, has all of the words; the n that have them most are looked at."""
        found = np.zeros(self.n_rows, bool)
        for tokens in self._spellings(words):
            scores = self.collection.lexical.scores(tokens, self.n_rows)
            if scores is None:
                continue
            rows = np.flatnonzero((scores > 0) & allowed)
            rows = rows[np.argsort(-scores[rows], kind="stable")[:n]]
            found[[row for row in rows if self._has_title(self.collection.columns.item(int(row)), set(tokens))]] = True
        return found

    @staticmethod
    def _has_title(item: Item | None, tokens: set[str]) -> bool:
        return item is not None and any(
            tokens <= set(tokenize(title)) for title in (item.title, *(t.title for t in item.translations.values()))
        )

    def _close(self, allowed: Mask, legs: Sequence[Leg]) -> Mask:
        """Allowed rows whose dense score is far above the catalogue's average."""
        found = np.zeros(self.n_rows, bool)
        rows, closeness = self._closest(allowed, legs)
        found[rows[closeness >= CLOSE_IN_MEANING]] = True
        return found

    def _closest(self, allowed: Mask, legs: Sequence[Leg]) -> tuple[Rows, Vector]:
        """The allowed rows closest to the request, and how close each is, in standard deviations."""
        weight = sum(abs(leg.weight) for leg in legs)
        if not weight:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        query, offsets = combine(legs)
        rows = self.collection.index.search(query, offsets, _MAX_CLOSE, allowed)
        scores = total(dense_columns(self.collection.index, legs, rows), len(rows))
        return rows, (scores / np.float32(weight)).astype(np.float32)
