"""Where a ranking ends to be of the kind that was asked for, so that a page may say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusion.collection import ItemCollection
from fusion.columns import satisfies
from fusion.topic import kinds_asked
from fusion.types import Instruction, Item


@dataclass(frozen=True, slots=True)
class KindEnd:
    """From ``place`` on, counted from 0, no item of the ranking is in any of these categories."""

    place: int
    categories: tuple[str, ...]


def kind_end(
    item_ids: Sequence[str], fresh: Mapping[str, Item], instruction: Instruction, collection: ItemCollection
) -> KindEnd | None:
    """Where a best-match ranking leaves the kind that the words prefer; None where they name none, or it never does.

    Args:
        item_ids: the whole ranking, best first.
        fresh: items as they are now, where they are known better than the index knows them.
    """
    asked = kinds_asked(instruction)
    if not asked or not item_ids:
        return None
    columns = collection.columns
    last = len(item_ids)
    while last:
        item = fresh.get(item_ids[last - 1]) or collection.item(item_ids[last - 1])
        if item is not None and any(satisfies(item, kind, columns.exchange, columns.currency) for kind in asked):
            break
        last -= 1
    if last == len(item_ids):
        return None
    return KindEnd(last, tuple(dict.fromkeys(value for kind in asked for value in kind.values)))
