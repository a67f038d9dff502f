"""Words with two meanings, decided by what stands around them: brands, verbs, bare sizes, "-free"."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.closed_class import ordinary_words
from fusion.instructions.dimensions import superlative_field
from fusion.instructions.lexicon import load, load_concepts, load_list
from fusion.instructions.measures import size_key
from fusion.instructions.phrase_table import Kind, Link
from fusion.instructions.pieces import Piece
from fusion.instructions.tokens import HAN, NUMBER, Token

_CLOTHING = frozenset({"category:clothing", "category:footwear"})
_PROGRAM_SIGNS = frozenset("%\\$@_=<^`")
_REACH = 3  # how many small words may stand between "size" and its number


def settle_doubts(
    pieces: list[Piece],
    tokens: Sequence[Token],
    values: CatalogueValues,
    capitals: Sequence[bool],
    titles: Mapping[str, int],
) -> None:
    """Decide what doubtful pieces are.

    Args:
        capitals: for each token, whether the shopper wrote it with a capital (a hint that "Gap" is a brand).
        titles: word -> how many item titles it occurs in.
    """
    for i, piece in enumerate(pieces):
        before = pieces[i - 1] if i else None
        _doubt_absence(pieces, i)
        _doubt_brand(piece, before, tokens, capitals, titles)
        _doubt_letter(piece, tokens)
        _doubt_superlative(piece, pieces, tokens, values)
        _doubt_verb(piece, before)
        _doubt_free(piece, before, pieces[i + 1] if i + 1 < len(pieces) else None)
    _read_bare_sizes(pieces, tokens, values)
    _firm_sizes(pieces)


def _doubt_brand(
    piece: Piece, before: Piece | None, tokens: Sequence[Token], capitals: Sequence[bool], titles: Mapping[str, int]
) -> None:
    """A brand that is an ordinary word ("Only", "Gap", "Sun") counts only where something says that a brand is meant."""
    if piece.end - piece.start > 1 or not any(link.role == "brand" for link in piece.links):
        return
    word = tokens[piece.start].word
    brand = next(link for link in piece.links if link.role == "brand")
    common = word in ordinary_words() or titles.get(word, 0) > 5 * max(brand.count, 1) + 20
    said = before is not None and (
        (before.kind is Kind.FIELD and "brand" in before.refs)
        or before.words.rpartition(" ")[2] in load_list("brand_words")
        or tokens[piece.start - 1].kind == HAN
    )
    if common and not said and not capitals[piece.start]:
        piece.links = tuple(link for link in piece.links if link.role != "brand")
        if not piece.links and not piece.refs:
            piece.kind = Kind.UNKNOWN


def _doubt_superlative(piece: Piece, pieces: Sequence[Piece], tokens: Sequence[Token], values: CatalogueValues) -> None:
    """ "biggest" orders what the catalogue measures; elsewhere it is a word to search with."""
    if piece.kind is Kind.ORDER and piece.refs[0] in load("cues")["superlative"]:
        concepts = [load_concepts()[ref] for p in pieces if p.is_thing for ref in p.refs if ref in load_concepts()]
        names = {name for concept in concepts for name in concept.names["en"]}
        field = superlative_field(piece.refs[0], tokens, names, values.dimensions)
        piece.refs = (piece.refs[0], field)
        piece.kind = Kind.ORDER if field else Kind.UNKNOWN


def _doubt_absence(pieces: Sequence[Piece], i: int) -> None:
    """没有凉鞋吗, 鞋子没有42码的吗: a shopper who asks whether there is nothing of the kind wants it."""
    if pieces[i].words not in load_list("absences") or pieces[i].kind is not Kind.NEGATE:
        return
    before = list(itertools.takewhile(lambda piece: piece.kind is not Kind.STOP, reversed(pieces[:i])))
    clause = list(itertools.takewhile(lambda piece: piece.kind is not Kind.STOP, pieces[i + 1 :]))
    if (
        clause
        and clause[-1].words in load_list("question_ends")
        and all(piece.is_thing for piece in before if piece.is_content)
    ):
        pieces[i].kind = Kind.NEUTRAL


def _doubt_letter(piece: Piece, tokens: Sequence[Token]) -> None:
    """ "%s" and "\\m" are no sizes: a letter that hangs on a sign of programs."""
    first = tokens[piece.start]
    previous = tokens[piece.start - 1] if piece.start and tokens[piece.start - 1].end == first.start else None
    glued = previous is not None and (previous.word in _PROGRAM_SIGNS or previous.kind == NUMBER)  # "%s", "the 300s"
    if glued and piece.end == piece.start + 1 and len(first.word) == 1 and first.word.isascii() and first.word.isalpha():
        piece.kind, piece.links, piece.refs, piece.is_thing = Kind.UNKNOWN, (), (), False


def _doubt_verb(piece: Piece, before: Piece | None) -> None:
    """ "glasses to watch tv", "a dress to suit me", "that covers": a thing's name behind "to" and its like is a verb."""
    if (
        piece.is_thing
        and piece.words in load_list("verbs")
        and before is not None
        and before.words in load_list("verb_openers")
    ):
        piece.kind, piece.is_thing, piece.refs, piece.links = Kind.CHATTER, False, (), ()


def _doubt_free(piece: Piece, before: Piece | None, after: Piece | None) -> None:
    """ "leather-free" is without leather; "free shipping" is no such thing."""
    if piece.words != "free" or before is None or (after is not None and after.words in load_list("free_of_charge")):
        return
    if any(link.role == "material" for link in before.links):
        piece.kind = Kind.REFUSE


def _read_bare_sizes(pieces: Sequence[Piece], tokens: Sequence[Token], values: CatalogueValues) -> None:
    """ "any size but 42", "sizes 41 or 42", 41或42码: a number is a size where "size" or another size stands close by."""
    order = [*range(len(pieces)), *range(len(pieces) - 1, -1, -1)]
    for i in order:
        piece = pieces[i]
        if piece.kind is not Kind.UNKNOWN or piece.end - piece.start > 1:
            continue
        links = values.sizes.get(size_key(tokens[piece.start : piece.end]), []) if tokens[piece.start].kind == NUMBER else []
        named = _size_is_named(pieces, i) or _beside_size(pieces, i)
        if links and (named or _follows_worn(pieces, i) or _describes_worn(pieces, i)):
            piece.kind, piece.links = Kind.MENTION, tuple(links)
    _fill_ranges(pieces, tokens, values)


def _size_is_named(pieces: Sequence[Piece], i: int) -> bool:
    for piece in reversed(pieces[max(0, i - _REACH) : i]):
        if piece.kind is Kind.FIELD:
            return "size" in piece.refs
        if piece.is_content:
            return False
    return False


def _beside_size(pieces: Sequence[Piece], i: int) -> bool:
    """Whether a joint, a comma or a dash leads to a piece that is a size."""
    for step in (-1, 1):
        j = i + 2 * step
        if 0 <= j < len(pieces) and any(link.role == "size" for link in pieces[j].links):
            joint = pieces[i + step]
            if joint.kind is Kind.JOIN or joint.words in {",", "-", "~", "到"}:
                return True
    return False


def _follows_worn(pieces: Sequence[Piece], i: int) -> bool:
    """ "nike shoes 42", 靴子，女，38: a bare number behind something worn, with no unknown word or thing beside it."""
    after = pieces[i + 1] if i + 1 < len(pieces) else None
    before = pieces[i - 1] if i else None
    alone = after is None or not (after.is_thing or after.kind in {Kind.UNKNOWN, Kind.PRICE})
    clear = before is not None and before.kind is not Kind.UNKNOWN and before.words not in load_list("no_price_before")
    return alone and clear and any(piece.is_thing and _is_worn(piece) for piece in pieces[:i])


def _describes_worn(pieces: Sequence[Piece], i: int) -> bool:
    """43的球鞋: a bare number that 的 joins to something worn."""
    joined = i + 2 < len(pieces) and pieces[i + 1].words == "的"
    return joined and pieces[i + 2].is_thing and _is_worn(pieces[i + 2])


def _fill_ranges(pieces: Sequence[Piece], tokens: Sequence[Token], values: CatalogueValues) -> None:
    """ "sizes 41 to 43" is 41, 42 and 43."""
    for first, joint, last in zip(pieces, pieces[1:], pieces[2:], strict=False):
        ends = [values_of for values_of in (_number_of(first, tokens), _number_of(last, tokens)) if values_of]
        if joint.words in load_list("range_joints") and len(ends) == 2 and ends[0] < ends[1]:
            between = [key for key in values.sizes if key.isdigit() and ends[0] < int(key) < ends[1]]
            extra = tuple(link for key in sorted(between, key=int) for link in values.sizes[key])
            first.links = _joined((*first.links, *extra))


def _number_of(piece: Piece, tokens: Sequence[Token]) -> int:
    """The whole number in a piece that is a size, else 0."""
    if not any(link.role == "size" for link in piece.links):
        return 0
    numbers = [token.word for token in tokens[piece.start : piece.end] if token.kind == NUMBER]
    return int(numbers[0]) if len(numbers) == 1 and numbers[0].isdigit() and len(numbers[0]) < 4 else 0


def _joined(links: Sequence[Link]) -> tuple[Link, ...]:
    """One link a field, with the values of all."""
    merged: dict[str, Link] = {}
    for link in links:
        known = merged.get(link.field)
        merged[link.field] = replace(known, values=(*known.values, *link.values)) if known else link
    return tuple(merged.values())


def _firm_sizes(pieces: Sequence[Piece]) -> None:
    """ "a large t-shirt" is a size, "a large bag" is a large bag."""
    worn = any(piece.is_thing and _is_worn(piece) for piece in pieces)
    for piece in pieces:
        piece.plain = piece.plain and piece.words in load_list("plain_sizes") and not worn


def _is_worn(piece: Piece) -> bool:
    level, seen = list(piece.refs), set[str]()
    while level:
        key = level.pop()
        if key in _CLOTHING:
            return True
        concept = load_concepts().get(key)
        if concept is not None and key not in seen:
            seen.add(key)
            level.extend(concept.broader)
    return False
