"""Which thing is asked for: the head of the phrase, not what modifies it and not what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fusion.instructions.lexicon import load, load_list, words
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import HEAD, MODIFIER, THEME, Piece
from fusion.instructions.tokens import stem


def place_things(pieces: Sequence[Piece], titles: Mapping[str, int]) -> None:
    """Set ``place`` of every thing, and of the attributes that belong to a thing that is not the head."""
    for i, piece in enumerate(pieces):
        if piece.is_thing:
            piece.place = _place(pieces, i, titles)
            if piece.place is THEME:
                _take_attributes_along(pieces, i)
        elif piece.links and _describes_a_part(pieces, i):
            piece.place = THEME


def _place(pieces: Sequence[Piece], i: int, titles: Mapping[str, int]) -> str:
    if _loved(pieces, i):
        return THEME
    if _modifies_next(pieces, i, titles):
        return MODIFIER
    return THEME if _is_for(pieces, i) else HEAD


def _modifies_next(pieces: Sequence[Piece], i: int, titles: Mapping[str, int]) -> bool:
    """ "camera bag", 相机支架, 植物的礼物: the noun that follows is what is asked for."""
    j = i + 1
    linked = j < len(pieces) and pieces[j].words == "的"
    if linked:
        j += 1
        while j < len(pieces) and pieces[j].links and not pieces[j].is_thing:
            j += 1  # 相机的黑色包
    if j >= len(pieces):
        return False
    following = pieces[j]
    if following.is_thing or (following.kind is Kind.HINT and "situation.gift" in following.refs):
        return not following.negated
    if following.kind is not Kind.UNKNOWN or following.negated:
        return False
    if not following.words.isascii():
        return not linked
    return _may_be_a_noun(following.words) and (following.words in titles or stem(following.words) in titles)


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
        piece.place = THEME


def _describes_a_part(pieces: Sequence[Piece], i: int) -> bool:
    """ "with white soles", 带白色鞋底: the attribute belongs to a part that no field knows."""
    before, after = (pieces[i - 1] if i else None), (pieces[i + 1] if i + 1 < len(pieces) else None)
    return (
        before is not None
        and after is not None
        and before.kind is Kind.THEME
        and before.words not in {"for", "给", "适合", "适用于"}
        and (after.kind is Kind.UNKNOWN or (after.is_thing and not after.links))
    )
