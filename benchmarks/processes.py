"""Memory of the web process and the worker with their models warm, and how long they take to get there."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import catalogue
from benchmarks.clocks import median
from benchmarks.memory import family, memory_mb
from benchmarks.options import Options
from benchmarks.programs import ROOT, answers_200, free_port, program, wait_until, web_command, worker_command, worker_is_warm
from benchmarks.report import Cell, Table
from benchmarks.shop_data import copy_shop, environment, open_shop


def run(options: Options) -> list[Table]:
    """One table of start-up times, one of memory."""
    data = options.work / "runs" / "processes"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from django.core.management import call_command

    from recommender.models import IndexedItem

    call_command("collectstatic", verbosity=0, interactive=False)
    n_products = IndexedItem.objects.filter(removed=False).count()
    starts: dict[str, list[float]] = {}
    memory: dict[str, tuple[int, float, float]] = {}
    for _ in range(options.pick(2, 1, 1)):
        _web(data, starts, memory)
        _worker(data, starts, memory)
    starts["manage.py check, wall"], starts["manage.py check, CPU"] = _check(data, options.pick(4, 2, 1))
    rows: list[Sequence[Cell]] = [(name, len(s), round(median(s), 2), round(min(s), 2)) for name, s in starts.items()]
    return [
        Table(
            "start-up",
            f"Start-up, {n_products:,} products, seconds",
            ("what", "n", "median", "best"),
            rows,
            ("Processes of the demo, started one after the other; weights are in the file cache from the second time on.",),
        ),
        Table(
            "memory",
            f"Memory with models warm, {n_products:,} products, MB",
            ("what", "processes", "RSS", "PSS"),
            [(name, n, round(rss), round(pss)) for name, (n, rss, pss) in memory.items()],
            ("PSS counts a page that processes share once; parents of gunicorn and celery included.",),
        ),
    ]


def _web(data: Path, starts: dict[str, list[float]], memory: dict[str, tuple[int, float, float]]) -> None:
    port = free_port()
    with program(web_command(port), data, "web") as web:
        log = data / "web.log"
        started = time.perf_counter()
        wait_until(lambda: answers_200(f"http://127.0.0.1:{port}/livez"), web, log, within=120)
        starts.setdefault("web to /livez 200", []).append(time.perf_counter() - started)
        wait_until(lambda: answers_200(f"http://127.0.0.1:{port}/readyz"), web, log, within=180)
        starts.setdefault("web to /readyz 200", []).append(time.perf_counter() - started)
        pids = family(web.pid)
        memory["web (gunicorn, 8 threads)"] = (len(pids), *memory_mb(pids))


def _worker(data: Path, starts: dict[str, list[float]], memory: dict[str, tuple[int, float, float]]) -> None:
    from recommender.models import Worker

    Worker.objects.all().delete()
    with program(worker_command(), data, "worker") as worker:
        started = time.perf_counter()
        wait_until(lambda: Worker.objects.exists(), worker, data / "worker.log", within=120)
        starts.setdefault("worker to its first heartbeat", []).append(time.perf_counter() - started)
        # The heartbeat that tells of the loaded models comes up to ten seconds after they are.
        wait_until(worker_is_warm, worker, data / "worker.log", within=180)
        starts.setdefault("worker to a heartbeat with models loaded", []).append(time.perf_counter() - started)
        pids = family(worker.pid)
        memory["worker (celery, one child, clock)"] = (len(pids), *memory_mb(pids))


def _check(data: Path, n: int) -> tuple[list[float], list[float]]:
    """(wall, CPU) seconds of ``manage.py check``."""
    walls, cpus = [], []
    for _ in range(n):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=environment(data), check=True, capture_output=True)
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return walls, cpus
