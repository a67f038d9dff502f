"""Finds what signals cannot see: bulk_create, queryset.update, fixtures, a lost vector, another encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from fusion.encoders.base import Encoder
from fusion.types import Item
from recommender.adapted import kept_derivations
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.control import current_exclusion
from recommender.encoders import Block, usable_blocks
from recommender.models import IndexedItem, ItemEmbedding, ItemFailure, StaleItem
from recommender.services.outbox import mark_stale
from recommender.services.planning import Stored, facts_differ, plan, read_stored

CHUNK = 500


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What a comparison of the catalogue with the index found.

    Attributes:
        items: items of the catalogue.
        marked: "new", "changed", "missing" (a vector), "removed" -> items that were marked stale.
        cleared: vectors of encoders that are configured no more and were deleted.
    """

    items: int
    marked: Mapping[str, int] = field(default_factory=dict)
    cleared: int = 0

    @property
    def n_marked(self) -> int:
        return sum(self.marked.values())

    @property
    def summary(self) -> str:
        """One line, e.g. "changed=2 new=1"."""
        return " ".join(f"{reason}={count}" for reason, count in sorted(self.marked.items())) or "nothing differs"


def reconcile(
    on_progress: Callable[[int, int], None] | None = None, *, encoders: Sequence[Encoder] | None = None
) -> ReconcileReport:
    """Compare every item of the catalogue with the index, and mark stale what differs. Encodes nothing itself.

    Failures that may pass (an unreadable file, missing weights) are tried again; final ones wait for a change or a retry.

    Args:
        on_progress: called as (items compared, items of the catalogue).
    """
    item_ids = list(dict.fromkeys(get_catalog().iter_item_ids()))
    blocks, unavailable = usable_blocks(encoders)
    waiting = set(StaleItem.objects.values_list("item_id", flat=True))
    found: Counter[str] = Counter()
    for done, chunk in _chunks(item_ids):
        found.update(_mark_chunk(chunk, blocks, waiting, whole=not unavailable))
        if on_progress:
            on_progress(done, len(item_ids))
    found.update(_mark_gone(set(item_ids), waiting))
    return ReconcileReport(len(item_ids), dict(found), 0 if unavailable else _clear_foreign(blocks))


def _chunks(item_ids: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    rest, done = iter(item_ids), 0
    while chunk := list(islice(rest, CHUNK)):
        done += len(chunk)
        yield done, chunk


def _mark_chunk(item_ids: Sequence[str], blocks: Sequence[Block], waiting: set[str], *, whole: bool) -> Counter[str]:
    exclusion = current_exclusion()
    fresh = get_catalog().get_items(item_ids, with_photos=True)
    items = {item_id: exclusion.from_item(item) for item_id, item in fresh.items()}
    stored = read_stored(item_ids)
    differing: dict[str, list[str]] = {}
    for item_id in item_ids:
        if item_id in items and item_id not in waiting and (reason := _difference(items[item_id], stored, blocks, whole)):
            differing.setdefault(reason, []).append(item_id)
    return _mark(differing)


def _difference(item: Item, stored: Stored, blocks: Sequence[Block], whole: bool) -> str:
    """Why an item is stale, or "". Without all encoders (``whole`` False) its overall hash says nothing."""
    row = stored.rows.get(item.item_id)
    if row is None or row.removed:
        return "new"
    work = plan(item, stored, blocks, measure_colours=get_settings().MEASURE_COLOURS)
    if work.todo:
        return "missing"
    return "changed" if facts_differ(work, row) or (whole and row.content_hash != work.content_hash) else ""


def _mark_gone(known: set[str], waiting: set[str]) -> Counter[str]:
    shown = IndexedItem.objects.filter(removed=False).values_list("item_id", flat=True)
    return _mark({"removed": [item_id for item_id in shown.iterator() if item_id not in known and item_id not in waiting]})


def _mark(found: Mapping[str, Iterable[str]]) -> Counter[str]:
    return Counter({reason: mark_stale(ids, reason, background=True) for reason, ids in found.items() if ids})


def _clear_foreign(blocks: Sequence[Block]) -> int:
    """Delete vectors and failures that no configured encoder and no kept version gives, once the configured ones cover all."""
    ItemFailure.objects.exclude(block__in=[*(block.name for block in blocks), "item"]).delete()
    if StaleItem.objects.exists() or not blocks:
        return 0
    wanted = {block.encoder_id for block in blocks} | {derivation.encoder_id for derivation in kept_derivations()}
    return ItemEmbedding.objects.exclude(encoder_id__in=wanted).delete()[0]
