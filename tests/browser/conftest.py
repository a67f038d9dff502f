"""A real shop in processes of its own, and Debian's Chromium to visit it with.

Without Chromium these tests are skipped and say how to get it; with ``BROWSER_TESTS=required`` (as in .ci/run) they fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
NO_CHROMIUM = "Chromium was not found. On Debian or Ubuntu: apt install chromium fonts-noto-cjk"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE, DESK = (390, 844), (1280, 900)
START_WITHIN = 180.0


def _manage(folder: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"manage.py {' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(folder), "OMP_NUM_THREADS": "1", "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}


@pytest.fixture(scope="session")
def prepared_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's data, imported and embedded once for all test processes."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip)(NO_CHROMIUM)
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = base / "shop"
    with FileLock(base / "shop.lock"):
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            for shared in ("models", "demo"):  # fetched once for all tests; nothing here changes them
                (Path(settings.DATA_DIR) / shared).mkdir(parents=True, exist_ok=True)
                (folder / shared).symlink_to(Path(settings.DATA_DIR) / shared)
            _manage(folder, "migrate", "-v0")
            _manage(folder, "collectstatic", "--noinput", "-v0")
            _manage(folder, "setup_demo", "--users")
            _manage(folder, "index")
            (folder / "done").touch()
    return folder


@pytest.fixture(scope="session")
def address(prepared_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where this test process's own copy of the shop answers."""
    folder = tmp_path_factory.mktemp("running") / "shop"
    shutil.copytree(prepared_shop, folder, symlinks=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "shop.wsgi", "-b", f"127.0.0.1:{port}", "--threads", "4", "--timeout", "120"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=_environment(folder), stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", server, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"The shop did not become ready:\n{log.read_text()[-3000:]}", pytrace=False)


@pytest.fixture(scope="package")
def browser(prepared_shop: Path) -> Iterator[Browser]:
    """One Chromium for the tests of this folder.

    Not for the whole session: as long as Playwright runs, its event loop does too, and Django refuses its database to a
    thread with a running loop. The tests of other folders that share this process come after it has stopped.
    """
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Opens a new visitor's first page: ``visit(path, language="en", size=DESK, theme="light", javascript=True)``.

    At the end no page may have logged an error or been refused anything by the content security policy.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        path: str = "/", *, language: str = "en", size: tuple[int, int] = DESK, theme: str = "light", javascript: bool = True
    ) -> Page:
        phone = size == PHONE
        context = browser.new_context(
            base_url=address,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=javascript,
            has_touch=phone,
            is_mobile=phone,
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        context.add_cookies([{"name": "django_language", "value": {"zh": "zh-hans"}.get(language, language), "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if _is_fault(said.text) else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def _is_fault(text: str) -> bool:
    """A refused style, script or request; a page that answers 404 on purpose is none."""
    return "Content Security Policy" in text or "Uncaught" in text or "Alpine" in text
