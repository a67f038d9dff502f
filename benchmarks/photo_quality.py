"""A held-out product's photo as the request: are the answers of its category, and which weights find most of them?"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from benchmarks.judged_requests import split
from benchmarks.options import Options
from benchmarks.report import Cell, Table
from benchmarks.weight_grid import Floats, Scored, best_setting, evaluate, with_interval
from fusion.blocks import Leg, calibrate, dense_columns
from fusion.collection import ItemCollection
from fusion.types import Item
from fusion.weights import DEFAULT_WEIGHTS

# (block of the photo's vector, block it is compared with): the photo's words-like vector also reads product texts.
LEGS = (("look", "look"), ("image", "image"), ("image", "text"))
IMAGE = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5)
TEXT = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
MIN_ITEMS = 10
PER_CATEGORY = 12


def photo_tables(collection: ItemCollection, items: Sequence[Item], options: Options) -> list[Table]:
    """Signals on and off, and the weights; empty for a catalogue without comparable photos."""
    if not {"look", "image", "text"} <= set(collection.index.dims):
        return []
    chosen = _chosen(items, options)
    scored = [s for item in tqdm(chosen, desc="photos", leave=False) if (s := _score(collection, items, item)) is not None]
    if len({s.group for s in scored}) < 2:
        return []
    return [_legs(scored, options), *_weights(scored, options)]


def _chosen(items: Sequence[Item], options: Options) -> list[Item]:
    members: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.category:
            members[item.category[-1]].append(item)
    least = 3 if options.tiny else MIN_ITEMS
    choice = random.Random(options.seed)
    return [
        item
        for category in sorted(members)
        if len(members[category]) >= least
        for item in choice.sample(members[category], min(PER_CATEGORY, len(members[category])))
    ]


def _score(collection: ItemCollection, items: Sequence[Item], item: Item) -> Scored | None:
    row = collection.rows_of([item.item_id])
    own = {block: collection.index.vectors(block, row) for block in ("look", "image")}
    if not all(present[0] for _, present in own.values()):
        return None
    n = collection.columns.n_rows
    rows = np.arange(n, dtype=np.int64)
    z = np.zeros((len(LEGS), n), np.float32)
    for number, (block, target) in enumerate(LEGS):
        leg = calibrate(Leg("photo", target, own[block][0][0], 1.0), collection.reference(target))
        if leg is not None:
            z[number] = dense_columns(collection.index, [leg], rows)[0].z
    relevant = np.zeros(n, bool)
    alike = [other.item_id for other in items if other.category[-1:] == item.category[-1:]]
    relevant[collection.rows_of(alike)] = True
    relevant[row] = False
    allowed = collection.columns.mask([])
    allowed[row] = False  # held out: a photo always finds itself
    return Scored(z, np.zeros(n, np.float32), allowed, relevant, item.category[-1], "", "photo")


def _default() -> Floats:
    return np.array([DEFAULT_WEIGHTS["photo", target] for _, target in LEGS])


def _legs(scored: Sequence[Scored], options: Options) -> Table:
    subsets = {
        "look": (1, 0, 0), "image": (0, 1, 0), "text": (0, 0, 1),
        "look + image": (1, 1, 0), "image + text": (0, 1, 1), "all": (1, 1, 1),
    }  # fmt: skip
    outcome = evaluate(scored, np.array(list(subsets.values())) * _default())
    groups = [s.group for s in scored]
    rows: list[Sequence[Cell]] = [
        (name, with_interval(outcome.precision[n], groups, options.seed), with_interval(outcome.ndcg[n], groups, options.seed))
        for n, name in enumerate(subsets)
    ]
    return Table(
        "quality-photo",
        f"A product's photo as the request: same sub-category, {len(scored)} held-out photos, default weights",
        ("legs", "P@10 [95%]", "NDCG@10 [95%]"),
        rows,
    )


def _weights(scored: Sequence[Scored], options: Options) -> list[Table]:
    grid = np.array([(1.0, i, t) for i in IMAGE for t in TEXT])
    tuning, reporting = split([s.group for s in scored], options.seed)
    best = grid[best_setting(evaluate([s for s in scored if s.group in tuning], grid), grid)]
    held = [s for s in scored if s.group in reporting]
    groups = [s.group for s in held]
    outcome = evaluate(held, np.vstack([best, _default()]))
    ndcg = [with_interval(values, groups, options.seed) for values in (*outcome.ndcg, outcome.ndcg[0] - outcome.ndcg[1])]
    means = evaluate(scored, grid).ndcg.mean(1).reshape(len(IMAGE), len(TEXT))
    shown = "/".join(f"{w:g}" for w in _default())
    return [
        Table(
            "quality-photo-weights",
            "Weights of a photo: chosen on half of the categories, reported on the other half",
            ("best look/image/text", "NDCG@10, best", f"NDCG@10, default ({shown})", "best - default [95%]"),
            [("/".join(f"{w:g}" for w in best), *ndcg)],
        ),
        Table(
            "quality-map-photo",
            "NDCG@10 by weights of a photo (look 1, all categories)",
            ("image \\ text", *(f"{value:g}" for value in TEXT)),
            [(f"{i:g}", *(round(float(v), 3) for v in row)) for i, row in zip(IMAGE, means, strict=True)],
        ),
    ]
