"""Writing a batch: one short transaction with the vectors, the facts, the failures, the revision and the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from recommender.encoders import Block
from recommender.facts import to_facts
from recommender.models import IndexedItem, IndexState, ItemEmbedding, ItemFailure
from recommender.services import leases, projection
from recommender.services.embedding import Encoded, Problem, Work
from recommender.services.planning import WHOLE_ITEM, Stored, derived_attributes, facts_differ, leftovers


@dataclass(slots=True)
class Batch:
    """What is written in one transaction: some of a lease's items, compared with what was stored of them."""

    lease: leases.Lease
    stored: Stored
    blocks: Sequence[Block]
    works: list[Work]
    removed: list[str]


def bump_revision() -> int:
    """The next revision; the caller's transaction holds the lock, so revisions become visible in order."""
    leases.lock_index()
    IndexState.objects.filter(pk=1).update(revision=F("revision") + 1, updated_at=timezone.now())
    return IndexState.objects.values_list("revision", flat=True).get(pk=1)


def store(batch: Batch, encoded: Encoded) -> int | None:
    """Write what a batch gave and delete its claims. Items that another worker took over meanwhile are left to it.

    Returns:
        The new revision, or None when nothing changed that serving could see.
    """
    with transaction.atomic():
        leases.lock_index()
        ours = leases.held(batch.lease)
        works = [work for work in batch.works if work.item.item_id in ours]
        written = [work for work in works if _is_visible(work, batch, encoded)]
        removed = [item_id for item_id in batch.removed if item_id in ours and _is_shown(item_id, batch.stored)]
        revision = bump_revision() if written or removed else None
        if revision is not None:
            _write_items(written, batch, encoded, revision)
            _write_removed(removed, revision)
            _write_vectors(written, batch, encoded)
            projection.follow([work.item.item_id for work in written])
        _write_failures(works, encoded.problems)
        ItemFailure.objects.filter(item_id__in=[item_id for item_id in batch.removed if item_id in ours]).delete()
        leases.finish(batch.lease, [*(work.item.item_id for work in works), *batch.removed])
    return revision


def put_aside(lease: leases.Lease, reason: str) -> None:
    """Record that the items of a lease cannot even be read, and take them out of the queue until they change."""
    now = timezone.now()
    rows = [ItemFailure(item_id=item_id, block=WHOLE_ITEM, reason=reason, failed_at=now) for item_id in lease.item_ids]
    with transaction.atomic():
        ItemFailure.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["item_id", "block"], update_fields=["reason", "permanent", "failed_at"]
        )
        leases.finish(lease, lease.item_ids)


def _is_visible(work: Work, batch: Batch, encoded: Encoded) -> bool:
    row = batch.stored.rows.get(work.item.item_id)
    changed = row is None or row.content_hash != work.content_hash
    return bool(changed or not work.is_idle or facts_differ(work, row) or leftovers(work, batch.stored, batch.blocks))


def _is_shown(item_id: str, stored: Stored) -> bool:
    return item_id in stored.rows and not stored.rows[item_id].removed


def _write_items(works: Sequence[Work], batch: Batch, encoded: Encoded, revision: int) -> None:
    now = timezone.now()
    rows = [
        IndexedItem(
            item_id=work.item.item_id,
            facts=to_facts(work.item),
            derived=derived_attributes(work, encoded.colours, batch.stored.rows.get(work.item.item_id)),
            content_hash=work.content_hash,
            n_photos=len(work.item.photos),
            revision=revision,
            removed=False,
            indexed_at=now,
        )
        for work in works
    ]
    fields = ["facts", "derived", "content_hash", "n_photos", "revision", "removed", "indexed_at"]
    IndexedItem.objects.bulk_create(rows, update_conflicts=True, unique_fields=["item_id"], update_fields=fields)


def _write_removed(item_ids: Sequence[str], revision: int) -> None:
    ItemEmbedding.objects.filter(item_id__in=item_ids).delete()
    IndexedItem.objects.filter(item_id__in=item_ids).update(
        removed=True, revision=revision, derived={}, content_hash="", indexed_at=timezone.now()
    )


def _write_vectors(works: Sequence[Work], batch: Batch, encoded: Encoded) -> None:
    gone = Q(pk__in=[])
    rows: list[ItemEmbedding] = []
    for work in works:
        item_id = work.item.item_id
        for name, encoder_id in leftovers(work, batch.stored, batch.blocks):
            gone |= Q(item_id=item_id, block=name, encoder_id=encoder_id)
        for block in (block for block in batch.blocks if block.name in work.todo):
            vector = encoded.vectors.get((item_id, block.name))
            if vector is None:  # what is stored was made from content that is there no more
                gone |= Q(item_id=item_id, block=block.name, encoder_id=block.encoder_id)
                continue
            # A vector that misses an unreadable photo is used, but its hash fits nothing, so it is made again.
            content_hash = "" if (item_id, block.name) in encoded.partial else work.hashes[block.name]
            rows.append(
                ItemEmbedding(
                    item_id=item_id,
                    block=block.name,
                    encoder_id=block.encoder_id,
                    dim=len(vector),
                    vector=vector.astype("<f2").tobytes(),
                    content_hash=content_hash,
                )
            )
    if gone.children:
        ItemEmbedding.objects.filter(gone).delete()
    ItemEmbedding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["item", "block", "encoder_id"],
        update_fields=["dim", "vector", "content_hash", "embedded_at"],
    )


def _write_failures(works: Sequence[Work], problems: Sequence[Problem]) -> None:
    """One row per item and block: its problems in one text. A block that was encoded, or has nothing to read, has none."""
    by_id = {work.item.item_id: work for work in works}
    grouped: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        if problem.item_id in by_id:
            grouped.setdefault((problem.item_id, problem.block), []).append(problem)
    known = {(row.item_id, row.block): row for row in ItemFailure.objects.filter(item_id__in=list(by_id))}
    settled = [row.pk for key, row in known.items() if key not in grouped and _is_settled(row, by_id[row.item_id])]
    ItemFailure.objects.filter(pk__in=settled).delete()
    rows = [
        ItemFailure(
            item_id=item_id,
            block=block,
            reason="\n".join(dict.fromkeys(problem.reason for problem in given)),
            permanent=all(problem.permanent for problem in given),
            content_hash=by_id[item_id].hashes.get(block, by_id[item_id].content_hash),
            attempts=known[item_id, block].attempts + 1 if (item_id, block) in known else 1,
        )
        for (item_id, block), given in grouped.items()
    ]
    ItemFailure.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["item_id", "block"],
        update_fields=["reason", "permanent", "content_hash", "attempts", "failed_at"],
    )


def _is_settled(failure: ItemFailure, work: Work) -> bool:
    if failure.block == WHOLE_ITEM:
        return bool(work.todo) or failure.content_hash != work.content_hash
    return failure.block in work.todo or failure.block not in work.hashes
