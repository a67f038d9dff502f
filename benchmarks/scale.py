"""Catalogues of 10,000 and 100,000 products: real texts, real vectors for a part, synthetic ones for the rest.

A synthetic vector is a real one moved by the difference of two other real ones and normalised: it keeps the directions in
which real products differ, so cosines spread as they do in a real catalogue. Nothing about quality is read from it.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from benchmarks import catalogue
from benchmarks.judged_requests import COLOURS
from benchmarks.options import Options
from benchmarks.shop_data import lay_out, open_shop
from fusion.types import Matrix

T = TypeVar("T")
CHUNK = 500
STEP = 0.5  # of the difference that moves a synthetic vector
COLOUR_WORDS = frozenset({*COLOURS, "gray"})


def folder(options: Options, size: int) -> Path:
    return options.work / f"scale-{size}"


def n_real(options: Options) -> int:
    """How many texts get their own vector."""
    return options.pick(2000, 500, 20)


def build(options: Options, size: int) -> Path:
    """Open the shop of this size, filling it on the first run; returns its DATA_DIR."""
    data = folder(options, size)
    lay_out(data, options)
    open_shop(data)
    from recommender.models import IndexedItem

    if IndexedItem.objects.count() < size:
        _fill(options, size)
    return data


def _fill(options: Options, size: int) -> None:
    from recommender.models import IndexedItem, IndexState
    from shop.catalog.models import Category, Product

    for model in (IndexedItem, Product, Category):
        model._default_manager.all().delete()
    rows = texts(options, size)
    write_products(rows, options)
    vectors = {"text": _text_vectors(rows, options), **_photo_vectors(options, len(rows))}
    _write_index([row["id"] for row in rows], vectors)
    IndexState.objects.update_or_create(pk=1, defaults={"revision": 1})


def texts(options: Options, size: int) -> list[dict[str, Any]]:
    """Rows in a seeded order, so that the smaller catalogue is the beginning of the larger one."""
    assert options.texts is not None
    with gzip.open(options.texts, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    random.Random(options.seed).shuffle(rows)
    return rows[:size]


def write_products(rows: Sequence[dict[str, Any]], options: Options) -> None:
    from shop.catalog.models import Category, Product

    names = sorted({str(row["category"])[:120] for row in rows if row["category"]})
    categories = {name: Category.add_root(name=name, slug=f"c{n}") for n, name in enumerate(names)}
    choice = np.random.default_rng(options.seed)
    for chunk in _chunks(rows, "products"):
        products = []
        for row in chunk:
            price = row["price"] or float(np.exp(choice.normal(3.2, 1.0)))  # most rows have no price of their own
            colours = sorted(COLOUR_WORDS & set(row["title"].lower().split()))
            products.append(
                Product(
                    sku=row["id"],
                    slug=row["id"].lower(),
                    name=row["title"][:300],
                    description=(row["description"] or "")[:2000],
                    category=categories.get(str(row["category"])[:120]),
                    price_minor=max(1, round(price * 100)),
                    currency="USD",
                    attributes={"color": colours} if colours else {},
                )
            )
        Product.objects.bulk_create(products)


def _text_vectors(rows: Sequence[dict[str, Any]], options: Options) -> Matrix:
    """(n, dim): e5 for the first rows, moved copies of those for the rest."""
    from recommender.catalog import get_catalog
    from recommender.encoders import usable_blocks

    block = next(b for b in usable_blocks()[0] if b.name == "text")
    cache = options.work / f"text-vectors-{block.encoder_id.replace(':', '-')}-{options.seed}-{n_real(options)}.npy"
    if cache.exists():
        real = np.load(cache, allow_pickle=False)
    else:
        from fusion.item_text import item_text

        items = get_catalog().get_items([row["id"] for row in rows[: n_real(options)]])
        words = [item_text(items[row["id"]]) for row in rows[: n_real(options)]]
        real = np.concatenate([block.encoder.encode_texts(part)["text"] for part in _chunks(words, "real vectors", 64)])
        np.save(cache, real)
    synthetic = moved(real, max(0, len(rows) - len(real)), options.seed)
    return np.concatenate([real[: len(rows)], synthetic])


def _photo_vectors(options: Options, n: int) -> dict[str, Matrix]:
    """Moved copies of the real catalogue's photo vectors, (n, dim) for each photo block."""
    import sqlite3
    from contextlib import closing

    from recommender.encoders import usable_blocks

    made = {}
    with closing(sqlite3.connect(catalogue.folder(options) / "db.sqlite3")) as database:
        for block in (b for b in usable_blocks()[0] if b.reads_photos):
            stored = database.execute(
                "SELECT vector FROM recommender_itemembedding WHERE block = ? AND encoder_id = ?",
                [block.name, block.encoder_id],
            ).fetchall()
            if len(stored) >= 3:
                real = np.stack([np.frombuffer(vector, "<f2") for (vector,) in stored]).astype(np.float32)
                made[block.name] = moved(real, n, options.seed)
    return made


def moved(real: Matrix, n: int, seed: int) -> Matrix:
    """n unit vectors, each ``normalise(a + STEP (b - c))`` of three real ones."""
    drawn = np.random.default_rng(seed).integers(0, len(real), (3, n))
    made = real[drawn[0]] + STEP * (real[drawn[1]] - real[drawn[2]])
    result: Matrix = (made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return result


def _write_index(skus: Sequence[str], vectors: dict[str, Matrix]) -> None:
    """The rows that a worker would have written."""
    from recommender.catalog import get_catalog
    from recommender.encoders import usable_blocks
    from recommender.facts import to_facts
    from recommender.models import IndexedItem, ItemEmbedding

    blocks = [block for block in usable_blocks()[0] if block.name in vectors]
    start = 0
    for chunk in _chunks(skus, "index"):
        items = get_catalog().get_items(chunk)
        IndexedItem.objects.bulk_create([IndexedItem(item_id=sku, facts=to_facts(items[sku]), revision=1) for sku in chunk])
        rows = [
            ItemEmbedding(
                item_id=sku,
                block=block.name,
                encoder_id=block.encoder_id,
                dim=block.spec.dim,
                vector=vectors[block.name][start + n].astype("<f2").tobytes(),
                content_hash="benchmark",
            )
            for n, sku in enumerate(chunk)
            for block in blocks
        ]
        ItemEmbedding.objects.bulk_create(rows)
        start += len(chunk)


def _chunks(rows: Sequence[T], what: str, size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in tqdm(range(0, len(rows), size), desc=what, leave=False):
        yield rows[start : start + size]
