"""What shoppers notice of learning: the time of requests while a training runs beside them, against the time without."""

from __future__ import annotations

import json
import time
import urllib.request
from itertools import cycle

from benchmarks import catalogue
from benchmarks.clocks import percentile
from benchmarks.options import Options
from benchmarks.programs import answers_200, free_port, program, wait_until, web_command
from benchmarks.report import Table
from benchmarks.shop_data import copy_shop, open_shop

REQUESTS = ("black running shoes", "a comfortable chair", "一把舒服的椅子", "camera under $300", "something green", "红色的鞋")
EVERY = 0.12  # seconds from one request to the next


def run(options: Options) -> list[Table]:
    """Blocks with and without a training take turns, so that what else the machine does hits both alike."""
    data = options.work / "runs" / "training"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from django.core.management import call_command

    call_command("simulate", shoppers=60, sessions=options.pick(4000, 2500, 60), days=120.0, seed=7, verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    port = free_port()
    quiet: list[float] = []
    beside: list[float] = []
    seconds, blocks = options.pick(60, 20, 3), options.pick(4, 2, 1)
    trained = 0.0
    with program(web_command(port), data, "web") as web:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers_200(f"{address}/readyz"), web, data / "web.log", within=300)
        _ask(address, 5)
        for _ in range(blocks):
            quiet += _ask(address, seconds)
            # As the worker starts it: a process of its own, with low priority.
            given = json.dumps({"simulated": "only", "epochs": 100_000})
            with program(["-m", "recommender.background", "train_fusion", given], data, "training") as training:
                beside += _ask(address, seconds)
                trained += float(training.poll() is None)
    rows = [
        (name, len(times), *(round(1000 * percentile(times, q), 1) for q in (50, 95, 99)))
        for name, times in (("no training", quiet), ("a training beside", beside))
    ]
    ratio = percentile(beside, 95) / percentile(quiet, 95)
    return [
        Table(
            "training",
            "Requests while a training runs, milliseconds over HTTP",
            ("what", "n", "p50", "p95", "p99"),
            rows,
            (
                f"p95 beside a training / p95 without: {ratio:.2f}.",
                f"In {trained:.0f} of {blocks} blocks the training still ran at the end.",
                "Blocks with and without take turns on the same server process.",
            ),
        )
    ]


def _ask(address: str, seconds: float) -> list[float]:
    """Seconds of each request, one after the other at a steady pace."""
    times = []
    texts, until = cycle(REQUESTS), time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        body = json.dumps({"query": {"text": next(texts)}}).encode()
        request = urllib.request.Request(f"{address}/api/v1/recommendations", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        times.append(time.perf_counter() - started)
        time.sleep(max(0.0, EVERY - times[-1]))
    return times
