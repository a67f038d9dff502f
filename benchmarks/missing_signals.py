"""What an item loses that lacks a signal: a photo, or anybody who took it yet. Requests in words, judged by the catalogue."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.judged_requests import JudgedRequest
from benchmarks.report import Cell, Table
from fusion.collection import ItemCollection, ItemRecord
from fusion.columns import NEW_DAYS
from fusion.encoders.base import Encoder
from fusion.evaluation.intervals import bootstrap, paired_difference
from fusion.evaluation.metrics import ndcg
from fusion.index.exact import ExactIndex
from fusion.instructions.base import InstructionParser
from fusion.pipeline import RecommendationPipeline
from fusion.types import Item, Query

K = 10
PHOTO_BLOCKS = frozenset({"image", "look"})
# Spread of the simulated popularity (log-normal): a few items are taken very often, most seldom.
SPREAD = 1.5
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AGE = timedelta(days=NEW_DAYS)

Answers = list[list[str]]


def missing_tables(
    collection: ItemCollection,
    encoders: Sequence[Encoder],
    parser: InstructionParser,
    requests: Sequence[JudgedRequest],
    seed: int,
) -> list[Table]:
    """Everything that is there, against no photos at all, photos for half, and popularity for half."""
    items = [item for item_id in sorted(collection.ids()) if (item := collection.item(item_id))]
    half = frozenset(item.item_id for item in items if zlib.crc32(f"{seed}/{item.item_id}".encode()) % 2)

    def answers(made: ItemCollection, label: str) -> Answers:
        pipeline = RecommendationPipeline(made, encoders, parser, lambda ids: _fresh(made, ids))
        return [
            [ranked.item.item_id for ranked in pipeline.recommend(Query(request.text, limit=K)).items]
            for request in tqdm(requests, desc=label, leave=False)
        ]

    full = answers(_copy(collection, items, lambda _: True), "all photos")
    none = answers(_copy(collection, items, lambda _: False), "no photos")
    some = answers(_copy(collection, items, lambda item_id: item_id not in half), "half of the photos")
    # A new item is one of today; the others are older than anything that counts as new.
    aged = [replace(item, created_at=NOW if item.item_id in half else NOW - 2 * AGE) for item in items]
    warm = _copy(collection, aged, lambda _: True)
    warm.set_popularity(_popularity([i.item_id for i in items if i.item_id not in half], seed), NOW)
    taken = answers(warm, "popularity for half")
    rest = frozenset(item.item_id for item in items) - half
    rows = [
        _row("no item has a photo", full, none, requests, None, seed),
        _row("every second item lost its photo: those items", full, some, requests, half, seed),
        _row("every second item lost its photo: the others", full, some, requests, rest, seed),
        _row("every second item lost its photo: the whole list", full, some, requests, None, seed),
        _row("every second item is new (simulated popularity): those items", full, taken, requests, half, seed),
        _row("every second item is new (simulated popularity): the others", full, taken, requests, rest, seed),
    ]
    return [
        Table(
            "quality-missing",
            "What an item without a photo, or without a past, loses (requests in words, whole pipeline)",
            ("what is missing", "requests", "NDCG@10 [95%]", "with everything", "share kept", "difference [95%]"),
            rows,
            ("Intervals: categories resampled. NDCG of a part of the items counts only that part as relevant.",),
        )
    ]


def _copy(collection: ItemCollection, items: Sequence[Item], has_photo: Callable[[str], bool]) -> ItemCollection:
    rows = collection.rows_of(item.item_id for item in items)
    blocks = {block: collection.index.vectors(block, rows) for block in collection.index.dims}
    made = ItemCollection(ExactIndex(collection.index.dims))
    made.update(
        [
            ItemRecord(
                item,
                {
                    b: x[n]
                    for b, (x, there) in blocks.items()
                    if there[n] and (b not in PHOTO_BLOCKS or has_photo(item.item_id))
                },
            )
            for n, item in enumerate(items)
        ]
    )
    made.rebuild_lexical()
    return made


def _fresh(collection: ItemCollection, ids: Sequence[str]) -> dict[str, Item]:
    return {i: item for i in ids if (item := collection.item(i)) is not None}


def _popularity(ids: Sequence[str], seed: int) -> dict[str, float]:
    counts = np.random.default_rng(seed).lognormal(1.0, SPREAD, len(ids))
    return {item_id: float(np.log1p(n)) for item_id, n in zip(ids, counts, strict=True)}


def _row(
    name: str, full: Answers, part: Answers, requests: Sequence[JudgedRequest], among: Collection[str] | None, seed: int
) -> Sequence[Cell]:
    kept = [n for n, r in enumerate(requests) if among is None or r.relevant & frozenset(among)]
    groups = [requests[n].group for n in kept]

    def quality(lists: Answers) -> NDArray[np.float64]:
        wanted = [requests[n].relevant if among is None else requests[n].relevant & frozenset(among) for n in kept]
        return np.array([ndcg(lists[n], target, K) for n, target in zip(kept, wanted, strict=True)])

    before, after = quality(full), quality(part)
    mean, lost = bootstrap(after, seed, groups=groups), paired_difference(after, before, seed, groups=groups)
    return (
        name,
        len(kept),
        f"{mean.mean:.3f} [{mean.low:.3f}, {mean.high:.3f}]",
        round(float(before.mean()), 3),
        round(float(after.mean() / before.mean()), 3),
        f"{lost.mean:+.3f} [{lost.low:+.3f}, {lost.high:+.3f}]",
    )
