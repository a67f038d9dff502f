"""The worker's loop: claim, compare, encode, store, until the outbox is empty. Start reading at ``drain``.

Encoding happens outside any transaction (SQLite has one writer); what a batch gave is written in one short one. While a
batch is in its forward, the next one is already claimed and its photos are being decoded in threads.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from fusion.encoders.base import Encoder
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.encoders import usable_blocks
from recommender.models import IndexState, StaleItem
from recommender.services import leases
from recommender.services.embedding import Encoded, Photos, Problem, Work, decode_photos, encode
from recommender.services.outbox import mark_stale
from recommender.services.planning import FORCE, WHOLE_ITEM, plan, read_stored
from recommender.services.reconciliation import ReconcileReport, reconcile
from recommender.services.storage import Batch, put_aside, store

__all__ = ["IndexReport", "ReconcileReport", "drain", "mark_all_stale", "mark_stale", "reconcile"]

logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]

DECODING_THREADS = 2
GIVE_UP_AFTER = 5
COUNT_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a drain did.

    Attributes:
        items: items worked off, removed ones included.
        encoded: block -> vectors that were made.
        unchanged: items of which nothing had to be encoded.
        failed: problems met, one for each bad block of an item.
        finished: False when it stopped at its limit with work left.
    """

    items: int = 0
    encoded: Mapping[str, int] = field(default_factory=dict)
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    revision: int = 0
    seconds: float = 0.0
    finished: bool = True


@dataclass(slots=True)
class _Prepared:
    batch: Batch
    photos: dict[str, Future[Photos]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    began: bool = False


def mark_all_stale(on_progress: Progress | None = None) -> int:
    """Mark every item of the catalogue for a new encoding, whether it changed or not."""
    known = list(get_catalog().iter_item_ids())
    return mark_stale(known, FORCE, background=True)


def drain(
    *,
    encoders: Sequence[Encoder] | None = None,
    on_progress: Progress | None = None,
    limit: int | None = None,
    seconds: float | None = None,
    heartbeat: Callable[[], None] | None = None,
) -> IndexReport:
    """Work the outbox off. Several drains may run at once; each item is in the hands of one.

    Args:
        encoders: instead of the process's own.
        on_progress: called as (items done, items known so far) after each batch.
        limit: stop once this many items were worked off.
        seconds: stop at the first batch boundary after this time.
        heartbeat: called after every forward and every batch.
    Raises:
        Whatever the host's adapter or the database raises several times in a row; claimed items are given back first.
    """
    worker = _Worker(encoders, on_progress or (lambda done, total: None), heartbeat or (lambda: None))
    return worker.run(limit, seconds)


class _Worker:
    """One drain: its blocks, its decoding threads and its counts."""

    def __init__(self, encoders: Sequence[Encoder] | None, on_progress: Progress, heartbeat: Callable[[], None]) -> None:
        self.conf = get_settings()
        self.catalog = get_catalog()
        self.on_progress, self.heartbeat = on_progress, heartbeat
        self.blocks, self.unavailable = usable_blocks(encoders)
        self.encoded: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.in_hand: list[_Prepared] = []
        self.in_a_row = 0
        self.total, self.counted_at = 0, float("-inf")

    def run(self, limit: int | None, seconds: float | None) -> IndexReport:
        started = time.monotonic()
        ends = started + seconds if seconds is not None else float("inf")
        with ThreadPoolExecutor(DECODING_THREADS, thread_name_prefix="attune-decode") as self.pool:
            try:
                while self.in_hand or self._prepare(limit, ends, suspects=True):
                    if self.in_hand:
                        self._step(limit, ends)
            finally:
                for left in self.in_hand:
                    leases.release(left.batch.lease, forgive=left.began)
        return IndexReport(
            items=self.counts["items"],
            encoded=dict(self.encoded),
            unchanged=self.counts["unchanged"],
            removed=self.counts["removed"],
            failed=self.counts["failed"],
            revision=IndexState.objects.filter(pk=1).values_list("revision", flat=True).first() or 0,
            seconds=time.monotonic() - started,
            finished=not StaleItem.objects.filter(claim="").exists(),
        )

    def _prepare(self, limit: int | None, ends: float, *, suspects: bool) -> bool:
        """Claim the next batch, compare it with the index and start decoding its photos. False: nothing (more) to do."""
        ahead = self.counts["items"] + sum(len(waiting.batch.lease.item_ids) for waiting in self.in_hand)
        size = self.conf.BATCH_SIZE if limit is None else min(self.conf.BATCH_SIZE, limit - ahead)
        if size < 1 or time.monotonic() >= ends:
            return False
        lease = leases.claim(size, suspects=suspects)
        if lease is None:
            return False
        try:
            self._compare(lease)
        except Exception as error:
            self._blame(lease, error)
        return True

    def _step(self, limit: int | None, ends: float) -> None:
        """Get the next batch under way, then encode and store the current one. A suspect has the process to itself."""
        current = self.in_hand[0]
        if not current.batch.lease.attempts:
            self._prepare(limit, ends, suspects=False)
        try:
            self._work_off(current)
        except Exception as error:
            self.in_hand.remove(current)
            self._blame(current.batch.lease, error, began=current.began)
        else:
            self.in_hand.remove(current)
            self.in_a_row = 0

    def _compare(self, lease: leases.Lease) -> None:
        """Fresh items against the index; begin what must be encoded."""
        items = self.catalog.get_items(lease.item_ids, with_photos=True)
        stored = read_stored(lease.item_ids)
        works = [
            plan(item, stored, self.blocks, measure_colours=self.conf.MEASURE_COLOURS, reasons=lease.reasons[item_id])
            for item_id, item in items.items()
        ]
        removed = [item_id for item_id in lease.item_ids if item_id not in items]
        prepared = _Prepared(Batch(lease, stored, self.blocks, works, removed))
        if lease.exhausted:
            prepared.problems = [_quarantined(work, lease) for work in works]
        else:
            self._load_for(prepared)
            if any(not work.is_idle for work in prepared.batch.works):
                leases.begin(lease)
                prepared.began = True
                prepared.photos = self._decode(prepared.batch.works)
        self.in_hand.append(prepared)

    def _blame(self, lease: leases.Lease, error: Exception, *, began: bool = False) -> None:
        """Something failed that no item should make fail: the host's adapter, a fact that cannot be stored, a bug.

        The items become suspects, so the next claims take them one by one and find the one at fault, which is put aside
        after its last attempt. When everything fails in a row it is no item's fault: stop, and let the next drain try.
        """
        logger.warning("event=batch_failed items=%d attempts=%d error=%r", len(lease.item_ids), lease.attempts, error)
        if lease.exhausted:
            put_aside(lease, f"{type(error).__name__}: {error}")
            self.counts.update(items=len(lease.item_ids), failed=len(lease.item_ids))
        else:
            if not began:
                leases.begin(lease)
            leases.release(lease)
        self.in_a_row += 1
        if self.in_a_row >= GIVE_UP_AFTER:
            raise error

    def _load_for(self, prepared: _Prepared) -> None:
        """Read the weights that this batch needs, before anything is blamed on its items. No weights: the facts go on."""
        batch = prepared.batch
        needed = {name for work in batch.works for name in work.todo}
        broken = dict(self.unavailable)
        for block in batch.blocks:
            if block.name in needed:
                try:
                    block.encoder.load()
                except Exception as error:
                    broken[block.name] = f"The encoder cannot be loaded: {error}"
        if broken:
            names = frozenset(broken)
            prepared.problems = [
                Problem(work.item.item_id, name, broken[name], False)
                for work in batch.works
                for name in sorted(names & (work.todo | set(self.unavailable)))
            ]
            batch.works = [replace(work, todo=work.todo - names) for work in batch.works]
            logger.warning(
                "event=encoder_unavailable blocks=%s reason=%r", ",".join(sorted(names)), next(iter(broken.values()))
            )

    def _decode(self, works: Sequence[Work]) -> dict[str, Future[Photos]]:
        names = {block.name for block in self.blocks if block.reads_photos}
        limits = {"max_bytes": self.conf.MAX_PHOTO_BYTES, "max_pixels": self.conf.MAX_PHOTO_PIXELS}
        return {
            work.item.item_id: self.pool.submit(
                decode_photos, work, every=bool(work.todo & names), measure=work.measure, **limits
            )
            for work in works
            if work.measure or work.todo & names
        }

    def _work_off(self, prepared: _Prepared) -> None:
        batch = prepared.batch
        encoded = Encoded()
        if prepared.began:
            encoded = encode(batch.works, prepared.photos, batch.blocks, batch_size=self.conf.BATCH_SIZE, heartbeat=self._beat)
        encoded.problems += prepared.problems
        store(batch, encoded)
        self._count(batch, encoded)

    def _beat(self) -> None:
        for waiting in self.in_hand:
            leases.renew(waiting.batch.lease)
        self.heartbeat()

    def _count(self, batch: Batch, encoded: Encoded) -> None:
        self.encoded.update(block for _, block in encoded.vectors)
        self.counts.update(
            items=len(batch.lease.item_ids),
            removed=len(batch.removed),
            unchanged=sum(not work.todo for work in batch.works),
            failed=len(encoded.problems),
        )
        self.on_progress(self.counts["items"], self._total())
        self.heartbeat()

    def _total(self) -> int:
        """Items known so far, done ones included; counted anew every other second, because many may be waiting."""
        done, now = self.counts["items"], time.monotonic()
        if now - self.counted_at >= COUNT_EVERY:
            self.total, self.counted_at = done + StaleItem.objects.values("item_id").distinct().count(), now
        return max(self.total, done)


def _quarantined(work: Work, lease: leases.Lease) -> Problem:
    reason = (
        f"Encoding this item ended the worker {lease.attempts} times, so it is not tried again until its texts or photos "
        "change. Look at its photos, then choose “retry”."
    )
    return Problem(work.item.item_id, WHOLE_ITEM, reason, True)
