"""What the parse of a request is worth on real products: the same answer in both languages, and no must ever broken.

The requests are those of the published suite; a must that this catalogue does not have is not read as one, which is what a
shop would do, too. Rows are read anew from the database before they are checked.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import catalogue
from benchmarks.clocks import percentile
from benchmarks.odd_strings import odd_strings
from benchmarks.options import Options
from benchmarks.report import Cell, Table
from benchmarks.shop_data import copy_shop, open_shop
from fusion.types import Answer, Constraint, Item

SUITES = Path(__file__).resolve().parent.parent / "tests" / "instructions"
PUBLISHED = ("requests", "opened", "development")
TOP = 10


@dataclass(frozen=True, slots=True)
class _Pair:
    en: str
    zh: str
    catalogue: str


def run(options: Options) -> list[Table]:
    """Overlap, kept musts, parse times and the slowest odd string, on the catalogue of this run."""
    data = options.work / "runs" / "understanding"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from recommender.engine import get_engine

    get_engine().warm_up()
    name = "clothes" if options.fashion else "demo"
    pairs = [pair for pair in _pairs() if pair.catalogue == name]
    requests = [r for r in _lines(*PUBLISHED) if r.get("catalogue") == name]
    if options.tiny:
        pairs, requests = pairs[:3], requests[:6]
    return [_overlap(pairs, name), _musts(requests, name), _parse_times(requests, name), _odd(options)]


def _lines(*names: str) -> list[dict[str, str]]:
    files = [SUITES / f"{name}.jsonl" for name in names]
    return [json.loads(line) for file in files if file.exists() for line in file.read_text(encoding="utf-8").splitlines()]


def _pairs() -> list[_Pair]:
    return [_Pair(line["en"], line["zh"], line["catalogue"]) for line in _lines("pairs")]


def _ask(text: str, language: str = "") -> Answer:
    from recommender.catalog import Shopper
    from recommender.services.serving import RecommendationRequest, recommend

    request = RecommendationRequest(text=text, limit=TOP, language=language, keep=False)
    return recommend(request, Shopper()).answer


# -- the same request in both languages --------------------------------------------------------------------------------


def _overlap(pairs: Sequence[_Pair], name: str) -> Table:
    shares, empty = [], 0
    worst: list[tuple[float, str]] = []
    for pair in tqdm(pairs, desc="pairs", leave=False):
        en, zh = (_top_ids(_ask(text)) for text in (pair.en, pair.zh))
        if not en and not zh:
            empty += 1
            continue
        share = len(en & zh) / max(len(en), len(zh))
        shares.append(share)
        worst.append((share, f"{pair.en} / {pair.zh}"))
    low = "; ".join(f"{text} {share:.1f}" for share, text in sorted(worst)[:8])
    values = np.array(shares or [0.0])
    return Table(
        "understanding-pairs",
        f"The same request in English and in Chinese, {name} catalogue",
        ("pairs", "overlap@10, mean", "median", "share of pairs at 1", "both empty"),
        [(len(pairs), float(values.mean()), float(np.median(values)), float((values == 1).mean()), empty)],
        ("Overlap: items in both first tens over the longer of the two.", f"Lowest: {low}."),
    )


def _top_ids(answer: Answer) -> set[str]:
    return {ranked.item.item_id for ranked in answer.items}


# -- hard constraints --------------------------------------------------------------------------------------------------


def _musts(requests: Sequence[dict[str, str]], name: str) -> Table:
    rows: list[Sequence[Cell]] = []
    broken: list[str] = []
    for language in ("en", "zh"):
        asked = [r["text"] for r in requests if r["lang"] == language]
        found = [_kept(text, broken) for text in tqdm(asked, desc=f"musts {language}", leave=False)]
        bound = [kept for kept in found if kept.musts]
        shown, right = sum(k.shown for k in bound), sum(k.right for k in bound)
        exact = [k for k in bound if not k.relaxed]
        rows.append(
            (
                language,
                len(asked),
                len(bound),
                shown,
                right / shown if shown else None,
                sum(k.relaxed for k in bound),
                sum(k.shown for k in exact) / sum(k.fillable for k in exact) if exact else None,
                sum(k.shown for k in found) / (TOP * len(found)) if found else None,
            )
        )
    notes = [
        "Kept: shown items that meet every must of the parse on rows read again, relaxed musts left out.",
        "Fill of what fits: shown over min(10, products that meet the musts), nothing relaxed; fill@10: shown over 10.",
    ]
    return Table(
        "understanding-musts",
        f"Musts in the first ten, {name} catalogue",
        ("language", "requests", "with musts", "items shown", "kept", "relaxed", "fill of what fits", "fill@10"),
        rows,
        (*notes, *(f"Broken: {text}" for text in broken[:5])),
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    musts: int
    shown: int
    right: int
    relaxed: bool
    fillable: int


def _kept(text: str, broken: list[str]) -> _Kept:
    from recommender.catalog import get_catalog

    answer = _ask(text)
    dropped = set(answer.relaxation.dropped)
    musts = [c for c in answer.instruction.musts if c not in dropped]
    ids = [ranked.item.item_id for ranked in answer.items]
    fresh = get_catalog().get_items(ids)
    right = sum(i in fresh and _meets(fresh[i], musts) for i in ids)
    if right < len(ids):
        broken.append(text)
    return _Kept(len(musts), len(ids), right, bool(dropped), _fitting(musts) if musts and not dropped else 0)


def _meets(item: Item, musts: Iterable[Constraint]) -> bool:
    from recommender.engine import get_engine

    return bool(get_engine().pipeline.still_fit({item.item_id: item}, list(musts)))


def _fitting(musts: Sequence[Constraint]) -> int:
    from fusion.musts import as_applied
    from recommender.engine import get_engine

    mask = get_engine().collection.columns.mask(map(as_applied, musts), in_stock_only=True)
    return min(TOP, int(mask.sum()))


# -- time --------------------------------------------------------------------------------------------------------------


def _parse_times(requests: Sequence[dict[str, str]], name: str) -> Table:
    from recommender.engine import get_engine

    parser = get_engine().parser
    rows: list[Sequence[Cell]] = []
    for language in ("en", "zh"):
        texts = [r["text"] for r in requests if r["lang"] == language]
        spent = []
        for text in texts:
            started = time.perf_counter()
            parser.parse(text)
            spent.append((time.perf_counter() - started) * 1000)
        if spent:
            rows.append((language, len(texts), percentile(spent, 50), percentile(spent, 95), max(spent)))
    return Table(
        "understanding-parse",
        f"Parsing as the shop is set up, {name} catalogue",
        ("language", "requests", "p50 ms", "p95 ms", "longest ms"),
        rows,
        ("Wall time of the first reading of each request, on a machine with other work on it.",),
    )


def _odd(options: Options) -> Table:
    from fusion.exceptions import InvalidQuery

    strings = odd_strings(options.pick(5000, 1000, 50), random.Random(options.seed))
    answered, refused, slowest = 0, 0, (0.0, "")
    for text in tqdm(strings, desc="odd strings", leave=False):
        started = time.perf_counter()
        try:
            _ask(text)
            answered += 1
        except InvalidQuery:
            refused += 1
        slowest = max(slowest, ((time.perf_counter() - started) * 1000, text[:40]))
    return Table(
        "understanding-odd",
        "Odd strings through the whole service",
        ("strings", "answered", "refused with a reason", "longest ms"),
        [(len(strings), answered, refused, slowest[0])],
        (f"Anything else would have stopped the run. Longest: {slowest[1]!r}.",),
    )
