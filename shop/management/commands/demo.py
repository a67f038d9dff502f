"""manage.py demo: set the demo shop up, run its worker and its web server together, and say what to try."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager
from tqdm import tqdm

REQUESTS = ("black running shoes", "一把舒服的椅子", "a gift for someone who loves plants under $30")
READY_WITHIN = 600.0
STOPPED_BY_CTRL_C = 130
WARM_UP_AFTER = 20  # seconds


class Command(BaseCommand):
    help = "Set the demo shop up and run it: worker and web server together. Ctrl-C stops both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare-only", action="store_true", help="set everything up and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if not options["prepare_only"]:
            _require_free(host, port)
        self._prepare()
        if options["prepare_only"]:
            return
        manager = Manager()
        # SIGQUIT: Celery then stops in order when the whole group is told to stop.
        environment = {
            **os.environ,
            "DATA_DIR": str(settings.DATA_DIR),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "REMAP_SIGTERM": "SIGQUIT",
        }
        # The web process has the processors to itself until it is ready, unless there is something to embed.
        from shop.recommendations import products_waiting

        patience = {} if products_waiting() else {"WORKER_WARM_UP_AFTER": str(WARM_UP_AFTER)}
        manager.add_process("worker", shlex.join(_worker()), env={**environment, **patience})
        manager.add_process("web", shlex.join(_web(host, port)), env=environment)
        threading.Thread(target=self._announce, args=(host, port, manager), daemon=True).start()
        manager.loop()
        if manager.returncode not in (0, STOPPED_BY_CTRL_C):
            raise CommandError(f"The demo stopped (exit code {manager.returncode}); the lines above say why.")

    def _prepare(self) -> None:
        self.stdout.write(f"Data: {settings.DATA_DIR}")
        # In a process of its own: converting weights takes 1.5 GB, which this one would keep for as long as the demo runs.
        done = subprocess.run([sys.executable, "manage.py", "prepare_models"], cwd=settings.BASE_DIR, check=False)
        if done.returncode:
            raise CommandError("The model weights could not be prepared; the lines above say why.")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("setup_demo", users=True)

    def _announce(self, host: str, port: int, manager: Manager) -> None:
        """Show how far the worker is, wait until the web process answers with everything it has, then say where it is."""
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104 (compared, not bound)
        address = f"http://{shown}:{port}"
        try:
            _watch_embedding()
            ready = _wait_ready(f"http://{host if host != '0.0.0.0' else '127.0.0.1'}:{port}/readyz")  # noqa: S104
        except Exception as error:  # the shop itself runs; only the announcement is lost
            self.stderr.write(f"The progress cannot be shown: {error}")
            ready = True
        if not ready:
            self.stderr.write(f"The shop is not ready after {READY_WITHIN:.0f} s; {address}/readyz says what is missing.")
            return
        lines = ["", f"  Attune is ready: {address}", "", "  Try in the search box:"]
        lines += [f"    {request}" for request in REQUESTS]
        lines += [
            "",
            f"  Admin: {address}/admin/ (admin / admin)   API: {address}/api/v1/docs",
            "  Ctrl-C stops everything.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _worker() -> list[str]:
    command = "celery --quiet -A shop worker -B --loglevel WARNING --without-mingle --without-gossip"
    # A demo in a container runs as root; that is no news to whoever started it.
    return [sys.executable, "-W", "ignore:You're running the worker", "-m", *command.split()]


def _web(host: str, port: int) -> list[str]:
    # One process: the models are in memory once. Its threads answer side by side, since torch lets go of the interpreter.
    return [
        sys.executable, "-m", "gunicorn", "shop.wsgi", "--bind", f"{host}:{port}", "--workers", "1", "--threads", "8",
        "--timeout", "120", "--graceful-timeout", "20", "--log-level", "warning", "--worker-tmp-dir", _shared_memory(),
    ]  # fmt: skip


def _shared_memory() -> str:
    """Where gunicorn keeps its heartbeat: memory, where there is some, since a slow disk would look like a hung worker."""
    memory = Path("/dev/shm")  # noqa: S108
    return str(memory if os.access(memory, os.W_OK) else settings.DATA_DIR)


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: make demo PORT=8001"
            ) from error


def _watch_embedding() -> None:
    from shop.recommendations import products_waiting

    waiting = products_waiting()
    if not waiting:
        return
    with tqdm(total=waiting, desc="The worker reads and embeds", unit="product") as bar:
        while waiting:
            time.sleep(0.5)
            waiting = products_waiting()
            bar.total = max(bar.total, waiting)
            bar.n = bar.total - waiting
            bar.refresh()


def _wait_ready(url: str) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (always http on this host)
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.3)
    return False
