"""What is left: the words to embed, the words to avoid, and the words that nothing understood."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load, load_concepts, words
from fusion.instructions.normalise import NormalText
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import Piece
from fusion.instructions.tokens import Token

_KEPT = frozenset({Kind.MENTION, Kind.UNKNOWN, Kind.HINT, Kind.AGE})
_BETWEEN = frozenset({Kind.GLUE, Kind.THEME, Kind.LOVES, Kind.JOIN, Kind.FIELD})


def remaining_words(pieces: Sequence[Piece], tokens: Sequence[Token], text: NormalText) -> str:
    """The shopper's own words that say what the product is like; small words stay only between others."""
    kept = [p.kind in _KEPT and not p.negated and not p.spent for p in pieces]
    slices: list[tuple[int, int]] = []
    for i, piece in enumerate(pieces):
        if kept[i] or (piece.kind in _BETWEEN and 0 < i < len(pieces) - 1 and _between_kept(kept, pieces, i)):
            slices.append(text.span(tokens[piece.start].start, tokens[piece.end - 1].end))
    return _joined(slices, text.original)


def _between_kept(kept: Sequence[bool], pieces: Sequence[Piece], i: int) -> bool:
    """Whether an unbroken stretch of small words leads from here to kept words on both sides."""
    return _reaches(kept, pieces, range(i - 1, -1, -1)) and _reaches(kept, pieces, range(i + 1, len(pieces)))


def _reaches(kept: Sequence[bool], pieces: Sequence[Piece], indices: range) -> bool:
    for j in indices:
        if kept[j]:
            return True
        if pieces[j].kind not in _BETWEEN:
            return False
    return False


def _joined(slices: Sequence[tuple[int, int]], original: str) -> str:
    text, done = "", 0
    for start, end in slices:
        part = original[max(start, done) : end]  # words read in place of one phrase all stand where it stands
        done = max(done, end)
        if not part:
            continue
        text += part if not text or (part and is_han(part[0]) and is_han(text[-1])) else f" {part}"
    return text.strip()


def avoided_words(pieces: Sequence[Piece], linked: Sequence[tuple[int, int]], tokens: Sequence[Token], text: NormalText) -> str:
    """Negated words that no field of the catalogue knows ("laces", "flashy")."""
    spans = set(linked)
    slices = [
        text.span(tokens[p.start].start, tokens[p.end - 1].end)
        for p in pieces
        if p.negated and p.is_content and (p.start, p.end) not in spans
    ]
    return _joined(slices, text.original)


def expansions(pieces: Sequence[Piece], languages: Collection[str]) -> tuple[str, ...]:
    """What the recognised words are called in the catalogue's other languages ("椅子" -> "chair").

    Args:
        languages: the languages of the catalogue's titles; nothing is translated into one that it does not speak.
    """
    concepts = load_concepts()
    found: list[str] = []
    for piece in pieces:
        if piece.kind is not Kind.MENTION or piece.negated or piece.spent or not piece.words:
            continue
        target = "en" if is_han(piece.words[0]) else "zh"
        names = [concepts[ref].names[target][:1] for ref in piece.refs[:2] if ref in concepts] if target in languages else []
        found += [name for first in names for name in first]
    return tuple(dict.fromkeys(found))


def unparsed_words(
    pieces: Sequence[Piece], tokens: Sequence[Token], text: NormalText, titles: Mapping[str, int]
) -> tuple[str, ...]:
    """Content words that neither the lexicon nor the catalogue's titles know."""
    known = {word for line in load("cues")["descriptor"].values() for word in words(line)}
    return tuple(
        dict.fromkeys(
            text.text[tokens[piece.start].start : tokens[piece.end - 1].end]
            for piece in pieces
            if piece.kind is Kind.UNKNOWN
            and not piece.negated
            and len(piece.words) > 1
            and not piece.words.replace(".", "").isdigit()
            and piece.words not in known
            and not all(token.word in titles for token in tokens[piece.start : piece.end])
        )
    )
