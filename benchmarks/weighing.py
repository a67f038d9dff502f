"""What the learnt weighing of a request costs: features, gate and factors, beside the whole answer it is a part of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.clocks import median, percentile, timed
from benchmarks.options import Options
from benchmarks.report import Table
from fusion.gate.features import SIGNALS
from fusion.gate.weigher import GateWeigher
from fusion.gate.weights import default_gate
from fusion.weighing import Context, Weigher

DIM = 384


def weighers() -> dict[str, Weigher]:
    """Name -> what is measured; the embedding is as long as the bundled encoder's."""
    return {"gate": GateWeigher(default_gate(DIM))}


def run(options: Options) -> list[Table]:
    """One row a weigher, over contexts of every kind."""
    rng = np.random.default_rng(options.seed)
    n = options.pick(5_000, 2_000, 50)
    contexts = [_context(rng) for _ in range(n)]
    rows: list[Sequence[str | float]] = []
    for name, weigher in weighers().items():
        weigher.weigh(contexts[0])
        times = []
        for context in contexts:
            with timed() as span:
                weigher.weigh(context)
            times.append(span.wall * 1000)
        rows.append((name, median(times), percentile(times, 95)))
    note = f"{n:,} requests, {DIM}-d embeddings, {len(SIGNALS)} signals, one thread."
    return [Table("weighing", "Weighing a request by what was learnt", ("weigher", "median ms", "p95 ms"), rows, (note,))]


def _context(rng: np.random.Generator) -> Context:
    words = rng.normal(size=DIM).astype(np.float32)
    signals = tuple(signal for signal in SIGNALS if rng.random() < 0.3)
    worded = rng.random() < 0.8
    return Context(
        (words / np.linalg.norm(words)).astype(np.float32) if worded else None,
        signals,
        int(rng.integers(0, 50)),
        int(rng.integers(0, 4)),
        str(rng.choice(["en", "zh"])) if worded else "",
        float(rng.random()),
    )
