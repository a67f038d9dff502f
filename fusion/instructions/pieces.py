"""A request cut into pieces: what each stretch of words is, before anything is decided about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.closed_class import closed_class_table
from fusion.instructions.dimensions import find_bounds
from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load_list, load_roles
from fusion.instructions.measures import Quantity, find_quantities
from fusion.instructions.phrase_table import Entry, Kind, Link
from fusion.instructions.prices import PriceMention, find_prices
from fusion.instructions.tokens import HAN, MARK, NUMBER, WORD, Token

HEAD, MODIFIER, THEME, ASIDE = "head", "modifier", "theme", "aside"
MUST, WANT = "must", "want"


@dataclass(slots=True)
class Piece:
    """A stretch tokens[start:end] of one request. The stages after this one fill in the second half.

    Attributes:
        refs: concepts, orders or hints that the words name.
        links: the catalogue's values that the words may mean.
        is_thing: the words name a kind of product (whether or not the catalogue has it).
        plain: the words are an ordinary adjective ("large"), a weak sign of an attribute.
        negated, mood: set by the scopes: not wanted; MUST or WANT where the words say so.
        place: of a thing and its attributes: HEAD (what is asked for), MODIFIER ("camera" in "camera bag"), THEME ("loves
            plants") or ASIDE (what the thing is for or has: "for a camera", "with white soles").
        spent: said all it had to say; not embedded.
    """

    kind: Kind
    start: int
    end: int
    words: str = ""
    refs: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    price: PriceMention | None = None
    is_thing: bool = False
    plain: bool = False
    negated: bool = False
    mood: str = ""
    place: str = HEAD
    spent: bool = False

    @property
    def refs_name_a_thing(self) -> bool:
        return any(ref.startswith("category:") for ref in self.refs)

    @property
    def is_content(self) -> bool:
        return self.kind in {Kind.MENTION, Kind.UNKNOWN, Kind.HINT}


def cut(
    tokens: Sequence[Token], values: CatalogueValues, lessons: Mapping[tuple[int, int], Sequence[Entry]] | None = None
) -> list[Piece]:
    """Cut a request into pieces that cover its tokens in order: prices, lessons, measures, then the longest known phrase.

    Args:
        lessons: (start, end) of a stretch -> what people taught that it means.
    """
    prices = {mention.start: mention for mention in find_prices(tokens)}
    taken = [False] * len(tokens)
    for mention in prices.values():
        taken[mention.start : mention.end] = [True] * (mention.end - mention.start)
    taught: dict[int, Piece] = {}
    for (start, end), entries in (lessons or {}).items():
        if not any(taken[start:end]):
            taught[start] = _piece_of(entries, start, end, values)
            taken[start:end] = [True] * (end - start)
    for bound in find_bounds(tokens, taken, values.dimensions):
        prices[bound.start] = bound
        taken[bound.start : bound.end] = [True] * (bound.end - bound.start)
    quantities = {quantity.start: quantity for quantity in find_quantities(tokens, taken, values.sizes)}
    for quantity in quantities.values():
        taken[quantity.start : quantity.end] = [True] * (quantity.end - quantity.start)
    pieces: list[Piece] = []
    position = 0
    while position < len(tokens):
        if position in prices:
            piece = Piece(Kind.PRICE, position, prices[position].end, price=prices[position])
        elif position in taught:
            piece = taught[position]
        elif position in quantities:
            piece = _quantity_piece(quantities[position], values, tokens)
        else:
            piece = _phrase_piece(tokens, position, values, taken) or _unknown_piece(tokens, position, values, taken)
        piece.words = _words(tokens[piece.start : piece.end])
        pieces.append(piece)
        position = piece.end
    return pieces


def _quantity_piece(quantity: Quantity, values: CatalogueValues, tokens: Sequence[Token]) -> Piece:
    if quantity.kind == "age":
        return Piece(Kind.AGE, quantity.start, quantity.end, refs=(quantity.key,))
    index = values.sizes if quantity.kind == "size" else values.measures
    links = tuple(index.get(quantity.key) or index.get(f"{quantity.key}b") or ())  # "16G" is 16 GB where no gram is sold
    if len(links) > 1:  # "8GB" of two fields: the field that the request names decides
        links = tuple(li for li in links if _is_named(li, tokens)) or links
    return Piece(Kind.MENTION if links else Kind.UNKNOWN, quantity.start, quantity.end, links=links)


def _is_named(link: Link, tokens: Sequence[Token]) -> bool:
    """Whether the request has a word of the field's name, or one of its role's names in Chinese."""
    if {token.key for token in tokens} & set(link.field.split()) - {"size"}:
        return True
    han = "".join(token.word for token in tokens if token.kind == HAN)
    return any(alias in han for alias, role in load_roles().items() if role == link.role and not alias.isascii())


def _phrase_piece(tokens: Sequence[Token], start: int, values: CatalogueValues, taken: Sequence[bool]) -> Piece | None:
    """The longest phrase that starts here, with its most telling kind."""
    shared = closed_class_table().matches(tokens, start)
    own = values.table.matches(tokens, start)
    named_brand = start > 0 and (tokens[start - 1].word in load_list("brand_words") or _within_han(tokens, start))
    ends = sorted({*shared, *own}, key=lambda end: (_breaks_word(tokens, end, shared.get(end, ())), -end))
    if start and tokens[start - 1].word in load_list("degrees"):
        ends = [end for end in ends if _is_property(shared.get(end, ()))][-1:] or ends  # "not too formal shoes": formal
    for end in ends:
        if any(taken[start:end]):
            continue
        entries = _exact([*own.get(end, ()), *shared.get(end, ())], tokens[start:end])
        if named_brand:  # "brand Only": no cue, whatever the word means elsewhere
            entries = [e for e in entries if any(link.role == "brand" for link in e.links)] or entries
        piece = _piece_of(entries, start, end, values)
        glued = end < len(tokens) and tokens[end].kind == NUMBER and tokens[end].start == tokens[end - 1].end
        if glued and piece.kind in {Kind.CHATTER, Kind.GLUE} and tokens[start].kind == WORD:
            return Piece(Kind.UNKNOWN, start, end + 1)  # "i7" is no "I"
        return piece
    return None


def _within_han(tokens: Sequence[Token], start: int) -> bool:
    """不要Only的: a Latin word that hangs between Chinese ones is a name, no English cue."""
    after = tokens[start + 1] if start + 1 < len(tokens) else None
    glued = tokens[start - 1].end == tokens[start].start and tokens[start - 1].kind == HAN
    return tokens[start].kind == WORD and glued and after is not None and after.kind == HAN and after.start == tokens[start].end


def _exact(entries: list[Entry], tokens: Sequence[Token]) -> list[Entry]:
    """What the words mean as they stand, if anything, before what they inflect ("gardening", "garden")."""
    said = tuple(token.word for token in tokens)
    return [entry for entry in entries if entry.words == said] or entries


def _breaks_word(tokens: Sequence[Token], end: int, entries: Sequence[Entry]) -> bool:
    """Whether a name that ends here cuts a retail word in two: 皮夹 (wallet) in 皮夹克 (leather jacket)."""
    is_name = any(entry.kind is Kind.MENTION for entry in entries)
    return is_name and tokens[end - 1].kind == HAN and not tokens[end - 1].edge & 2


def _is_property(entries: Sequence[Entry]) -> bool:
    refs = [entry.ref for entry in entries if entry.kind is Kind.MENTION]
    return bool(refs) and not any(ref.startswith(("category:", "brand:")) for ref in refs)


def _piece_of(entries: Sequence[Entry], start: int, end: int, values: CatalogueValues) -> Piece:
    kind = min((entry.kind for entry in entries), key=_PRIORITY.__getitem__)
    refs = tuple(entry.ref for entry in entries if entry.kind is kind and entry.ref)
    piece = Piece(kind, start, end, refs=refs)
    if kind is Kind.MENTION:
        own = [link for entry in entries for link in entry.links]
        piece.links = _merged(own + [link for ref in refs for link in values.concepts.get(ref, ())])
        piece.is_thing = any(ref.startswith("category:") for ref in refs) or any(li.role == "category" for li in piece.links)
        piece.plain = any(ref.startswith("size:") for ref in refs) and all(word.isascii() for e in entries for word in e.words)
        # A word of two kinds keeps its second meaning: "party" is an occasion of the catalogue or, failing that, a hint.
        if not piece.links and any(entry.kind is Kind.HINT for entry in entries):
            return Piece(Kind.HINT, start, end, refs=tuple(e.ref for e in entries if e.kind is Kind.HINT))
        if not piece.links and any(e.kind in {Kind.CHATTER, Kind.FIELD} for e in entries):
            piece.kind = next(e.kind for e in entries if e.kind in {Kind.CHATTER, Kind.FIELD})
    return piece


_PRIORITY = {kind: rank for rank, kind in enumerate(Kind)}


def _merged(links: Sequence[Link]) -> tuple[Link, ...]:
    """One link a field and role: exact and narrower values together, broader ones only where there is nothing better."""
    merged: dict[tuple[str, str], Link] = {}
    for link in sorted(links, key=lambda li: ("exact", "narrower", "broader").index(li.fit)):
        known = merged.get((link.field, link.role))
        if known is None:
            merged[(link.field, link.role)] = link
        elif link.fit == known.fit:
            extra = tuple(v for v in link.values if not any(v == k or v.startswith(f"{k}/") for k in known.values))
            merged[(link.field, link.role)] = Link(link.field, link.role, known.values + extra, known.fit, known.count)
    return tuple(merged.values())


def _unknown_piece(tokens: Sequence[Token], start: int, values: CatalogueValues, taken: Sequence[bool]) -> Piece:
    """One word that nothing knows. A Chinese word goes on to where jieba ends it, or to where a known phrase begins."""
    token = tokens[start]
    if token.kind == MARK:
        return Piece(Kind.STOP if token.word in _CLAUSE_MARKS else Kind.GLUE, start, start + 1)
    if token.kind == NUMBER:
        return Piece(Kind.UNKNOWN, start, start + 1)
    end = start + 1
    while token.kind == HAN and not tokens[end - 1].edge & 2 and end < len(tokens) and not taken[end]:
        if tokens[end].kind != HAN or _phrase_piece(tokens, end, values, taken):
            break
        end += 1
    return Piece(Kind.UNKNOWN, start, end)


_CLAUSE_MARKS = frozenset('()[]{}<>|\n"')


def _words(tokens: Sequence[Token]) -> str:
    """The tokens as words again: "running shoe", "跑鞋"."""
    text = ""
    for token in tokens:
        text += token.word if not text or (is_han(token.word[0]) and is_han(text[-1])) else f" {token.word}"
    return text


@lru_cache(maxsize=1)
def warm_up() -> bool:
    """Read the lexicon and jieba's dictionary now rather than in the first request."""
    from fusion.instructions.tokens import segment

    segment("黑色跑鞋")
    return bool(closed_class_table().words)
