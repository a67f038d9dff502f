"""How long an answer takes, stage by stage, from the request to the stored answer.

Stages are timed by the pipeline itself. Half of the passes read the wall clock, the other half this process's CPU time:
the second one leaves out what other processes of the machine take. "Django" is everything outside the pipeline:
checks, history, the refresh query, storing the answer.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from tqdm import tqdm

from benchmarks import catalogue, scale
from benchmarks.clocks import Span, percentile, timed
from benchmarks.memory import own_rss_mb
from benchmarks.options import Options
from benchmarks.report import Cell, Table
from benchmarks.shop_data import copy_shop, open_shop
from benchmarks.shopper_requests import REQUESTS

STAGES = ("parse", "encode", "search", "fuse", "rules", "explain")
# Fewer than the requests of a pass, so that none is remembered from the pass before; asking twice at once is.
REMEMBERED = 4
WARM_UP = 6


def run(options: Options, size: int = 0) -> list[Table]:
    """Args: size: number of products with texts only; 0 serves the real catalogue."""
    os.environ["RECOMMENDER_ENCODERS"] = json.dumps([{"BACKEND": "bundled", "OPTIONS": {"recent": REMEMBERED}}])
    if size:
        size = min(size, 200) if options.tiny else size
        scale.build(options, size)
    else:
        data = options.work / "runs" / "serving"
        copy_shop(catalogue.folder(options), data, options)
        open_shop(data)
    return [*_measure(options, size)]


def _measure(options: Options, size: int) -> Iterator[Table]:
    from recommender.engine import get_engine
    from recommender.models import Recommendation

    Recommendation.objects.all().delete()
    engine = get_engine()
    for encoder in engine.encoders:
        encoder.load()
    before = own_rss_mb()
    with timed() as reading:
        engine.warm_up()
    held = own_rss_mb() - before
    n = len(engine.collection)
    measured = Measurements()
    texts = list(REQUESTS)[: options.pick(60, 60, 8)]
    random.Random(options.seed).shuffle(texts)
    for text in texts[:WARM_UP]:
        answer(text)
    for number in tqdm(range(options.pick(6, 4, 2)), desc=f"{n:,} products", unit="pass", leave=False):
        measured.add_pass(texts, on_cpu=bool(number % 2))
    measured.add_photos(_photos(options))
    kind = f"{n:,} products" + ("" if size else " (real)")
    yield Table(
        f"serving-{size or 'real'}",
        f"One answer to a request in words, {kind}, ms",
        ("stage", "wall p50", "wall p95", "CPU p50", "CPU p95"),
        measured.rows(),
        (
            f"{len(texts)} requests, half of them Chinese, no vector remembered; index read in {reading.wall:.1f} s "
            f"({reading.cpu:.1f} s CPU), {held:.0f} MB.{_vectors(options, size)}",
        ),
    )


def _vectors(options: Options, size: int) -> str:
    if not size:
        return ""
    return f" Text vectors: {min(size, scale.n_real(options)):,} of e5, the rest synthetic; photo vectors synthetic."


class Measurements:
    """Milliseconds of every request by stage, on two clocks."""

    def __init__(self) -> None:
        self.stages: dict[tuple[str, bool], list[float]] = {}
        self.totals: dict[str, list[Span]] = {}

    def add_pass(self, texts: Sequence[str], *, on_cpu: bool) -> None:
        """Each request twice in a row: as a new one, and as one whose words were just encoded."""
        for text in texts:
            with _stage_clock(on_cpu):
                span, timings = answer(text)
            self.totals.setdefault("new", []).append(span)
            for stage in STAGES:
                self.stages.setdefault((stage, on_cpu), []).append(timings.get(stage, 0.0))
            whole = (span.cpu if on_cpu else span.wall) * 1000
            self.stages.setdefault(("Django", on_cpu), []).append(whole - sum(timings.values()))
            self.totals.setdefault("again", []).append(answer(text)[0])

    def add_photos(self, photos: Sequence[bytes]) -> None:
        """Requests that are a photo alone."""
        for photo in photos[:1]:  # the photo network is read by the first
            answer("", photo)
        self.totals["photo"] = [answer("", photo)[0] for photo in photos]

    def rows(self) -> list[Sequence[Cell]]:
        """Stages, their sum, and the two other ways to ask."""
        rows: list[Sequence[Cell]] = []
        for stage in (*STAGES, "Django"):
            values = [self.stages[stage, on_cpu] for on_cpu in (False, True)]
            rows.append((stage, *(round(percentile(v, q), 2) for v in values for q in (50, 95))))
        names = {"new": "total", "again": "total, words remembered", "photo": "total, a photo instead of words"}
        for key, name in names.items():
            spans = self.totals.get(key, [])
            if spans:
                clocks = ([s.wall * 1000 for s in spans], [s.cpu * 1000 for s in spans])
                rows.append((name, *(round(percentile(v, q), 2) for v in clocks for q in (50, 95))))
        return rows


def answer(text: str, photo: bytes | None = None) -> tuple[Span, dict[str, float]]:
    """Ask as a page does; the answer is stored."""
    from recommender.catalog import Shopper
    from recommender.services.serving import RecommendationRequest, recommend

    shopper = Shopper(visitor_id="benchmark")
    with timed() as span:
        served = recommend(RecommendationRequest(text=text, photo=photo, surface="benchmark"), shopper)
    if served.answer.degraded:
        raise RuntimeError(f"A degraded answer is no measurement: {text!r} {served.answer.degraded}")
    return span, dict(served.answer.timings)


@contextmanager
def _stage_clock(on_cpu: bool) -> Iterator[None]:
    """Let the pipeline time its stages by this process's CPU time instead of the wall clock."""
    if not on_cpu:
        yield
        return
    with patch("fusion.run.time", SimpleNamespace(perf_counter=time.process_time)):
        yield


def _photos(options: Options) -> list[bytes]:
    """A few photos of the real catalogue."""
    media: Path = catalogue.folder(options) / "media" / "products"
    files = sorted(media.rglob("*.jpg")) if media.exists() else []
    random.Random(options.seed).shuffle(files)
    return [file.read_bytes() for file in files[: options.pick(20, 10, 2)]]
