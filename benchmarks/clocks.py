"""Wall time beside CPU time, because machines are shared, and the statistics that are reported of both."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np


@dataclass(slots=True)
class Span:
    """Seconds that a piece of work took: on the wall, and of this process's threads on the processor."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Span]:
    """Measure the block; the span is filled when it ends."""
    span = Span()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield span
    finally:
        span.wall, span.cpu = time.perf_counter() - wall, time.process_time() - cpu


def percentile(values: Sequence[float], q: float) -> float:
    """The q-th percentile (0 to 100), linear between neighbours; nan without values."""
    return float(np.percentile(np.asarray(values), q)) if len(values) else float("nan")


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def best_ratio(part: Sequence[Span], whole: Sequence[Span]) -> tuple[float, float]:
    """(wall, cpu) of part over whole, each from the least disturbed repetition."""
    walls = min(s.wall for s in part) / min(s.wall for s in whole)
    return walls, min(s.cpu for s in part) / min(s.cpu for s in whole)


def median_ratio(part: Sequence[Span], whole: Sequence[Span]) -> tuple[float, float]:
    """(wall, cpu): the median of the ratios of neighbouring repetitions."""
    pairs = list(zip(part, whole, strict=True))
    return median([a.wall / b.wall for a, b in pairs]), median([a.cpu / b.cpu for a, b in pairs])
