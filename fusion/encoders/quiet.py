"""open_clip logs to the root logger. A loader that fills one tower itself keeps its "initialized randomly" out of the logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _DropWarnings(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.WARNING or record.module != "factory"


@contextmanager
def quiet_factory() -> Iterator[None]:
    """Drop what open_clip's factory logs up to WARNING, while the block runs."""
    drop = _DropWarnings()
    root = logging.getLogger()
    root.addFilter(drop)
    try:
        yield
    finally:
        root.removeFilter(drop)
