"""The outbox: what changed is written in the transaction that changed it; a message only wakes a worker up.

The message is sent from a thread of its own, at most once a second a process, so that a slow or dead broker neither
fails nor slows a save. A message that never arrives costs seconds, not items: the worker looks by itself, too.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable

from django.db import transaction

from recommender.models import StaleItem

logger = logging.getLogger(__name__)

NUDGE_EVERY = 1.0
WARN_EVERY = 60.0


def mark_stale(item_ids: Iterable[str], reason: str = "saved", *, background: bool = False) -> int:
    """Write that these items changed, in the current transaction; a worker is woken up when it commits.

    Args:
        reason: "saved", "removed", "all" (encode it even if nothing changed), "retry" (forget earlier failures), or
            any other word for the admin to read.
        background: let what a person saves overtake these.
    Returns:
        How many items were marked.
    """
    ids = list(dict.fromkeys(item_ids))
    if not ids:
        return 0
    rows = [StaleItem(item_id=item_id, reason=reason[:32], background=background) for item_id in ids]
    StaleItem.objects.bulk_create(rows, batch_size=500)
    transaction.on_commit(_nudger.nudge, robust=True)
    return len(ids)


class _Nudger:
    """Sends "there is work" from a daemon thread, coalesced. One a process; a fork starts its own."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._pid = 0
        self._warned_at = 0.0

    def nudge(self) -> None:
        """Ask for a message; returns at once."""
        from celery import current_app

        if current_app.conf.task_always_eager:
            self._send()
            return
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._wanted = os.getpid(), threading.Event()
                threading.Thread(target=self._run, args=(self._wanted,), name="attune-nudge", daemon=True).start()
        self._wanted.set()

    def _run(self, wanted: threading.Event) -> None:
        while True:
            wanted.wait()
            wanted.clear()
            self._send()
            time.sleep(NUDGE_EVERY)

    def _send(self) -> None:
        from recommender.tasks import send_drain

        try:
            send_drain()
        except Exception as error:
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._warned_at >= WARN_EVERY or not self._warned_at:
            self._warned_at = now
            logger.warning("event=nudge_failed error=%r hint=%r", error, "the worker finds the work by itself")


_nudger = _Nudger()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=lambda: setattr(_nudger, "_lock", threading.Lock()))
