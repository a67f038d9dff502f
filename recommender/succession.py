"""One engine takes over from another: other encoders need other vectors, and no request may meet half of either."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from recommender.engine import Engine

logger = logging.getLogger(__name__)

# How long a process whose swap failed goes on as it is before it tries again.
RETRY_SECONDS = 30.0


class Succession:
    """Makes a successor in the background. The old engine answers until the new one is whole.

    A request holds one engine from its start to its end, so none meets vectors of two encoders.

    Args:
        install: puts the second engine in the place of the first; False when that no longer serves.
    """

    def __init__(self, install: Callable[[Engine, Engine], bool]) -> None:
        self._install = install
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def start(self, old: Engine) -> None:
        """Returns at once; does nothing while one is under way, or has just failed."""
        with self._lock:
            if time.monotonic() < self._not_before or (self._thread and self._thread.is_alive()):
                return
            thread = threading.Thread(target=self._replace, args=(old,), name="attune-succession", daemon=True)
            thread.start()
            self._thread = thread

    def wait(self, seconds: float) -> None:
        """Until the successor serves, if one is being made."""
        if thread := self._thread:
            thread.join(seconds)

    def _replace(self, old: Engine) -> None:
        started = time.monotonic()
        try:
            successor = type(old)(old)
            successor.refresh()
            if self._install(old, successor):
                logger.info("event=encoders_swapped version=%d seconds=%.2f", successor.encoder, time.monotonic() - started)
        except Exception as error:
            logger.warning("event=swap_failed error=%r", error)
            self._not_before = time.monotonic() + RETRY_SECONDS
        finally:
            connection.close()
