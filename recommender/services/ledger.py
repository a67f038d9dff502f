"""The ledger of long work: a row that says what runs, how far it is and what it said. And who is at work."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from recommender.models import Job, Worker
from recommender.services import liveness

ALIVE_SECONDS = 30
WRITE_EVERY = 1.0
SILENT_SECONDS = 60  # a job that says nothing for so long has died, where somebody else waits for it
FORGET_AFTER = timedelta(days=30)


class Tracked:
    """A running job's row; call it as ``on_progress(done, total)``. It is written at most once a second."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._written_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        self.job.done, self.job.total = done, total
        if time.monotonic() - self._written_at >= WRITE_EVERY:
            self.write()

    def write(self) -> None:
        self._written_at = time.monotonic()
        self.job.heartbeat_at = timezone.now()
        self.job.save(update_fields=["done", "total", "failed", "message", "heartbeat_at"])


@contextmanager
def track(kind: str, *, total: int = 0) -> Iterator[Tracked]:
    """A Job row around a piece of work: running, then done, or failed with what was raised."""
    now = timezone.now()
    tracked = Tracked(Job.objects.create(kind=kind, state=Job.State.RUNNING, total=total, started_at=now, heartbeat_at=now))
    try:
        yield tracked
    except BaseException as error:
        tracked.job.message = f"{type(error).__name__}: {error}"
        _close(tracked, Job.State.CANCELLED if isinstance(error, KeyboardInterrupt) else Job.State.FAILED)
        raise
    _close(tracked, Job.State.DONE)


def _close(tracked: Tracked, state: Job.State) -> None:
    tracked.write()
    Job.objects.filter(pk=tracked.job.pk).update(state=state, finished_at=timezone.now())


def runs(kind: str) -> bool:
    """Whether such a job is running and was heard of lately: one whose process was killed is not."""
    since = timezone.now() - timedelta(seconds=SILENT_SECONDS)
    return Job.objects.filter(kind=kind, state=Job.State.RUNNING, heartbeat_at__gte=since).exists()


def worker_name() -> str:
    """Host and process id: one row a worker process."""
    return f"{socket.gethostname()}-{os.getpid()}"


def beat(*, models_loaded: bool) -> None:
    """Say that this worker process lives."""
    now = timezone.now()
    Worker.objects.bulk_create(
        [Worker(name=worker_name(), seen_at=now, models_loaded=models_loaded)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["seen_at", "models_loaded"],
    )


def workers_alive() -> int:
    """Worker processes that were heard of within the last half minute."""
    return Worker.objects.filter(seen_at__gte=timezone.now() - timedelta(seconds=ALIVE_SECONDS)).count()


def is_alive(worker: Worker) -> bool:
    return worker.seen_at >= timezone.now() - timedelta(seconds=ALIVE_SECONDS)


def tidy() -> None:
    """Close the jobs of processes that died, and forget old jobs, workers and locks."""
    now = timezone.now()
    Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=now - timedelta(minutes=10)).update(
        state=Job.State.FAILED, finished_at=now, message=_("The process that ran this ended without a word.")
    )
    Job.objects.filter(created_at__lt=now - FORGET_AFTER).delete()
    Worker.objects.filter(seen_at__lt=now - timedelta(hours=1)).delete()
    liveness.sweep()
