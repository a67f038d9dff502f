"""Resident and proportional memory of processes, from /proc. Where there is no /proc, nothing is reported."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def own_rss_mb() -> float:
    """Resident memory of this process in MB; nan where /proc is missing."""
    return memory_mb([os.getpid()])[0]


def family(pid: int) -> list[int]:
    """A process and everything that it started."""
    pids = [pid]
    for child in _children(pid):
        pids += family(child)
    return pids


def memory_mb(pids: Iterable[int]) -> tuple[float, float]:
    """(RSS, PSS) in MB, added up. PSS counts a page that n processes share as 1/n for each; nan where unknown."""
    rss = pss = 0.0
    for pid in pids:
        values = _rollup(pid)
        rss += values.get("Rss", float("nan"))
        pss += values.get("Pss", float("nan"))
    return rss / 1024, pss / 1024


def _rollup(pid: int) -> dict[str, float]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name.rstrip(":"): float(kb) for name, kb, *_ in (line.split() for line in lines)}


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
