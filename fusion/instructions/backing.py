"""The tagger behind the rules: what it marks as refused where no rule says anything. It adds refusals and takes none away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from fusion.instructions.lexicon import load, words
from fusion.instructions.normalise import NormalText
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import Piece
from fusion.instructions.tagger import AVOID, Tag
from fusion.instructions.tokens import Token

if TYPE_CHECKING:
    from fusion.instructions.tagger import RequestTagger

logger = logging.getLogger(__name__)

_NEGATIONS = frozenset({Kind.NEGATE, Kind.AVOID})
# Of a piece's characters, how many a tag must cover.
_COVERED = 0.5


def back(pieces: Sequence[Piece], tokens: Sequence[Token], text: NormalText, tagger: RequestTagger) -> None:
    """Refuse the pieces that the tagger is sure are refused and that no cue has decided. Never raises.

    Prices, amounts, sizes, ages, orders and stock stay as they are, and so does whatever a rule negated, affirmed or softened.
    """
    if not tagger.is_ready or not needs_a_second_reading(pieces):
        return
    try:
        tags, threshold = tagger.tag(text.text), tagger.threshold
    except Exception:
        logger.warning("event=tagger_failed folder=%s", tagger.folder, exc_info=True)
        return
    refused = [tag for tag in tags if tag.label == AVOID and tag.probability >= threshold]
    for piece in pieces:
        span = (tokens[piece.start].start, tokens[piece.end - 1].end)
        if refused and _is_open(piece) and any(_covers(tag, span) for tag in refused):
            piece.negated = True


def needs_a_second_reading(pieces: Sequence[Piece]) -> bool:
    """Whether the rules left a word unexplained or a negation without anything negated. Other requests pay nothing.

    "Except" is the rules' own: 除了 X 还要 Y negates nothing on purpose.
    """
    if any(piece.kind is Kind.EXCEPT for piece in pieces):
        return False
    unplaced = any(piece.kind in _NEGATIONS for piece in pieces) and not any(piece.negated for piece in pieces)
    return unplaced or any(is_unexplained(piece) for piece in pieces)


def is_unexplained(piece: Piece) -> bool:
    """Whether the rules do not know these words: a refusal may be in them."""
    if piece.kind is not Kind.UNKNOWN or piece.negated or any(c.isdigit() for c in piece.words):
        return False
    return piece.words[:1].isalpha() and piece.words not in _descriptors()


@lru_cache(maxsize=1)
def _descriptors() -> frozenset[str]:
    return frozenset(word for line in load("cues")["descriptor"].values() for word in words(line))


def _is_open(piece: Piece) -> bool:
    """Whether the piece is a thing, a property or an unknown word without a number, on which no cue acted."""
    if piece.negated or piece.mood or piece.kind not in {Kind.MENTION, Kind.UNKNOWN}:
        return False
    return not any(c.isdigit() for c in piece.words) and not any(link.role in {"size", "age"} for link in piece.links)


def _covers(tag: Tag, span: tuple[int, int]) -> bool:
    return min(tag.end, span[1]) - max(tag.start, span[0]) > _COVERED * (span[1] - span[0])
