"""What is stored against what the shop says now: which blocks of which items must be encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fusion.types import Item
from recommender.encoders import Block
from recommender.facts import to_facts
from recommender.models import IndexedItem, ItemEmbedding, ItemFailure
from recommender.services.embedding import Work, fingerprint

FORCE = "all"
RETRY = "retry"
WHOLE_ITEM = "item"


@dataclass(slots=True)
class Stored:
    """What the index holds of some items.

    Attributes:
        rows: item id -> its row.
        hashes: (item id, encoder id, block) -> content hash of its vector.
        given_up: (item id, block) -> content hash that failed for good; block "item" is the whole item.
    """

    rows: dict[str, IndexedItem] = field(default_factory=dict)
    hashes: dict[tuple[str, str, str], str] = field(default_factory=dict)
    given_up: dict[tuple[str, str], str] = field(default_factory=dict)


def read_stored(item_ids: Sequence[str]) -> Stored:
    """Three queries, whatever the number of items."""
    vectors = ItemEmbedding.objects.filter(item_id__in=item_ids).values_list("item_id", "encoder_id", "block", "content_hash")
    failures = ItemFailure.objects.filter(item_id__in=item_ids, permanent=True).values_list("item_id", "block", "content_hash")
    return Stored(
        IndexedItem.objects.in_bulk(list(item_ids)),
        {(item_id, encoder_id, block): given for item_id, encoder_id, block, given in vectors},
        {(item_id, block): given for item_id, block, given in failures},
    )


def plan(
    item: Item,
    stored: Stored,
    blocks: Sequence[Block],
    *,
    measure_colours: bool,
    reasons: frozenset[str] = frozenset(),
) -> Work:
    """What one item needs. A block is left alone when its vector, or its final failure, is of the very same content."""
    hashes, content_hash = fingerprint(item, blocks, measure_colours=measure_colours)
    force, retry = FORCE in reasons, bool({FORCE, RETRY} & reasons)
    if not retry and stored.given_up.get((item.item_id, WHOLE_ITEM)) == content_hash:
        return Work(item, hashes, content_hash)
    todo = {
        block.name
        for block in blocks
        if block.name in hashes and (force or not _is_current(item.item_id, block, hashes[block.name], stored, retry))
    }
    row = stored.rows.get(item.item_id)
    changed = row is None or row.removed or row.content_hash != content_hash
    measure = measure_colours and bool(item.photos) and (changed or retry)
    return Work(item, hashes, content_hash, frozenset(todo), measure)


def _is_current(item_id: str, block: Block, content_hash: str, stored: Stored, retry: bool) -> bool:
    if stored.hashes.get((item_id, block.encoder_id, block.name)) == content_hash:
        return not (retry and (item_id, block.name) in stored.given_up)
    return not retry and stored.given_up.get((item_id, block.name)) == content_hash


def facts_differ(work: Work, row: IndexedItem | None) -> bool:
    """Whether serving would see a difference in what is not encoded: price, stock, words, number of photos."""
    return row is None or row.removed or row.n_photos != len(work.item.photos) or row.facts != to_facts(work.item)


def leftovers(work: Work, stored: Stored, blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """(block, encoder id) of vectors of this item whose content is gone: it has no photo, or no words, any more."""
    ids: Mapping[str, str] = {block.name: block.encoder_id for block in blocks}
    return [
        (block, encoder_id)
        for item_id, encoder_id, block in stored.hashes
        if item_id == work.item.item_id and ids.get(block) == encoder_id and block not in work.hashes
    ]


def derived_attributes(work: Work, colours: Mapping[str, tuple[str, ...]], row: IndexedItem | None) -> dict[str, Any]:
    """Measured attributes to store: new ones where they were measured, the old ones where nothing had changed."""
    if work.item.item_id in colours:
        measured = list(colours[work.item.item_id])
        return {"color": measured} if measured else {}
    if row is None or row.removed or not work.item.photos:
        return {}
    return dict(row.derived)
