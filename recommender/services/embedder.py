"""The worker's loop: claim, compare, encode, store, until the outbox is empty. Start reading at ``Embedder.run``.

Encoding happens outside any transaction (SQLite has one writer); what a batch gave is written in one short one. While a
batch is in its forward, the photos of the next one are being decoded in threads.
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
from recommender.control import current_exclusion
from recommender.encoders import usable_blocks
from recommender.models import IndexState, StaleItem
from recommender.services import leases
from recommender.services.embedding import Encoded, Photos, Problem, Work, decode_photos, encode_photos, encode_texts
from recommender.services.planning import WHOLE_ITEM, Stored, plan, read_stored
from recommender.services.storage import Batch, put_aside, store

logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]

DECODING_THREADS = 2
# Texts are sorted by length before they are batched: a window of four batches pads so little that the forward runs at its
# own best rate (measured: .77 of it with one batch, .95 with four).
BATCHES_PER_WINDOW = 4
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
class _Window:
    """Items under one lease on their way through: texts are encoded for all of them, photos and rows batch by batch."""

    lease: leases.Lease
    stored: Stored
    works: list[Work]
    removed: list[str]
    size: int
    encoded: Encoded = field(default_factory=Encoded)
    photos: dict[str, Future[Photos]] = field(default_factory=dict)
    began: bool = False

    @property
    def batches(self) -> list[list[Work]]:
        """At least one, because removed items are written with the first."""
        return [self.works[start : start + self.size] for start in range(0, len(self.works), self.size)] or [[]]


class Embedder:
    """One drain: its blocks, its decoding threads, what it holds and its counts."""

    def __init__(self, encoders: Sequence[Encoder] | None, on_progress: Progress) -> None:
        self.conf = get_settings()
        self.catalog = get_catalog()
        self.on_progress = on_progress
        self.blocks, self.unavailable = usable_blocks(encoders)
        self.photo_blocks = frozenset(block.name for block in self.blocks if block.reads_photos)
        self.encoded: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.held: list[_Window] = []
        self.in_a_row = 0
        self.total, self.counted_at = 0, float("-inf")

    def run(self, limit: int | None, seconds: float | None) -> IndexReport:
        """Work off at most ``limit`` items, starting nothing new after ``seconds``."""
        started = time.monotonic()
        self.left = float("inf") if limit is None else limit
        self.ends = float("inf") if seconds is None else started + seconds
        with ThreadPoolExecutor(DECODING_THREADS, thread_name_prefix="attune-decode") as self.pool:
            try:
                while self.held or self._claim(suspects=True):
                    if self.held:
                        self._step(self.held[0])
            finally:
                for window in self.held:
                    leases.release(window.lease, forgive=window.began)
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

    def _claim(self, *, suspects: bool) -> bool:
        """Claim the next window and compare it with the index. False: nothing (more) to do."""
        size = int(min(self.conf.BATCH_SIZE * BATCHES_PER_WINDOW, self.left))
        if size < 1 or time.monotonic() >= self.ends:
            return False
        lease = leases.claim(size, suspects=suspects)
        if lease is None:
            return False
        self.left -= len(lease.item_ids)
        try:
            self.held.append(self._compare(lease))
        except Exception as error:
            self._blame(lease, error)
        return True

    def _compare(self, lease: leases.Lease) -> _Window:
        """Fresh items against the index. What must be encoded counts as begun, and its first photos are being decoded."""
        exclusion = current_exclusion()
        fresh = self.catalog.get_items(lease.item_ids, with_photos=True)
        items = {item_id: exclusion.from_item(item) for item_id, item in fresh.items()}
        stored = read_stored(lease.item_ids)
        works = [
            plan(item, stored, self.blocks, measure_colours=self.conf.MEASURE_COLOURS, reasons=lease.reasons[item_id])
            for item_id, item in items.items()
        ]
        removed = [item_id for item_id in lease.item_ids if item_id not in items]
        window = _Window(lease, stored, works, removed, self.conf.BATCH_SIZE)
        if lease.exhausted:
            window.encoded.problems = [_quarantined(work, lease) for work in works]
            return window
        self._load_for(window)
        if any(not work.is_idle for work in window.works):
            leases.begin(lease)
            window.began = True
            self._decode(window, window.batches[0])
        return window

    def _load_for(self, window: _Window) -> None:
        """Read the weights that are needed, before anything is blamed on an item. Without weights the facts still go on."""
        needed = {name for work in window.works for name in work.todo}
        broken = dict(self.unavailable)
        for block in self.blocks:
            if block.name in needed:
                try:
                    block.encoder.load()
                except Exception as error:
                    broken[block.name] = f"The encoder cannot be loaded: {error}"
        if not broken:
            return
        names, without = frozenset(broken), frozenset(self.unavailable)
        window.encoded.problems = [
            Problem(work.item.item_id, name, broken[name], False)
            for work in window.works
            for name in sorted(names & (work.todo | without))
        ]
        window.works = [replace(work, todo=work.todo - names) for work in window.works]
        logger.warning("event=encoder_unavailable blocks=%s reason=%r", ",".join(sorted(names)), next(iter(broken.values())))

    def _step(self, window: _Window) -> None:
        try:
            self._work_off(window)
        except Exception as error:
            self.held.remove(window)
            self._blame(window.lease, error, began=window.began)
        else:
            self.held.remove(window)
            self.in_a_row = 0

    def _work_off(self, window: _Window) -> None:
        """Texts of the whole window, then photos and rows batch by batch. A suspect has the process to itself."""
        size, batches = self.conf.BATCH_SIZE, window.batches
        if window.began:
            encode_texts(window.works, self.blocks, window.encoded, batch_size=size, heartbeat=self._renew)
        for number, works in enumerate(batches):
            if number + 1 < len(batches):
                self._decode(window, batches[number + 1])
            elif not window.lease.attempts:
                self._claim(suspects=False)
            if window.began:
                encode_photos(
                    works, window.photos, self.blocks, window.encoded, batch_size=size, heartbeat=self._renew
                )  # fmt: skip
            removed = [] if number else window.removed
            store(Batch(window.lease, window.stored, self.blocks, works, removed), window.encoded)
            self._count(works, removed, window.encoded)

    def _decode(self, window: _Window, works: Sequence[Work]) -> None:
        """Start decoding what a batch needs of its photos."""
        if not window.began:
            return
        for work in works:
            every = bool(work.todo & self.photo_blocks)
            if every or work.measure:
                window.photos[work.item.item_id] = self.pool.submit(
                    decode_photos,
                    work,
                    every=every,
                    measure=work.measure,
                    max_bytes=self.conf.MAX_PHOTO_BYTES,
                    max_pixels=self.conf.MAX_PHOTO_PIXELS,
                )

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

    def _renew(self) -> None:
        for window in self.held:
            leases.renew(window.lease)

    def _count(self, works: Sequence[Work], removed: Sequence[str], encoded: Encoded) -> None:
        ids = {work.item.item_id for work in works}
        self.encoded.update(block for item_id, block in encoded.vectors if item_id in ids)
        self.counts.update(
            items=len(works) + len(removed),
            removed=len(removed),
            unchanged=sum(not work.todo for work in works),
            failed=sum(problem.item_id in ids for problem in encoded.problems),
        )
        self.on_progress(self.counts["items"], self._total())

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
