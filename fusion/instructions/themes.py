"""What a request is for, where it names no kind of thing: "something for the living room", 送妈妈的礼物.

Places, people and situations say where or for whom, and leave open what. Such a request is broad however the results fall.
"""

from __future__ import annotations

from collections.abc import Sequence

from fusion.instructions.lexicon import load_list
from fusion.instructions.normalise import NormalText
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import Piece
from fusion.instructions.tokens import Token


def themes(pieces: Sequence[Piece], tokens: Sequence[Token], text: NormalText) -> tuple[str, ...]:
    """The words of places, people and situations; none where a thing is named or a word is not understood."""
    found: list[str] = []
    opened = any(p.kind is Kind.THEME or _said(p, tokens, text) in load_list("placeholders") for p in pieces)
    for piece in pieces:
        said = _said(piece, tokens, text)
        if piece.negated or piece.kind is Kind.LOVES:
            return ()
        if piece.kind in {Kind.HINT, Kind.AGE} or (piece.kind is Kind.MENTION and piece.is_thing):
            if not _is_theme(piece, said, opened):
                return ()
            found.append(said)
        elif piece.kind is Kind.UNKNOWN and len(said) > 1:
            return ()
    return tuple(found)


def _is_theme(piece: Piece, said: str, opened: bool) -> bool:
    """Args: opened: whether a word says that it is only a theme, so that "my kitchen" is a place and "kitchen" a department."""
    if said in load_list("rooms"):
        return opened and not any(link.fit == "exact" for link in piece.links)
    return piece.kind is not Kind.MENTION and not any(ref.startswith("interest.") for ref in piece.refs)


def _said(piece: Piece, tokens: Sequence[Token], text: NormalText) -> str:
    return text.text[tokens[piece.start].start : tokens[piece.end - 1].end]
