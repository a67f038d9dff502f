"""How much an item loses by being new: the same cases once more, as if nobody had ever touched some of the items.

The rest of what was taken, and everything else, stays as it is, so the two answers differ by the items' past alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fusion.evaluation.cases import Fold
from fusion.evaluation.histories import Training
from fusion.types import Interaction

KNOWN, AS_NEW = "held-out items: known", "held-out items: as new"


def held_out(item_ids: Iterable[str], share: float, seed: int) -> frozenset[str]:
    """About this share of the items, chosen by a hash of their ids: the same in every run."""
    return frozenset(i for i in item_ids if zlib.crc32(f"{seed}/{i}".encode()) < share * 2**32)


def as_new(folds: Sequence[Fold], held: frozenset[str]) -> list[Fold]:
    """The folds without any act on these items, in training and in every history. What is asked stays the same."""

    def others(acts: Sequence[Interaction]) -> tuple[Interaction, ...]:
        return tuple(act for act in acts if act.item_id not in held)

    return [
        Fold(
            Training(
                {shopper: kept for shopper, acts in fold.training.acts.items() if (kept := others(acts))},
                fold.training.moment,
                fold.training.hindsight,
            ),
            tuple(replace(case, history=others(case.history)) for case in fold.cases),
        )
        for fold in folds
    ]
