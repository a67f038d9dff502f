"""What was taught, ready for use: which stretches of a request mean something of their own here."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fusion.instructions.catalogue_names import CatalogueNames
from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.closed_class import closed_class_table
from fusion.instructions.doubts import settle_doubts
from fusion.instructions.lexicon import role_of
from fusion.instructions.normalise import NormalText, normalise
from fusion.instructions.phrase_table import Entry, Kind, Link, PhraseTable
from fusion.instructions.pieces import Piece, cut
from fusion.instructions.slots import BadSlot, constraint_of
from fusion.instructions.teaching import ANY_LANGUAGE, Correction, Synonym, Teaching, request_key
from fusion.instructions.tokens import Token, tokenise
from fusion.types import Constraint, Instruction, Operator, Order, Strength, Vocabulary

logger = logging.getLogger(__name__)

LANGUAGES = ("en", "zh")
_LONGEST_PHRASE = 8  # tokens before a taught phrase that a longer known phrase may begin at
_SAYS_NOTHING = frozenset({Kind.UNKNOWN, Kind.GLUE, Kind.CHATTER, Kind.STOP, Kind.JOIN})


@dataclass(frozen=True, slots=True)
class Lesson:
    """A stretch tokens[start:end] of a request that something was taught of.

    Attributes:
        entries: what it means, instead of what the lexicon says; () leaves it as it is.
        widened: further words to search with.
        replaced: the tokens are those of the meaning.
    """

    start: int
    end: int
    entries: tuple[Entry, ...] = ()
    widened: tuple[str, ...] = ()
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class _Meaning:
    """Of one taught phrase: entries, or the tokens to read in its place, or neither; and the words to widen a search with."""

    entries: tuple[Entry, ...] = ()
    tokens: tuple[Token, ...] = ()
    widened: str = ""


class Taught:
    """One teaching, compiled against one catalogue. Reading is thread-safe."""

    def __init__(self, teaching: Teaching, vocabulary: Vocabulary, values: CatalogueValues) -> None:
        self._values = values
        self._vocabulary = vocabulary
        self._names = CatalogueNames(vocabulary)
        self._meanings: list[_Meaning] = []
        self._looked_up: dict[str, tuple[Entry, ...]] = {}
        self._taken_apart: dict[str, _Meaning] = {}
        self._tables = {language: self._table(teaching, language) for language in LANGUAGES}
        self._corrections = {request_key(c.text): c for c in teaching.corrections}
        self.words = frozenset(word for table in self._tables.values() for word in table.words)
        self.han_phrases = frozenset(phrase for table in self._tables.values() for phrase in table.han_phrases)

    # -- compile ------------------------------------------------------------------------------------------------------

    def _table(self, teaching: Teaching, language: str) -> PhraseTable:
        table = PhraseTable()
        pairs = [pair for s in teaching.synonyms if s.language in {language, ANY_LANGUAGE} for pair in _directions(s)]
        by_words: dict[str, list[Synonym]] = defaultdict(list)
        for synonym in pairs:
            by_words[request_key(synonym.words)].append(synonym)
        for synonym in pairs:
            meaning = self._meaning(synonym, by_words)
            if meaning != _Meaning():
                self._add(table, synonym.words, meaning, strict=False)
        for stop in teaching.stop_phrases:
            if stop.language in {language, ANY_LANGUAGE}:
                self._add(table, stop.phrase, _Meaning((Entry(Kind.CHATTER, ()),)), strict=True)
        return table

    def _add(self, table: PhraseTable, phrase: str, meaning: _Meaning, *, strict: bool) -> None:
        table.add(normalise(phrase).text, Kind.UNKNOWN, str(len(self._meanings)), strict=strict)
        self._meanings.append(meaning)

    def _meaning(self, synonym: Synonym, by_words: Mapping[str, Sequence[Synonym]]) -> _Meaning:
        if synonym.slot:
            return self._value_meaning(*synonym.slot)
        entries = self._entries(synonym, by_words)
        if entries:
            own = self._known(synonym.words) if synonym.two_way else ()
            searched = any(entry.kind in {Kind.MENTION, Kind.HINT} for entry in entries)
            return _Meaning((*own, *entries), widened=synonym.means if searched else "")
        if synonym.means not in self._taken_apart:
            self._taken_apart[synonym.means] = self._in_parts(synonym.means)
        return self._taken_apart[synonym.means]

    def _in_parts(self, means: str) -> _Meaning:
        """The meaning of several words, some of which say something; of words that say nothing only that they are searched."""
        tokens = tokenise(normalise(means).text)
        pieces = cut(tokens, self._values)
        settle_doubts(pieces, tokens, self._values, [False] * len(tokens), self._vocabulary.titles)
        if all(piece.kind in _SAYS_NOTHING for piece in pieces):
            return _Meaning(widened=means)
        return _Meaning(tokens=tuple(tokens), widened=" ".join(piece.words for piece in pieces if piece.is_content))

    def _value_meaning(self, field_name: str, values: tuple[str, ...]) -> _Meaning:
        own_field = self._names.field(field_name)
        own = tuple(dict.fromkeys(v for v in (self._names.value(own_field, value) for value in values) if v))
        if not own:
            logger.info("event=synonym_without_value field=%r values=%r", field_name, values)
            return _Meaning()
        count = sum(self._names.count(own_field, value) for value in own)
        return _Meaning((Entry(Kind.MENTION, (), links=(Link(own_field, role_of(own_field), own, "exact", count),)),))

    def _entries(self, synonym: Synonym, by_words: Mapping[str, Sequence[Synonym]]) -> tuple[Entry, ...]:
        """What a synonym's meaning means as a whole, also by way of other synonyms; each phrase is looked up once."""
        seen = {request_key(synonym.words), request_key(synonym.means)}
        phrases, found = [synonym.means], list[Entry]()
        for phrase in phrases:
            found += self._known(phrase)
            for other in by_words.get(request_key(phrase), ()):
                if other.slot:
                    found += self._value_meaning(*other.slot).entries
                elif (key := request_key(other.means)) not in seen:
                    seen.add(key)
                    phrases.append(other.means)
        return tuple(dict.fromkeys(found))

    def _known(self, phrase: str) -> tuple[Entry, ...]:
        """What the lexicon and the catalogue say of a whole phrase."""
        if phrase not in self._looked_up:
            tokens = tokenise(normalise(phrase).text)
            tables = (self._values.table, closed_class_table())
            found = (entry for table in tables for entry in table.matches(tokens, 0).get(len(tokens), ()))
            self._looked_up[phrase] = tuple(found)
        return self._looked_up[phrase]

    # -- read ---------------------------------------------------------------------------------------------------------

    def recognise(self, tokens: Sequence[Token], language: str, *, replacing: bool = True) -> tuple[list[Token], list[Lesson]]:
        """The tokens to read a request by, and what was taught of them.

        Where a phrase means several words at once, these stand in its place, each with the place of the whole phrase.

        Args:
            replacing: False leaves such a phrase as it is and only widens the search by it.
        """
        table = self._tables["zh" if language == "zh" else "en"]
        read: list[Token] = []
        lessons: list[Lesson] = []
        position = 0
        while position < len(tokens):
            end, meanings = self._longest(table, tokens, position)
            entries = tuple(dict.fromkeys(entry for m in meanings for entry in m.entries))
            instead = next((m.tokens for m in meanings if m.tokens), ()) if replacing and not entries else ()
            widened = tuple(m.widened for m in meanings if m.widened)
            start = len(read)
            if instead:
                here, there = tokens[position].start, tokens[end - 1].end
                read += [replace(token, start=here, end=there) for token in instead]
                lessons.append(Lesson(start, len(read), (), widened, replaced=True))
            elif meanings:
                # What only widens the search leaves room for what was taught of a part of it.
                taken = end if entries else position + 1
                read += tokens[position:taken]
                lessons.append(Lesson(start, start + end - position, entries, widened))
                end = taken
            else:
                read.append(tokens[position])
                end = position + 1
            position = end
        return read, lessons

    def _longest(self, table: PhraseTable, tokens: Sequence[Token], start: int) -> tuple[int, list[_Meaning]]:
        """(end, meanings) of the longest taught phrase here that is no part of a longer one that is known anyway."""
        found = table.matches(tokens, start)
        for end in sorted(found, reverse=True):
            if not self._is_part(tokens, start, end):
                return end, [self._meanings[int(entry.ref)] for entry in found[end]]
        return start, []

    def _is_part(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        for first in range(max(0, start - _LONGEST_PHRASE), start + 1):
            for table in (closed_class_table(), self._values.table):
                if any(e >= end and e - first > end - start for e in table.matches(tokens, first)):
                    return True
        return False

    def correction(self, normal: NormalText) -> Correction | None:
        return self._corrections.get(request_key(normal.text)) if self._corrections else None

    def corrected(self, instruction: Instruction, correction: Correction, normal: NormalText, finish: Finish) -> Instruction:
        """The instruction that a correction says, with what of the reading still holds (spans, expansions).

        Slots that the catalogue no longer has are left out.
        """
        constraints = []
        for strength, slots in (
            (Strength.MUST, correction.musts), (Strength.WANT, correction.wants), (Strength.AVOID, correction.avoids)
        ):  # fmt: skip
            for slot in slots:
                try:
                    constraint = constraint_of(slot, strength, self._names)
                except BadSlot as error:
                    logger.info("event=correction_without_value text=%r slot=%r error=%s", correction.text, slot, error)
                    continue
                constraints.append(finish.label(replace(constraint, span=_span_of(constraint, instruction, normal))))
        constraints.sort(key=lambda c: c.span or (0, 0))
        column, _, direction = correction.order.partition(" ")
        order = Order(column, direction == "desc") if column else None
        known = instruction.order
        if order and known and (known.field, known.descending) == (order.field, order.descending):
            order = known
        rest = correction.rest or finish.names(constraints)
        return replace(
            instruction,
            constraints=tuple(constraints),
            order=finish.order(order) if order and not order.label else order,
            rest=rest,
            avoid=correction.avoid,
            expansions=instruction.expansions if rest == instruction.rest else (),
            unparsed=(),
        )


@dataclass(frozen=True, slots=True)
class Finish:
    """What the parser adds to a corrected reading in the shopper's language.

    Attributes:
        label: a constraint -> itself with its label; order: likewise; names: constraints -> their values' names, to search.
    """

    label: Callable[[Constraint], Constraint]
    order: Callable[[Order], Order]
    names: Callable[[Sequence[Constraint]], str]


@dataclass(frozen=True, slots=True)
class Widening:
    """What lessons add to a reading: words to search with, words to avoid, and words that are no longer unparsed."""

    expansions: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()
    learnt: frozenset[str] = field(default=frozenset())


def refused(lessons: Sequence[Lesson], pieces: Sequence[Piece]) -> bool:
    """Whether a phrase that means several things at once is refused: neither "no black" nor "no dresses" is "no LBD"."""
    replaced = [lesson for lesson in lessons if lesson.replaced]
    return any(p.negated for lesson in replaced for p in pieces if p.start < lesson.end and lesson.start < p.end)


def widening(lessons: Sequence[Lesson], pieces: Sequence[Piece], tokens: Sequence[Token], normal: NormalText) -> Widening:
    """Of lessons over decided pieces: what is wanted widens the search, what is refused and linked to nothing is avoided."""
    expansions: list[str] = []
    avoided: list[str] = []
    learnt: set[str] = set()
    for lesson in lessons:
        own = [p for p in pieces if p.start < lesson.end and lesson.start < p.end and (p.is_content or p.price)]
        learnt.update(normal.text[tokens[p.start].start : tokens[p.end - 1].end] for p in own)
        if any(p.negated for p in own):
            linked = any(link.fit != "broader" for p in own for link in p.links)
            avoided += () if linked else lesson.widened
        elif not all(p.spent for p in own):
            expansions += lesson.widened
    return Widening(tuple(dict.fromkeys(expansions)), tuple(dict.fromkeys(avoided)), frozenset(learnt))


def _directions(synonym: Synonym) -> Iterable[Synonym]:
    yield synonym
    if synonym.two_way and not synonym.slot:
        yield replace(synonym, words=synonym.means, means=synonym.words)


def _span_of(constraint: Constraint, instruction: Instruction, normal: NormalText) -> tuple[int, int] | None:
    """Where a corrected chip stands in the request: where the reading saw it, else where a value of it is spelled."""
    read = [c for c in instruction.constraints if c.field == constraint.field]
    same = [c for c in read if set(c.values) & set(constraint.values)] or [
        c for c in read if not c.values and not constraint.values
    ]
    if same:
        return same[0].span
    if constraint.operator in {Operator.IN, Operator.NOT_IN}:
        for value in constraint.values:
            name = normalise(value.rpartition("/")[2] if constraint.field == "category" else value).text
            start = normal.text.find(name)
            if name and start >= 0:
                return normal.span(start, start + len(name))
    return None
