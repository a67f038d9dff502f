"""The local reader: a shopper's words -> musts, wants, avoids, an order and what is left to embed. Read ``parse`` first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fusion.instructions.backing import back
from fusion.instructions.base import InstructionParser
from fusion.instructions.catalogue_values import CatalogueValues, read_catalogue
from fusion.instructions.closed_class import closed_class_table, concept_words
from fusion.instructions.constraints import cheap_wants, measure_constraint, merge, read_pieces
from fusion.instructions.currencies import price_constraint
from fusion.instructions.doubts import settle_doubts
from fusion.instructions.heads import place_things
from fusion.instructions.hints import hint_wants
from fusion.instructions.homophones import HomophoneIndex
from fusion.instructions.labels import label_of, value_name
from fusion.instructions.language import detect_language, languages_of
from fusion.instructions.lexicon import load, load_han_names, load_money_phrases
from fusion.instructions.nearest_names import NearestNames
from fusion.instructions.normalise import NormalText, normalise
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import WANT, Piece, cut, warm_up
from fusion.instructions.remainder import avoided_words, expansions, remaining_words, unparsed_words
from fusion.instructions.scopes import apply_scopes
from fusion.instructions.tagger import RequestTagger
from fusion.instructions.taught import Finish, Taught, refused, widening
from fusion.instructions.teaching import Teaching
from fusion.instructions.themes import themes
from fusion.instructions.tokens import Token, tokenise
from fusion.instructions.typos import TypoIndex
from fusion.types import Constraint, Instruction, Matrix, Operator, Order, Strength, Vector, Vocabulary


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Everything that depends on the catalogue, replaced as a whole by ``fit``."""

    vocabulary: Vocabulary
    values: CatalogueValues
    taught: Taught
    typos: TypoIndex
    homophones: HomophoneIndex
    names: NearestNames | None = field(default=None)
    languages: frozenset[str] = frozenset()


class LexiconParser(InstructionParser):
    """Reads English, Chinese and mixed requests with a bilingual lexicon and the catalogue's own values.

    Args:
        encode_phrases: texts -> (n, dim) unit vectors; links phrases that the lexicon does not know to the nearest value
            name, as wants only, once ``prepare`` was called. None leaves such phrases as text.
        exchange_rates: currency -> value of one unit in a common base, for amounts in another currency than the catalogue's.
        tagger: finds refusals that the rules do not know; None leaves them unread. See ``backing``.
    """

    def __init__(
        self,
        encode_phrases: Callable[[Sequence[str]], Matrix] | None = None,
        exchange_rates: Mapping[str, float | Decimal] | None = None,
        tagger: RequestTagger | None = None,
    ) -> None:
        self._encode_phrases = encode_phrases
        self._rates = {code: Decimal(str(rate)) for code, rate in (exchange_rates or {}).items()}
        self._tagger = tagger
        self._name_vectors: dict[str, Vector] = {}
        self._teaching = Teaching()
        self._learning = threading.Lock()
        self._fitted = self._read(Vocabulary())

    def fit(self, vocabulary: Vocabulary) -> None:
        with self._learning:
            self._fitted = self._read(vocabulary)

    def teach(self, teaching: Teaching) -> None:
        with self._learning:
            self._teaching = teaching
            taught, typos, homophones = self._lessons(self._fitted.vocabulary, self._fitted.values)
            self._fitted = replace(self._fitted, taught=taught, typos=typos, homophones=homophones)

    def link_unknown(self, encode_phrases: Callable[[Sequence[str]], Matrix]) -> None:
        with self._learning:
            self._encode_phrases = encode_phrases
            names = NearestNames(self._fitted.values.names, encode_phrases, self._name_vectors)
            self._fitted = replace(self._fitted, names=names)

    def prepare(self) -> None:
        if self._fitted.names:
            self._fitted.names.prepare()

    def _read(self, vocabulary: Vocabulary) -> _Fitted:
        warm_up()
        values = read_catalogue(vocabulary)
        taught, typos, homophones = self._lessons(vocabulary, values)
        names = NearestNames(values.names, self._encode_phrases, self._name_vectors) if self._encode_phrases else None
        return _Fitted(vocabulary, values, taught, typos, homophones, names, languages_of(vocabulary.titles))

    def _lessons(self, vocabulary: Vocabulary, values: CatalogueValues) -> tuple[Taught, TypoIndex, HomophoneIndex]:
        """What was taught, and the words that a slip may be corrected to, taught ones among them."""
        taught = Taught(self._teaching, vocabulary, values)
        words = concept_words() | values.table.words | taught.words
        typos = TypoIndex(words, closed_class_table().words | values.table.sounds, vocabulary.titles)
        phrases = closed_class_table().han_phrases | load_money_phrases() | taught.han_phrases
        return taught, typos, HomophoneIndex(load_han_names() | values.table.han_phrases, phrases)

    def parse(self, text: str, *, language: str = "", currency: str = "") -> Instruction:
        fitted = self._fitted
        normal = normalise(text)
        spoken = detect_language(normal.text)
        typed = fitted.homophones.correct(fitted.typos.correct(tokenise(normal.text)))
        for replacing in (True, False):
            tokens, lessons = fitted.taught.recognise(typed, spoken, replacing=replacing)
            taught = {(lesson.start, lesson.end): lesson.entries for lesson in lessons if lesson.entries}
            pieces = cut(tokens, fitted.values, taught)
            settle_doubts(pieces, tokens, fitted.values, _capitals(tokens, normal), fitted.vocabulary.titles)
            apply_scopes(pieces)
            if not refused(lessons, pieces):
                break
        if self._tagger is not None:
            back(pieces, tokens, normal, self._tagger)
        place_things(pieces, fitted.vocabulary.titles)
        reader = _Reading(fitted, pieces, tokens, normal, language or spoken or "en")
        constraints = reader.constraints(currency or fitted.vocabulary.currency, self._rates)
        wider = widening(lessons, pieces, tokens, normal)
        instruction = Instruction(
            text=text,
            language=spoken,
            constraints=constraints,
            order=reader.order(),
            rest=remaining_words(pieces, tokens, normal) or reader.linked_names(constraints, spoken),
            themes=themes(pieces, tokens, normal),
            avoid=" ".join(filter(None, (reader.avoid(constraints), *wider.avoided))),
            expansions=tuple(dict.fromkeys((*expansions(pieces, fitted.languages), *wider.expansions))),
            unparsed=tuple(
                word for word in unparsed_words(pieces, tokens, normal, fitted.vocabulary.titles) if word not in wider.learnt
            ),
        )
        if correction := fitted.taught.correction(normal):
            return fitted.taught.corrected(instruction, correction, normal, reader.finish(spoken))
        return instruction

    def value_name(self, field: str, value: str, language: str) -> str:
        return _Reading(self._fitted, (), (), normalise(""), language).name_of(field, value, language)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One request on its way from pieces to values."""

    fitted: _Fitted
    pieces: Sequence[Piece]
    tokens: Sequence[Token]
    normal: NormalText
    language: str

    def constraints(self, currency: str, rates: Mapping[str, Decimal]) -> tuple[Constraint, ...]:
        """Everything recognised, in text order, with spans of the original text and labels."""
        reads = read_pieces(self.pieces, self.fitted.values)
        spoken_of = {read.link.field for read in reads}
        reads += hint_wants(self.pieces, self.fitted.values, spoken_of)
        found = merge(reads) + self._prices(currency, rates) + cheap_wants(self.pieces) + self._stock()
        if self.fitted.names and not any(c.field == "category" for c in found):
            found += self.fitted.names.wants(self.pieces)
        found.sort(key=lambda constraint: constraint.span or (0, 0))
        return tuple(self._finished(constraint) for constraint in found)

    def _prices(self, currency: str, rates: Mapping[str, Decimal]) -> list[Constraint]:
        own = self.fitted.vocabulary.currency
        found: list[Constraint] = []
        for piece in self.pieces:
            if piece.price:
                bound = measure_constraint(piece.price) or price_constraint(
                    piece.price, asked=currency, own=own, exchange_rates=rates, language=self.language
                )
                strength, weight = (Strength.WANT, 0.6) if piece.mood is WANT else (Strength.MUST, 1.0)
                bound = replace(bound, strength=strength, weight=weight, span=(piece.start, piece.end))
                found = _narrowed(found, bound)
        return found

    def _stock(self) -> list[Constraint]:
        wanted = next((p for p in self.pieces if p.kind is Kind.STOCK), None)
        return [Constraint("in_stock", Operator.IN, ("true",), span=(wanted.start, wanted.end))] if wanted else []

    def _finished(self, constraint: Constraint) -> Constraint:
        """The constraint with its span in the original text and its label."""
        label = label_of(constraint, self.language, self.name_of)
        return replace(constraint, span=self._original_span(constraint.span), label=label)

    def finish(self, spoken: str) -> Finish:
        """What a corrected reading gets from this one."""
        return Finish(
            label=lambda c: replace(c, label=label_of(c, self.language, self.name_of)),
            order=lambda order: replace(order, label=order_label(order, self.language)),
            names=lambda constraints: self.linked_names(constraints, spoken),
        )

    def _original_span(self, span: tuple[int, int] | None) -> tuple[int, int] | None:
        return None if span is None else self.normal.span(self.tokens[span[0]].start, self.tokens[span[1] - 1].end)

    def name_of(self, field_name: str, value: str, language: str) -> str:
        """A value's name for a chip."""
        return value_name(self.fitted.values, field_name, value, language)

    def order(self) -> Order | None:
        """The last explicit order; an order that is named to be refused is none."""
        found = [p for p in self.pieces if p.kind is Kind.ORDER]
        if not found or found[-1].refs[0] == "none":
            return None
        order = {**load("cues")["order"], **load("cues")["superlative"]}[found[-1].refs[0]]
        label = order["label"]["zh" if self.language == "zh" else "en"]
        field_name = order.get("field") or found[-1].refs[1]
        return Order(field_name, order["descending"], self._original_span((found[-1].start, found[-1].end)), label)

    def avoid(self, constraints: Sequence[Constraint]) -> str:
        """Negated words that became no constraint."""
        linked = [
            (p.start, p.end)
            for p in self.pieces
            if p.links and any(link.fit != "broader" for link in p.links) and any(c.field in _fields(p) for c in constraints)
        ]
        return avoided_words(self.pieces, linked, self.tokens, self.normal)

    def linked_names(self, constraints: Sequence[Constraint], language: str) -> str:
        """Names of the linked values, to embed where no words are left."""
        asked = (c for c in constraints if c.operator is Operator.IN and c.strength is not Strength.AVOID)
        wanted = (c for c in asked if c.field != "in_stock")
        return " ".join(dict.fromkeys(self.name_of(c.field, value, language) for c in wanted for value in c.values[:2]))


def order_label(order: Order, language: str) -> str:
    """What an order is called, "" where the lexicon has no name for it."""
    for known in load("cues")["order"].values():
        if (known["field"], known["descending"]) == (order.field, order.descending):
            return str(known["label"]["zh" if language == "zh" else "en"])
    return ""


def _fields(piece: Piece) -> set[str]:
    return {link.field for link in piece.links}


def _narrowed(found: list[Constraint], bound: Constraint) -> list[Constraint]:
    """ "over 20 under 50" is one range; a second bound of the same side replaces the first."""
    for i, known in enumerate(found):
        if (known.field, known.strength) != (bound.field, bound.strength):
            continue
        low = bound.low if bound.low is not None else known.low
        high = bound.high if bound.high is not None else known.high
        if low is not None and high is not None and low > high:
            continue
        operator = Operator.BETWEEN if low is not None and high is not None else bound.operator
        span = (min((known.span or (0, 0))[0], (bound.span or (0, 0))[0]), (bound.span or (0, 0))[1])
        merged = replace(bound, low=low, high=high, operator=operator, span=span, note=bound.note or known.note)
        return [*found[:i], merged, *found[i + 1 :]]
    return [*found, bound]


def _capitals(tokens: Sequence[Token], text: NormalText) -> list[bool]:
    """Whether each token is written with a capital that means something: not at the start, not where all words have one."""
    first = [text.original[text.origin[token.start]].isupper() for token in tokens]
    words = [upper for upper, token in zip(first, tokens, strict=True) if token.kind == "word"]
    if len(words) > 2 and all(words):
        return [False] * len(tokens)
    return [upper and i > 0 for i, upper in enumerate(first)]
