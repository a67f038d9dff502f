"""The shop's own processes, started as the demo starts them, on a private DATA_DIR."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.shop_data import environment

ROOT = Path(__file__).resolve().parent.parent
GRACE = 30.0


class NotReady(Exception):
    """A process did not get ready in time; the message ends with what it said last."""


@contextmanager
def program(command: list[str], data: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of the shop in a session of its own; everything it started ends with the block."""
    with (data / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment(data), stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its own session: reaches nothing but what it started
    process.wait(GRACE)


def worker_command() -> list[str]:
    """The worker with its clock, as ``manage.py demo`` runs it."""
    from shop.management.commands.demo import _worker

    return _worker()[1:]


def web_command(port: int) -> list[str]:
    """The web server, as ``manage.py demo`` runs it."""
    from shop.management.commands.demo import _web

    return _web("127.0.0.1", port)[1:]


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, within: float, every: float = 0.05
) -> float:
    """Seconds until ``ready`` says so.

    Raises:
        NotReady: it took longer than ``within`` seconds, or the process ended.
    """
    started = time.perf_counter()
    while time.perf_counter() - started < within:
        if ready():
            return time.perf_counter() - started
        if process.poll() is not None:
            break
        time.sleep(every)
    said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    raise NotReady(f"Not ready after {time.perf_counter() - started:.0f} s (exit code {process.poll()}). It said: {said}")


def answers_200(url: str) -> bool:
    """Whether a GET gives 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def worker_is_warm() -> bool:
    """Whether a worker of this DATA_DIR has said that its models are loaded."""
    from recommender.models import Worker

    return Worker.objects.filter(models_loaded=True).exists()
