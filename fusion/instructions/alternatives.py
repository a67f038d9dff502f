"""Second choices: "black, brown works too" names two values that are equally good."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.instructions.lexicon import load_list
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import WANT, Piece


def offers_alternative(pieces: Sequence[Piece], cue: int, targets: Sequence[int]) -> bool:
    """Whether the cue says that what stands before it would do as well as a value of the same field further ahead."""
    if not targets or pieces[cue].words not in load_list("also"):
        return False
    fields = {link.field for i in targets for link in pieces[i].links}
    return any(_is_first_choice(piece) and fields & {link.field for link in piece.links} for piece in pieces[: targets[0]])


def _is_first_choice(piece: Piece) -> bool:
    return piece.kind is Kind.MENTION and not piece.negated and piece.mood is not WANT
