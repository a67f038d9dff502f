"""How well the fashion catalogue answers requests that its own fields judge, and which weights answer them best.

Weights are chosen on half of the categories and reported on the other half. Three settings, from easy to hard: the
catalogue as the shop indexes it with the parser on, the same with the parser off (no constraints, no linked values), and
titles alone (no category, colour or gender anywhere in the index, parser off), which is nearest to a thin catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import catalogue
from benchmarks.judged_requests import JudgedRequest, build_requests, split
from benchmarks.options import Options
from benchmarks.report import Cell, Table
from benchmarks.shop_data import copy_shop, open_shop
from benchmarks.weight_grid import Floats, Outcome, Scored, best_setting, evaluate, with_interval
from fusion.collection import ItemCollection, ItemRecord
from fusion.encoders.base import Encoder
from fusion.index.exact import ExactIndex
from fusion.instructions.base import InstructionParser
from fusion.item_text import item_text
from fusion.pipeline import RecommendationPipeline
from fusion.profile import Profile
from fusion.scoring import Scorer
from fusion.sources import SourceEncoder
from fusion.tokens import tokenize
from fusion.types import Instruction, Item, Matrix, Query
from fusion.weights import DEFAULT_WEIGHTS

LEGS = (("words", "text"), ("words", "image"), ("words", "lexical"))
IMAGE = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
LEXICAL = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
SUBSETS = {
    "text": (1, 0, 0),
    "image": (0, 1, 0),
    "lexical": (0, 0, 1),
    "text + image": (1, 1, 0),
    "text + lexical": (1, 0, 1),
    "all": (1, 1, 1),
}


@dataclass(frozen=True)
class Setting:
    """One way to index and to read requests. ``parser`` None takes every request as plain words."""

    name: str
    collection: ItemCollection
    encoders: Sequence[Encoder]
    parser: InstructionParser | None


def run(options: Options) -> list[Table]:
    """All tables of the study."""
    data = options.work / "runs" / "quality"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from recommender.engine import get_engine

    engine = get_engine()
    engine.warm_up()
    collection = engine.collection
    items = [item for item_id in sorted(collection.ids()) if (item := collection.item(item_id))]
    requests = build_requests(items, options.seed, min_items=2 if options.tiny else 8)
    if not requests:
        return [_nothing()]
    settings = [
        Setting("shop, parser on", collection, engine.encoders, engine.parser),
        Setting("shop, parser off", collection, engine.encoders, None),
        Setting("titles only, parser off", _titles_only(collection, items, engine.encoders, options), engine.encoders, None),
    ]
    scored = {setting.name: _score(setting, requests) for setting in settings}
    from benchmarks.missing_signals import missing_tables
    from benchmarks.photo_quality import photo_tables

    return [
        _shipped(engine.pipeline, requests, options),
        _legs(scored),
        *_weights(scored, options),
        *photo_tables(collection, items, options),
        *missing_tables(collection, engine.encoders, engine.parser, requests, options.seed),
    ]


def _nothing() -> Table:
    return Table(
        "quality-words", "Retrieval quality: this catalogue has no category that the study knows", ("requests",), [(0,)]
    )


def _titles_only(
    collection: ItemCollection, items: Sequence[Item], encoders: Sequence[Encoder], options: Options
) -> ItemCollection:
    """The same products as a thin catalogue would describe them; photos stay."""
    bare = [Item(item.item_id, item.title, created_at=item.created_at) for item in items]
    vectors = _title_vectors(bare, encoders, options.work / "title-vectors.npz")
    rows = collection.rows_of(item.item_id for item in bare)
    photo = {b: collection.index.vectors(b, rows) for b in collection.index.dims if b != "text"}
    made = ItemCollection(ExactIndex(collection.index.dims))
    made.update(
        [
            ItemRecord(item, {"text": vectors[n], **{b: x[n] for b, (x, present) in photo.items() if present[n]}})
            for n, item in enumerate(bare)
        ]
    )
    made.rebuild_lexical()
    return made


def _title_vectors(items: Sequence[Item], encoders: Sequence[Encoder], cache: Path) -> Matrix:
    encoder = next(e for e in encoders if any(spec.name == "text" for spec in e.blocks))
    key = np.array([encoder.identity("text").id, *(item.title for item in items)])
    if cache.exists():
        with np.load(cache, allow_pickle=False) as kept:
            if np.array_equal(kept["key"], key):
                return np.asarray(kept["vectors"], np.float32)
    parts = []
    for start in tqdm(range(0, len(items), 64), desc="titles", leave=False):
        parts.append(encoder.encode_texts([item_text(item) for item in items[start : start + 64]])["text"])
    vectors = np.concatenate(parts)
    np.savez(cache, key=key, vectors=vectors)
    return vectors


def _score(setting: Setting, requests: Sequence[JudgedRequest]) -> list[Scored]:
    source_encoder = SourceEncoder(setting.encoders, setting.collection, DEFAULT_WEIGHTS)
    scorer = Scorer(setting.collection, DEFAULT_WEIGHTS)
    return [_score_one(setting, source_encoder, scorer, r) for r in tqdm(requests, desc=setting.name, leave=False)]


def _score_one(setting: Setting, source_encoder: SourceEncoder, scorer: Scorer, request: JudgedRequest) -> Scored:
    collection = setting.collection
    n = collection.columns.n_rows
    rows = np.arange(n, dtype=np.int64)
    plain = Instruction(request.text, request.language, rest=request.text)
    instruction = setting.parser.parse(request.text) if setting.parser else plain
    sources = source_encoder.encode(Query(request.text), instruction, Profile())
    lexical = collection.lexical.scores(tokenize(sources.words), n)
    z = np.zeros((len(LEGS), n), np.float32)
    base = np.zeros(n, np.float32)
    for column in scorer.columns(instruction, sources, source_encoder.calibrated(sources), lexical, rows):
        if (column.source, column.block) in LEGS:
            z[LEGS.index((column.source, column.block))] = column.z
        else:
            base += np.float32(column.weight) * column.z
    relevant = np.zeros(n, bool)
    relevant[collection.rows_of(request.relevant)] = True
    allowed = collection.columns.mask(instruction.musts)
    if not allowed.any():  # the pipeline would let something go; the study takes the request as words
        allowed = collection.columns.mask([])
    return Scored(z, base, allowed, relevant, request.group, request.language, request.kind)


def _shipped(pipeline: RecommendationPipeline, requests: Sequence[JudgedRequest], options: Options) -> Table:
    """Through the whole pipeline, as the shop answers."""
    from benchmarks.relevance import ndcg_at_10, precision_at_10

    found: dict[tuple[str, str], list[tuple[float, float, str]]] = {}
    for request in tqdm(requests, desc="whole pipeline", leave=False):
        answer = pipeline.recommend(Query(request.text, limit=10))
        hits = np.array([ranked.item.item_id in request.relevant for ranked in answer.items], bool)
        values = (precision_at_10(hits, len(request.relevant)), ndcg_at_10(hits, len(request.relevant)), request.group)
        for key in ((request.language, request.kind), (request.language, "all"), ("both", "all")):
            found.setdefault(key, []).append(values)
    rows: list[Sequence[Cell]] = []
    for (language, kind), measured in sorted(found.items()):
        groups = [group for *_, group in measured]
        shown = [with_interval(np.array([m[i] for m in measured]), groups, options.seed) for i in (0, 1)]
        rows.append((language, kind, len(measured), *shown))
    return Table(
        "quality-words",
        "Requests in words through the whole pipeline, default weights",
        ("language", "kind", "requests", "P@10 [95%]", "NDCG@10 [95%]"),
        rows,
        ("P@10 is out of what is possible, min(10, relevant). Intervals: categories resampled 1,000 times.",),
    )


def _legs(scored: dict[str, list[Scored]]) -> Table:
    """What each signal brings alone and together, at the default weights."""
    default = np.array([DEFAULT_WEIGHTS[leg] for leg in LEGS])
    weights = np.array(list(SUBSETS.values())) * default
    rows: dict[str, list[Cell]] = {name: [name] for name in SUBSETS}
    columns = ["legs"]
    for name, requests in scored.items():
        for language in ("en", "zh"):
            outcome = evaluate([r for r in requests if r.language == language], weights)
            columns.append(f"{name}, {language}")
            for row, value in zip(rows.values(), outcome.precision.mean(1), strict=True):
                row.append(round(float(value), 3))
    return Table("quality-legs", "P@10 with signals on and off (all requests, default weights)", columns, list(rows.values()))


def _weights(scored: dict[str, list[Scored]], options: Options) -> list[Table]:
    """The best weights on the tuning half against the defaults on the reporting half."""
    grid = np.array([(1.0, image, lexical) for image in IMAGE for lexical in LEXICAL])
    default = np.array([[DEFAULT_WEIGHTS[leg] for leg in LEGS]])
    groups = [r.group for r in next(iter(scored.values()))]
    tuning, reporting = split(groups, options.seed)
    rows: list[Sequence[Cell]] = []
    maps: list[Table] = []
    for name, requests in scored.items():
        tuned = evaluate([r for r in requests if r.group in tuning], grid)
        best = grid[best_setting(tuned, grid)]
        held = [r for r in requests if r.group in reporting]
        rows.append(_compared(name, best, evaluate(held, np.vstack([best[None], default])), held, options))
        maps.append(_map(name, evaluate(requests, grid)))
    shown = "/".join(f"{DEFAULT_WEIGHTS[leg]:g}" for leg in LEGS)
    table = Table(
        "quality-weights",
        "Weights of a request in words: chosen on half of the categories, reported on the other half",
        ("setting", "best text/image/lexical", "NDCG@10, best", f"NDCG@10, default ({shown})", "best - default [95%]"),
        rows,
        (f"{len(tuning)} categories to choose on, {len(reporting)} to report on; {len(grid)} settings, text fixed at 1.",),
    )
    return [table, *maps]


def _compared(name: str, best: Floats, outcome: Outcome, held: Sequence[Scored], options: Options) -> Sequence[Cell]:
    groups = [r.group for r in held]
    difference = outcome.ndcg[0] - outcome.ndcg[1]
    return (
        name,
        "/".join(f"{w:g}" for w in best),
        with_interval(outcome.ndcg[0], groups, options.seed),
        with_interval(outcome.ndcg[1], groups, options.seed),
        with_interval(difference, groups, options.seed),
    )


def _map(name: str, outcome: Outcome) -> Table:
    """The whole grid at a glance, over all categories."""
    means = outcome.ndcg.mean(1).reshape(len(IMAGE), len(LEXICAL))
    key = "quality-map-" + name.split(",")[0].split()[0] + ("-on" if name.endswith("on") else "-off")
    return Table(
        key,
        f"NDCG@10 by weights, {name} (text 1, all categories)",
        ("image \\ lexical", *(f"{value:g}" for value in LEXICAL)),
        [(f"{image:g}", *(round(float(v), 3) for v in row)) for image, row in zip(IMAGE, means, strict=True)],
    )
