"""Which thing is asked for: the head of the phrase, not what modifies it and not what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fusion.instructions.lexicon import load, load_list, words
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import ASIDE, HEAD, MODIFIER, THEME, Piece
from fusion.instructions.tokens import stem


def place_things(pieces: Sequence[Piece], titles: Mapping[str, int]) -> None:
    """Set ``place`` of every thing, and of the attributes that belong to a thing that is not the head."""
    for i, piece in enumerate(pieces):
        if _is_generic(pieces, i):
            piece.place = ASIDE
        elif piece.is_thing:
            piece.place = _place(pieces, i, titles)
            if piece.place in {THEME, ASIDE}:
                _take_attributes_along(pieces, i)
        elif piece.links and (_describes_a_part(pieces, i) or (_is_brand(piece) and _is_for(pieces, i))):
            piece.place = ASIDE
    for piece, following, mark in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if piece.links and _is_brand(piece) and following.place is MODIFIER and mark.words == "的":
            piece.place = ASIDE  # 尼康相机的镜头: the brand of what it is for


def _is_generic(pieces: Sequence[Piece], i: int) -> bool:
    """ "photo equipment": behind a thing that is linked, "equipment" adds nothing."""
    named = i > 0 and any(link.role == "category" for link in pieces[i - 1].links) and not pieces[i - 1].negated
    return named and pieces[i].words in load_list("generic_nouns")


def _is_brand(piece: Piece) -> bool:
    return all(link.role == "brand" for link in piece.links)


def _place(pieces: Sequence[Piece], i: int, titles: Mapping[str, int]) -> str:
    if _loved(pieces, i):
        return THEME
    if _modifies_next(pieces, i, titles):
        return MODIFIER
    return ASIDE if _is_for(pieces, i) else HEAD


def _modifies_next(pieces: Sequence[Piece], i: int, titles: Mapping[str, int]) -> bool:
    """ "camera bag", 相机支架, 植物的礼物: the noun that follows is what is asked for."""
    j = i + 1
    if j < len(pieces) and pieces[j].words in load_list("purpose_marks"):
        return _thing_follows(pieces, j + 1)
    linked = j < len(pieces) and pieces[j].words == "的"
    if linked:
        j += 1
        while j < len(pieces) and pieces[j].links and not pieces[j].is_thing:
            j += 1  # 相机的黑色包
    if j >= len(pieces):
        return False
    while not linked and j < len(pieces) and pieces[j].words.isascii() and _is_in_phrase(pieces[j]):
        j += 1  # "top quality leather shoes": the last thing of the phrase is asked for
    if j >= len(pieces) or (j > i + 1 and not linked and not pieces[j].is_thing):
        j = i + 1
    following = pieces[j]
    if j == i + 1 and _is_generic(pieces, j):
        return False
    if following.is_thing or (following.kind is Kind.HINT and "situation.gift" in following.refs):
        return not following.negated and following.words not in load_list("gift_uses")
    if following.kind is not Kind.UNKNOWN or following.negated:
        return False
    if not following.words.isascii():
        return not linked and following.words.endswith(tuple(load_list("noun_endings")))
    return _may_be_a_noun(following.words) and (following.words in titles or stem(following.words) in titles)


def _thing_follows(pieces: Sequence[Piece], start: int) -> bool:
    for piece in pieces[start:]:
        if piece.is_thing:
            return not piece.negated
        if not piece.links and piece.words != "的":
            return False
    return False


def _is_in_phrase(piece: Piece) -> bool:
    return not piece.is_thing and (piece.kind is Kind.UNKNOWN or (piece.kind is Kind.MENTION and bool(piece.links)))


def _may_be_a_noun(word: str) -> bool:
    describes = word in words(load("cues")["descriptor"]["en"]) or word.endswith(tuple(load_list("adjective_endings")))
    return word.isalpha() and not describes


def _loved(pieces: Sequence[Piece], i: int) -> bool:
    """ "someone who loves plants", 喜欢植物的人, "plant lovers"."""
    after = pieces[i + 1] if i + 1 < len(pieces) else None
    if after is not None and after.kind is Kind.LOVES and after.words in load_list("lovers"):
        return True
    for piece in reversed(pieces[:i]):
        if piece.kind is Kind.LOVES:
            return True
        if piece.kind not in {Kind.GLUE, Kind.CHATTER, Kind.JOIN} and not (piece.links or piece.is_thing):
            return False
        if piece.words == "的":
            return False
    return False


def _is_for(pieces: Sequence[Piece], i: int) -> bool:
    """ "a case for a camera", "dress with belt": something stands before "for" or "with", and no 的 has closed it."""
    for j in range(i - 1, -1, -1):
        piece = pieces[j]
        if piece.kind is Kind.THEME:
            return _has_content_before(pieces, j, piece.words)
        if piece.words == "的" or piece.is_thing or piece.kind in {Kind.STOP, Kind.PRICE, Kind.JOIN, Kind.UNKNOWN}:
            return False
    return False


def _has_content_before(pieces: Sequence[Piece], theme: int, word: str) -> bool:
    for piece in reversed(pieces[:theme]):
        if piece.kind is Kind.STOP:
            return False
        if piece.is_thing or piece.words in load_list("placeholders"):
            return True
        if piece.kind in {Kind.UNKNOWN, Kind.HINT} and word != "of":
            return True
    return False


def _take_attributes_along(pieces: Sequence[Piece], i: int) -> None:
    """ "shoes for my black dress": black is the dress's."""
    for piece in reversed(pieces[:i]):
        if not piece.links or piece.is_thing or not any(link.role in {"color", "material"} for link in piece.links):
            return
        piece.place = ASIDE


def _describes_a_part(pieces: Sequence[Piece], i: int) -> bool:
    """ "with white soles", 白色鞋底的鞋: the attribute belongs to a part, not to the thing."""
    if i + 1 >= len(pieces) or any(link.role in {"gender", "size", "brand"} for link in pieces[i].links):
        return False
    following = pieces[i + 1]
    if following.words in load_list("parts"):
        return (following.is_content and i + 2 < len(pieces)) or _with_before(pieces, i)
    return _with_before(pieces, i) and (following.kind is Kind.UNKNOWN or (following.is_thing and not following.links))


def _with_before(pieces: Sequence[Piece], i: int) -> bool:
    """Whether "with", 带 or the like stands right before, an article apart."""
    j = i - 1
    while j >= 0 and pieces[j].words in {"a", "an", "the"}:
        j -= 1
    return j >= 0 and pieces[j].kind is Kind.THEME and pieces[j].words not in {"for", "给", "适合", "适用于"}
