"""Adapts the encoder to this shop: heads learn from its photos and words, and are kept if products kept apart say so.

No photo is read: the stored vectors of the configured encoder are what the heads read. Texts are encoded once and cached.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from fusion.encoders.base import Encoder
from fusion.encoders.heads import Heads, stacked
from fusion.encoders.projected import ProjectedEncoder
from fusion.learning.adaptation import AdaptationOptions, PairData, TowerSource, TrainedHeads, train
from fusion.learning.adaptation_report import PRIMARY, Comparison, HeldOut, compare
from fusion.learning.adaptation_texts import collect_texts, groups_of, split_by_title
from fusion.types import Item, Matrix
from recommender.adapted import KIND, derivation_of
from recommender.conf import get_settings
from recommender.control import refuse_when_frozen
from recommender.encoders import Block, blocks_of, get_encoders
from recommender.evaluation.vectors import VectorCache
from recommender.exceptions import TrainingRefused
from recommender.models import ModelVersion
from recommender.services import versions
from recommender.services.adaptation_data import Catalogue, bought_pairs, read_catalogue_items, vocabulary_of

logger = logging.getLogger(__name__)

# Of all products with a photo and a title: to learn from, to stop on, to measure on. Products of one title stay together.
PARTS: Mapping[str, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}
MIN_PRODUCTS = 300
LIMIT = 5000
TEXT_BATCH = 64
SAVE_EVERY = 512
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class AdaptationReport:
    """What came of it.

    Attributes:
        version: the candidate that was kept; None when it is not better, or was only tried.
        comparison: before (the encoder in force) and after, on products that no training saw.
        products: how many of each part.
        pairs: (words, bought product) pairs of the log among what was learnt from.
    """

    version: ModelVersion | None
    comparison: Comparison
    products: Mapping[str, int]
    texts: int
    pairs: int
    trained: TrainedHeads
    seconds: Mapping[str, float]
    log_dir: Path

    @property
    def summary(self) -> str:
        """One line for the ledger."""
        found, lift = self.comparison.primary, self.comparison.primary.lift
        kept = f"version {self.version.pk}" if self.version else "not kept"
        return f"{kept}; {found.name} {found.before:.3f} -> {found.after:.3f} [{lift.low:+.3f}, {lift.high:+.3f}]"


def adapt(
    options: AdaptationOptions,
    *,
    min_products: int = MIN_PRODUCTS,
    limit: int = LIMIT,
    dry_run: bool = False,
    on_progress: Progress = lambda stage, done, total: None,
) -> AdaptationReport:
    """Train, measure, and keep a candidate if held-out retrieval certainly improves and nothing else gets worse.

    A run that was killed goes on: texts that were encoded are cached, and each epoch leaves a checkpoint.

    Args:
        min_products: refuse to learn from fewer products with a photo and a title.
        limit: of a larger catalogue so many are drawn, by a hash of their ids.
        dry_run: keep nothing.
        on_progress: called with what is going on ("texts" or "training"), how much is done and how much there is.
    Raises:
        LearningFrozen: people froze learning.
        TrainingRefused: too few products, no encoder with a photo block that words reach, or another process trains.
    """
    refuse_when_frozen()
    _folder().mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(_folder() / "lock", timeout=0):
            report = _adapt(options, min_products, limit, dry_run, on_progress)
    except Timeout as error:
        raise TrainingRefused(_("Another process adapts the encoders already. Wait until it has ended.")) from error
    logger.info("event=encoders_adapted kept=%s products=%d", report.version is not None, sum(report.products.values()))
    return report


def _adapt(options: AdaptationOptions, min_products: int, limit: int, dry_run: bool, on_progress: Progress) -> AdaptationReport:
    encoder, block, inputs = _what_is_adapted()
    clock = _Clock()
    catalogue = read_catalogue_items([(name.name, name.encoder_id) for name in inputs], limit, options.seed)
    if len(catalogue.items) < min_products:
        said = _(
            "%(n)d products have a title and an embedded photo; at least %(least)d are needed to learn from and to judge by."
        )
        raise TrainingRefused(said % {"n": len(catalogue.items), "least": min_products})
    values = vocabulary_of(catalogue.items)
    texts = collect_texts(catalogue.items, values, seed=options.seed)
    pairs = bought_pairs({item.item_id for item in catalogue.items})
    strings, of_item = _with_pairs(texts.texts, texts.of_item, pairs, catalogue.items)
    clock.lap("read")
    vectors = _encoded(encoder, block, strings, lambda done, total: on_progress("texts", done, total))
    clock.lap("texts")
    parts = split_by_title(catalogue.items, PARTS, options.seed)
    names = [name.name for name in inputs]
    data = PairData(vectors, stacked(catalogue.vectors, names), of_item, {n: parts[n] for n in ("train", "validation")})
    log_dir = get_settings().DATA_DIR / "logs" / "encoders" / _run_name(options)
    trained = train(
        data,
        options,
        tower=_tower(encoder, block, strings) if options.method != "heads" else None,
        checkpoint=_folder() / "checkpoint.safetensors",
        log_dir=log_dir,
        on_progress=lambda done, total: on_progress("training", done, total),
    )
    clock.lap("training")
    heads = _heads(block, inputs, trained, options)
    shown = _Shown(encoder, catalogue, strings, vectors, [rows[0] for rows in texts.of_item], texts.short, parts["test"])
    comparison = compare(shown.under(_in_force(block, inputs)), shown.under(heads), shown.groups, options.seed)
    clock.lap("judging")
    counts = {name: len(rows) for name, rows in parts.items()}
    report = AdaptationReport(None, comparison, counts, len(strings), len(pairs), trained, clock.laps, log_dir)
    if dry_run or not comparison.improves or not trained.best_epoch:
        return report
    refuse_when_frozen()  # somebody may have frozen it meanwhile
    return replace(report, version=_store(heads, report, options))


def _what_is_adapted() -> tuple[Encoder, Block, list[Block]]:
    """The encoder whose photo block words reach, that block, and all photo blocks of that encoder, the former first."""
    for encoder in get_encoders():
        blocks = blocks_of([encoder])
        block = next((b for b in blocks if b.reads_photos and b.spec.words), None)
        if block is not None:
            return encoder, block, [block, *(b for b in blocks if b.reads_photos and b is not block)]
    raise TrainingRefused(_("No configured encoder has a photo block that words reach, so there is nothing to adapt."))


def _tower(encoder: Encoder, block: Block, texts: Sequence[str]) -> TowerSource:
    tower, identity = encoder.text_tower, encoder.identity(block.name)
    if tower is None:
        raise TrainingRefused(_("The text tower of this encoder cannot be tuned. Adapt its heads alone: --method heads."))
    tower.short_forward()  # serving needs it: refuse now what could not be served
    return TowerSource(tower.source, identity.query_prefix, tower.pooling, texts)


def _with_pairs(
    texts: Sequence[str], of_item: Sequence[Sequence[int]], pairs: Sequence[tuple[str, str]], items: Sequence[Item]
) -> tuple[list[str], list[list[int]]]:
    """Texts and each item's rows with the log's words added; words that were said often are drawn often."""
    rows = {text: row for row, text in enumerate(texts)}
    place = {item.item_id: n for n, item in enumerate(items)}
    found = [list(known) for known in of_item]
    for words, item_id in pairs:
        found[place[item_id]].append(rows.setdefault(words, len(rows)))
    return list(rows), found


def _encoded(encoder: Encoder, block: Block, texts: Sequence[str], on_done: Callable[[int, int], None]) -> Matrix:
    """(n, dim) of shoppers' words, from the cache or the encoder."""
    cache = VectorCache(_folder(), block)
    keys = [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in texts]
    todo = [n for n, key in enumerate(keys) if cache.get(key) is None]
    for start in range(0, len(todo), TEXT_BATCH):
        batch = todo[start : start + TEXT_BATCH]
        made = encoder.encode_instructions([texts[n] for n in batch])[block.name]
        for n, vector in zip(batch, made, strict=True):
            cache.put(keys[n], vector)
        if start % SAVE_EVERY == 0:
            cache.save()
        on_done(start + len(batch), len(todo))
    cache.save()
    return _unit(np.stack([vector for key in keys if (vector := cache.get(key)) is not None]))


def _heads(block: Block, inputs: Sequence[Block], trained: TrainedHeads, options: AdaptationOptions) -> Heads:
    """As they will be served: what is measured has been through half precision, too."""
    about = {"seed": options.seed, "texts": options.texts, "method": options.method, "epoch": trained.best_epoch}
    base = {given.name: given.encoder_id for given in inputs}
    data = Heads(block.name, tuple(base), base, trained.tensors, about).to_bytes()
    return Heads.from_bytes(data, hashlib.sha256(data).hexdigest())


def _in_force(block: Block, inputs: Sequence[Block]) -> Heads | None:
    """The heads that serve now, where there are any and they fit."""
    live = versions.live(KIND)
    if live is None:
        return None
    try:
        heads = derivation_of(live).encoder.heads
    except Exception as error:  # it serves nobody then: the configured encoder does
        logger.warning("event=live_version_unusable version=%d error=%r", live.pk, str(error))
        return None
    return heads if heads.block == block.name and dict(heads.base) == {i.name: i.encoder_id for i in inputs} else None


@dataclass(frozen=True)
class _Shown:
    """The products that are kept apart, under one encoder or another."""

    encoder: Encoder
    catalogue: Catalogue
    strings: Sequence[str]
    texts: Matrix
    title: Sequence[int]
    short: Sequence[int]
    rows: Sequence[int]

    @property
    def groups(self) -> NDArray[np.int64]:
        names = groups_of([self.catalogue.items[row] for row in self.rows])
        known = {name: n for n, name in enumerate(sorted(set(names) - {""}))}
        return np.asarray([known.get(name, -1) for name in names], np.int64)

    def under(self, heads: Heads | None) -> HeldOut:
        rows = list(self.rows)
        having = [n for n, row in enumerate(rows) if self.short[row] >= 0]
        photos = {name: matrix[rows] for name, matrix in self.catalogue.vectors.items()}
        titles = self._words(heads, [self.title[row] for row in rows])
        short = self._words(heads, [self.short[rows[n]] for n in having])
        seen = heads.photos(photos) if heads else next(iter(photos.values()))
        return HeldOut(titles, seen, short, np.asarray(having, np.int64))

    def _words(self, heads: Heads | None, rows: Sequence[int]) -> Matrix:
        """As they will be served: through the tuned tower where there is one."""
        if heads is None:
            return self.texts[list(rows)]
        if not heads.tower:
            return heads.words(self.texts[list(rows)])
        projected = ProjectedEncoder(self.encoder, heads)
        return projected.encode_instructions([self.strings[row] for row in rows])[heads.block]


def _store(heads: Heads, report: AdaptationReport, options: AdaptationOptions) -> ModelVersion:
    primary = report.comparison.primary
    rows = {
        row.name: {"before": row.before, "after": row.after, "low": row.lift.low, "high": row.lift.high, "n": row.lift.n}
        for row in report.comparison.rows
    }
    validation = {
        "metric": PRIMARY, "value": primary.after, "default": primary.before, "lift": primary.lift.mean,
        "low": primary.lift.low, "high": primary.lift.high, "n": primary.lift.n,
    }  # fmt: skip
    about = {
        "until": timezone.now().isoformat(timespec="seconds"),
        "products": dict(report.products),
        "texts": report.texts,
        "bought_pairs": report.pairs,
        "seed": options.seed,
        "settings": asdict(options),
        "epochs": report.trained.epochs,
        "base": dict(heads.base),
        "seconds": dict(report.seconds),
        "tensorboard": report.log_dir.relative_to(get_settings().DATA_DIR).as_posix(),
    }
    name = f"{heads.block} heads, {sum(report.products.values())} products"
    return versions.store(
        KIND,
        name,
        heads.to_bytes(),
        metrics={"validation": validation, "retrieval": rows},
        about=about,
        parent=versions.live(KIND),
    )


def _run_name(options: AdaptationOptions) -> str:
    return f"{timezone.now():%Y%m%d-%H%M%S}-{options.method}-{options.texts}-{options.seed}"


def _folder() -> Path:
    return get_settings().DATA_DIR / "adaptation"


def _unit(rows: Matrix) -> Matrix:
    unit: Matrix = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return unit


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = timezone.now()

    def lap(self, name: str) -> None:
        now = timezone.now()
        self.laps[name] = round((now - self._at).total_seconds(), 2)
        self._at = now
