"""How fast pages are on a phone: Chromium with a slowed processor and line, as Lighthouse's mobile profile sets them."""

from __future__ import annotations

import shutil
from typing import Any

from benchmarks import catalogue
from benchmarks.clocks import median
from benchmarks.options import Options
from benchmarks.programs import answers_200, free_port, program, wait_until, web_command
from benchmarks.report import Table
from benchmarks.shop_data import copy_shop, open_shop

PAGES = {
    "home": "/",
    "answer": "/search?q=black+running+shoes",
    "answer, Chinese": "/search?q=%E4%B8%80%E6%8A%8A%E8%88%92%E6%9C%8D%E7%9A%84%E6%A4%85%E5%AD%90",
    "product": "/products/freerun-running-shoe",
    "category": "/categories/home-garden-furniture",
}
LATENCY_MS, DOWN, UP = 150, 1.6e6 / 8, 0.75e6 / 8  # round trip, bytes a second
SLOWER = 4
OBSERVE = """() => {
  window.seen = { lcp: 0, cls: 0, inp: 0 };
  new PerformanceObserver((l) => { for (const e of l.getEntries()) seen.lcp = e.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((l) => { for (const e of l.getEntries()) if (!e.hadRecentInput) seen.cls += e.value; })
    .observe({ type: "layout-shift", buffered: true });
  const slowest = (l) => { for (const e of l.getEntries()) if (e.interactionId) seen.inp = Math.max(seen.inp, e.duration); };
  new PerformanceObserver(slowest)
    .observe({ type: "event", durationThreshold: 16, buffered: true });
}"""


def run(options: Options) -> list[Table]:
    """One row a page: medians over visits with an empty cache."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found is None:
        print("vitals: left out, Chromium was not found (Debian and Ubuntu: apt install chromium)")
        return []
    from playwright.sync_api import sync_playwright

    data = options.work / "runs" / "vitals"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    port, visits = free_port(), options.pick(7, 3, 1)
    rows: list[tuple[Any, ...]] = []
    with program(web_command(port), data, "web") as web, sync_playwright() as playwright:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers_200(f"{address}/readyz"), web, data / "web.log", within=300)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-quic"])
        for name, path in PAGES.items():
            seen = [_visit(browser, address + path) for _ in range(visits + 1)][1:]  # the first one makes its pictures
            columns = ("lcp", "cls", "inp", "ttfb", "html", "scripts")
            rows.append((name, *(round(median([visit[column] for visit in seen]), 3) for column in columns)))
        browser.close()
    return [
        Table(
            "vitals",
            "Pages on a phone: Chromium, processor 4 times slower, 150 ms round trip, 1.6 Mbit/s, empty cache",
            ("page", "LCP ms", "CLS", "INP ms", "TTFB ms", "HTML bytes", "scripts bytes, gzip"),
            rows,
            (
                f"Medians of {visits} visits. INP: the slowest reaction to typing and to opening something.",
                "Server, browser and everything else share this machine's cores, so times are upper bounds.",
            ),
        )
    ]


def _visit(browser: Any, url: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, device_scale_factor=2)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    speed = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": DOWN, "uploadThroughput": UP}
    line.send("Network.emulateNetworkConditions", speed)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    scripts: list[int] = []
    html: list[int] = []
    page.on(
        "response",
        lambda r: scripts.append(r.request.sizes()["responseBodySize"]) if r.request.resource_type == "script" else None,
    )
    page.goto(url, wait_until="load", timeout=60_000)
    html.append(len(page.content().encode()))
    page.evaluate(OBSERVE)
    page.wait_for_timeout(500)
    _use(page)
    seen: dict[str, float] = page.evaluate("() => window.seen")
    ttfb = page.evaluate("() => performance.getEntriesByType('navigation')[0].responseStart")
    size = page.evaluate("() => performance.getEntriesByType('navigation')[0].decodedBodySize")
    sent = "() => performance.getEntriesByType('resource').filter((e) => e.initiatorType === 'script')"
    scripts = page.evaluate(f"{sent}.reduce((sum, e) => sum + e.encodedBodySize, 0)".replace("() => ", "() => ", 1))
    context.close()
    return {**seen, "ttfb": ttfb, "html": float(size), "scripts": float(scripts)}


def _use(page: Any) -> None:
    """What a shopper does first: type, open something, close it."""
    box = page.locator("input[type=search]:visible").first
    box.tap()
    page.keyboard.type("red sh", delay=80)
    page.keyboard.press("Escape")
    opener = page.locator("main summary:visible")
    if opener.count():
        opener.first.tap()
    page.wait_for_timeout(500)
