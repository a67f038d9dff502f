"""What adapting the encoder to the catalogue gives, on products that were kept apart, and what shoppers notice of the swap."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks import catalogue
from benchmarks.judged_requests import JudgedRequest, build_requests
from benchmarks.options import Options
from benchmarks.relevance import interval, precision_at_10
from benchmarks.report import Cell, Table
from benchmarks.shop_data import copy_shop, open_shop
from fusion.encoders.heads import Heads
from fusion.exceptions import FusionError
from fusion.types import Matrix

MIN_RELEVANT = 5
MIN_PRODUCTS = 40  # the command asks for more; the demo catalogue is measured, too


def run(options: Options) -> list[Table]:
    """All tables; the adapted encoder is put in force in a throw-away copy of the shop."""
    data = options.work / "runs" / "adaptation"
    copy_shop(catalogue.folder(options), data, options)
    kept = options.work / "adaptation"  # texts that were encoded once stay encoded
    kept.mkdir(exist_ok=True)
    (data / "adaptation").symlink_to(kept.resolve(), target_is_directory=True)
    open_shop(data)
    from fusion.learning.adaptation import AdaptationOptions
    from recommender.exceptions import TrainingRefused
    from recommender.services import adaptation

    training = AdaptationOptions(seed=0, epochs=options.pick(80, 40, 2), threads=1)
    try:
        report = adaptation.adapt(training, min_products=10 if options.tiny else MIN_PRODUCTS)
    except (TrainingRefused, FusionError) as error:
        return [Table("adapt-retrieval", "Adapting the encoders: refused", ("why",), [(str(error),)])]
    tables = [_retrieval(report)]
    if report.version is None:
        return tables
    tables += _requests(report, training.seed)
    return [*tables, _swap(report, options)]


def _retrieval(report: object) -> Table:
    from recommender.services.adaptation import AdaptationReport

    assert isinstance(report, AdaptationReport)
    rows = [
        (
            row.name,
            round(row.before, 3),
            round(row.after, 3),
            f"{row.lift.mean:+.3f} [{row.lift.low:+.3f}, {row.lift.high:+.3f}]",
        )
        for row in report.comparison.rows
    ]
    parts = ", ".join(f"{n:,} {name}" for name, n in report.products.items())
    seconds = ", ".join(f"{name} {s:.0f} s" for name, s in report.seconds.items())
    kept = "kept" if report.version else "not kept: no certain gain"
    notes = (
        f"Products: {parts}; of one title they stay together. Texts against the {report.comparison.pool:,} held-out photos.",
        f"{report.texts:,} texts; best of {report.trained.epochs} epochs {report.trained.best_epoch}; {seconds}; {kept}.",
    )
    return Table(
        "adapt-retrieval", "Adapting the encoders", ("held-out products", "before", "after", "lift [95%]"), rows, notes
    )


def _requests(report: object, seed: int) -> list[Table]:
    """Nouns, colours and people in both languages against held-out photos, by the photo block alone."""
    from recommender.adapted import derivation_of
    from recommender.services.adaptation import PARTS, AdaptationReport, split_by_title
    from recommender.services.adaptation_data import read_catalogue_items

    assert isinstance(report, AdaptationReport)
    assert report.version is not None
    encoder = derivation_of(report.version).encoder
    stored = read_catalogue_items([(name, encoder.heads.base[name]) for name in encoder.heads.inputs], 10**6, seed)
    test = split_by_title(stored.items, PARTS, seed)["test"]
    items = [stored.items[row] for row in test]
    photos = {name: matrix[test] for name, matrix in stored.vectors.items()}
    requests = [r for r in build_requests(items, seed, MIN_RELEVANT) if len(r.relevant) >= MIN_RELEVANT]
    if not requests:
        return []
    words = encoder.base.encode_instructions([request.text for request in requests])[encoder.heads.block]
    ids = [item.item_id for item in items]
    before = _precision(requests, words @ photos[encoder.heads.block].T, ids)
    after = _precision(requests, _scores(encoder.heads, words, photos), ids)
    rows: list[Sequence[Cell]] = []
    for language, kind in sorted({(r.language, r.kind) for r in requests} | {(r.language, "all") for r in requests}):
        chosen = [n for n, r in enumerate(requests) if r.language == language and kind in (r.kind, "all")]
        groups = [requests[n].group for n in chosen]
        low, high = interval(after[chosen] - before[chosen], groups, seed)
        lift = float((after[chosen] - before[chosen]).mean())
        rows.append(
            (language, kind, len(chosen), round(float(before[chosen].mean()), 3), round(float(after[chosen].mean()), 3),
             f"{lift:+.3f} [{low:+.3f}, {high:+.3f}]")
        )  # fmt: skip
    note = f"P@10 out of what is possible, over {len(items)} held-out photos. Intervals: categories resampled 1,000 times."
    columns = ("language", "kind", "requests", "P@10 before", "P@10 after", "lift [95%]")
    return [Table("adapt-requests", "Requests in words against held-out photos, photo block alone", columns, rows, (note,))]


def _scores(heads: Heads, words: Matrix, photos: Mapping[str, Matrix]) -> Matrix:
    scores: Matrix = heads.words(words) @ heads.photos(photos).T
    return scores


def _precision(requests: Sequence[JudgedRequest], scores: Matrix, ids: Sequence[str]) -> np.ndarray:
    found = []
    for request, row in zip(requests, scores, strict=True):
        hits = np.array([ids[n] in request.relevant for n in np.argsort(-row, kind="stable")[:10]], bool)
        found.append(precision_at_10(hits, len(request.relevant)))
    return np.asarray(found)


@dataclass
class _Asked:
    """What one shopper who asks all the time saw: (when, seconds, image encoder), and what failed."""

    answers: list[tuple[float, float, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    degraded: int = 0


def _swap(report: object, options: Options) -> Table:
    """Promote and roll back while a shopper asks in a loop."""
    from recommender.engine import get_engine, wait_for_swap
    from recommender.services import encoder_swap
    from recommender.services.adaptation import AdaptationReport

    assert isinstance(report, AdaptationReport)
    assert report.version is not None
    engine = get_engine()
    engine.warm_up()
    items = [item for item_id in sorted(engine.collection.ids()) if (item := engine.collection.item(item_id))]
    texts = [request.text for request in build_requests(items, options.seed, 8)] or [items[0].title]
    asked, stop = _Asked(), threading.Event()
    shopper = threading.Thread(target=_ask, args=(texts, asked, stop), daemon=True)
    shopper.start()
    rest = options.pick(6, 3, 1)
    rows: list[Sequence[Cell]] = []

    def phase(name: str, action: Callable[[], object]) -> None:
        began = time.monotonic()
        action()
        ended = time.monotonic()
        rows.append(_phase(name, asked, began, ended))

    def follow() -> None:
        engine = get_engine()
        engine.refresh()
        wait_for_swap()

    phase("before", lambda: time.sleep(rest))
    phase("vectors are built", lambda: encoder_swap.promote(report.version, "benchmark", "measuring"))
    phase("this process swaps", follow)
    phase("adapted", lambda: time.sleep(rest))
    phase("rolled back", lambda: (encoder_swap.roll_back("benchmark", "measuring"), follow()))
    phase("after", lambda: time.sleep(rest))
    stop.set()
    shopper.join()
    said = f"{len(asked.answers):,} answers, {len(asked.problems)} failed, {asked.degraded} degraded."
    notes = (
        " ".join([said, *asked.problems[:3]]),
        "One shopper asks all the time, in the process that builds and swaps: worse than a worker beside it.",
    )
    columns = ("phase", "seconds", "answers", "p50 ms", "p95 ms", "longest ms", "encoders that answered")
    return Table("adapt-swap", "Requests while the encoder is swapped and taken back", columns, rows, notes)


def _ask(texts: Sequence[str], asked: _Asked, stop: threading.Event) -> None:
    from django.db import connection

    from recommender.catalog import Shopper
    from recommender.services.serving import RecommendationRequest, recommend

    number = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            served = recommend(RecommendationRequest(text=texts[number % len(texts)], limit=10), Shopper())
            image = str(served.recommendation.versions.get("image", ""))
            asked.answers.append((time.monotonic(), time.monotonic() - started, image))
            asked.degraded += bool(served.answer.degraded)
        except Exception as error:
            asked.problems.append(repr(error))
        number += 1
    connection.close()


def _phase(name: str, asked: _Asked, began: float, ended: float) -> Sequence[Cell]:
    during = [(seconds, image) for at, seconds, image in list(asked.answers) if began <= at - seconds / 2 <= ended]
    ms = np.array([seconds for seconds, _ in during] or [np.nan]) * 1000
    images = sorted({image for _, image in during})
    return (
        name, round(ended - began, 2), len(during), round(float(np.median(ms)), 1), round(float(np.percentile(ms, 95)), 1),
        round(float(ms.max()), 1), ", ".join(images),
    )  # fmt: skip
