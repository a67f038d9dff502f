"""The real indexing pipeline against the bare forward of the same models at their best batch size.

The pipeline is ``recommender.services.indexing.drain``: claim, read the products, compare hashes, decode, tokenise or
resize, forward, store float16 vectors in SQLite. The bare forward starts from tokens or pixels that are ready in memory.
Both run alternately in one process with one OpenMP thread, so that a busy machine slows both.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.clocks import Span, best_ratio, median_ratio, timed
from benchmarks.options import Options
from benchmarks.report import Cell, Table
from benchmarks.shop_data import demo_rows, fashion_rows, import_rows, lay_out, open_shop
from benchmarks.towers import PhotoForward, TextForward

BATCHES = (1, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Case:
    """One kind of input: its products, the blocks to fill, and the bare work that this takes."""

    name: str
    skus: Sequence[str]
    blocks: tuple[str, ...]
    ready: Any  # what the bare forward reads: tokens or pixels
    forward: Callable[[Any, int], None]
    decoded: Callable[[int], None] | None = None  # files -> vectors in one plain loop, for photos


def run(options: Options) -> list[Table]:
    """One row for each kind of input."""
    data = options.work / "runs" / "embedding"
    shutil.rmtree(data, ignore_errors=True)
    lay_out(data, options)
    open_shop(data)
    rows: list[Sequence[Cell]] = []
    notes = []
    for case in _cases(options, data):
        row, note = _measure(case, options)
        rows.append(row)
        notes.append(note)
    columns = (
        "input", "n", "best batch", "forward CPU ms", "pipeline CPU ms",
        "to forward, CPU", "to forward, wall", "to loop, CPU", "to loop, wall",
    )  # fmt: skip
    return [
        Table(
            "embedding",
            "Indexing pipeline against the bare forward (1: nothing lost; aims: text .90, photos .80 with decoding)",
            columns,
            rows,
            (
                *notes,
                "ms an item, least of the repetitions; ratios: medians over neighbouring repetitions. The loop reads, decodes, "
                "resizes and forwards photos without a database.",
            ),
        )
    ]


def _cases(options: Options, data: Path) -> Iterator[Case]:
    n_texts, n_photos = options.pick(320, 160, 8), options.pick(96, 48, 4)
    if options.fashion:
        rows = fashion_rows(options.fashion)
        titles = [{**row, "sku": f"t-{row['sku']}", "image": None} for row in rows[:n_texts]]
        yield _text_case("titles and labels, fashion", titles, data)
        photos = rows[:n_photos]
        yield _photo_case("photos of 60 x 80, fashion", photos, options.fashion, data)
    if options.texts:
        from benchmarks.scale import texts

        given = [
            {"sku": f"x-{row['id']}", "name": row["title"][:300], "description": (row["description"] or "")[:2000]}
            for row in texts(options, n_texts)
        ]
        yield _text_case("titles and descriptions, mixed", given, data)
    if options.fashion and not (options.data / "demo" / "catalogue.jsonl").exists():
        return  # measured when they are there; not worth fetching
    demo, folder = demo_rows(options)
    if not (options.fashion or options.texts):
        yield _text_case(
            "titles and descriptions, demo", [{**row, "sku": f"t-{row['sku']}", "image": None} for row in demo], data
        )
    yield _photo_case("photos of a megapixel, demo", demo[: options.pick(54, 24, 4)], folder, data)


def _text_case(name: str, rows: Sequence[dict[str, Any]], data: Path) -> Case:
    from fusion.item_text import item_text
    from recommender.catalog import get_catalog

    import_rows([{key: value for key, value in row.items() if value is not None} for row in rows], data, data / "rows.jsonl")
    skus = [row["sku"] for row in rows]
    forward = TextForward()
    tokens = forward.tokens([item_text(item) for item in get_catalog().get_items(skus).values()])
    return Case(name, skus, ("text",), tokens, forward)


def _photo_case(name: str, rows: Sequence[dict[str, Any]], images: Path, data: Path) -> Case:
    from recommender.catalog import get_catalog

    import_rows(rows, images, data / "rows.jsonl")
    skus = [row["sku"] for row in rows if row.get("image")]
    items = get_catalog().get_items(skus, with_photos=True)
    files = [photo.read() for item in items.values() for photo in item.photos]
    forward = PhotoForward()
    return Case(name, skus, ("image", "look"), forward.pixels(files), forward, lambda batch: forward.loop(files, batch))


def _measure(case: Case, options: Options) -> tuple[Sequence[Cell], str]:
    from fusion.encoders.bundled import BundledEncoder
    from recommender.conf import get_settings

    encoder = BundledEncoder(models_dir=get_settings().models_dir, blocks=case.blocks)
    encoder.load()
    _pipeline(case, encoder)  # the first run also measures colours and creates rows; later ones re-encode everything
    best = min(BATCHES, key=lambda batch: _bare(case, batch, probe=True).cpu)
    bare: list[Span] = []
    real: list[Span] = []
    loops: list[Span] = []
    for _ in tqdm(range(options.pick(4, 2, 1)), desc=case.name, unit="repetition", leave=False):
        bare.append(_bare(case, best))
        real.append(_pipeline(case, encoder))
        if case.decoded:
            with timed() as loop:
                case.decoded(best)
            loops.append(loop)
    wall, cpu = median_ratio(bare, real)
    loop_wall, loop_cpu = median_ratio(loops, real) if loops else (None, None)
    n = len(case.skus)
    per_item = [round(1000 * min(s.cpu for s in spans) / n, 2) for spans in (bare, real)]
    best_wall, best_cpu = best_ratio(bare, real)
    note = (
        f"{case.name}: {n / min(s.wall for s in real):.0f} items a second on the wall at best; "
        f"best repetition of each side: {best_cpu:.2f} CPU, {best_wall:.2f} wall."
    )
    return (case.name, n, best, *per_item, cpu, wall, loop_cpu, loop_wall), note


def _bare(case: Case, batch: int, *, probe: bool = False) -> Span:
    """The forward alone; a probe takes two of the largest batches, from the middle, where lengths are ordinary."""
    ready = case.ready
    if probe and len(ready) > 2 * max(BATCHES):
        middle = len(ready) // 2
        ready = ready[middle - max(BATCHES) : middle + max(BATCHES)]
    with timed() as span:
        case.forward(ready, batch)
    return span


def _pipeline(case: Case, encoder: Any) -> Span:
    """Mark everything for a new encoding and work it off."""
    from recommender.services.indexing import drain, mark_stale

    mark_stale(case.skus, "all")
    with timed() as span:
        report = drain(encoders=[encoder])
    if report.failed or any(report.encoded.get(block, 0) != len(case.skus) for block in case.blocks):
        raise RuntimeError(f"{case.name}: not everything was encoded: {report}")
    return span
