"""One training of a kind at a time, and one that was killed is gone on from: which part of the log it had begun to read.

A folder below DATA_DIR holds a lock, the plan of the run and its checkpoint. The plan is written before anything is read and
goes with the checkpoint when the run has ended, whatever came of it. Neither names a person.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from filelock import FileLock, Timeout

from fusion.learning.fusion_training import CHECKPOINT, FusionOptions
from recommender.exceptions import TrainingRefused
from recommender.services.logged_answers import LogRange

logger = logging.getLogger(__name__)

# A run that was killed longer ago than this starts anew, with the log of today.
RESUME_FOR = timedelta(days=1)
PLAN = "plan.json"


@contextmanager
def training_run(folder: Path, log: LogRange, options: FusionOptions, *, resume: bool) -> Iterator[tuple[Path, LogRange]]:
    """The folder, and the part of the log to read: that of a like run that was killed lately, else the given one.

    The lock goes with the process, however that ends. After an error the plan stays, so that the next run goes on.

    Raises:
        TrainingRefused: another process is training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise TrainingRefused(f"Another process is training ({folder}). Wait until it is done.") from error
    with lock:
        yield folder, _planned(folder, log, options, resume=resume)
        for name in (PLAN, CHECKPOINT):
            (folder / name).unlink(missing_ok=True)


def _planned(folder: Path, log: LogRange, options: FusionOptions, *, resume: bool) -> LogRange:
    asked = json.loads(json.dumps({"options": asdict(options), "log": asdict(log)}, default=str))
    before = _plan_in(folder / PLAN)
    end = _moment(before.get("end"))
    if resume and before.get("asked") == asked and end is not None and timezone.now() - end < RESUME_FOR:
        logger.info("event=training_resumed until=%s", end.isoformat())
        return replace(log, until=end)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    fixed = replace(log, until=log.until or timezone.now())
    partial = folder / f".{PLAN}.{os.getpid()}.partial"
    partial.write_text(json.dumps({"end": fixed.end.isoformat(), "asked": asked}), encoding="utf-8")
    os.replace(partial, folder / PLAN)
    return fixed


def _plan_in(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
