"""What a page costs a phone: bytes and shifts. How fast it is on a throttled line is measured in benchmarks/, not here."""

from __future__ import annotations

import gzip

import pytest

from tests.browser.conftest import PHONE, Visit
from tests.browser.pages import PAGES, go

HTML, SCRIPTS, SHIFT = 60 * 1024, 90 * 1024, 0.1
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stays_within_its_bytes_and_does_not_shift(visit: Visit, name: str) -> None:
    page = visit("/", size=PHONE)
    scripts: dict[str, int] = {}
    documents: dict[str, int] = {}

    def weigh(response: object) -> None:
        kind = response.request.resource_type  # type: ignore[attr-defined]
        if kind == "script":
            scripts[response.url] = len(gzip.compress(response.body()))  # type: ignore[attr-defined]
        elif kind == "document" and response.status == 200:  # type: ignore[attr-defined]
            documents[response.url] = len(response.body())  # type: ignore[attr-defined]

    page.on("response", weigh)
    go(page, name)
    assert page.evaluate(SHIFTS) <= SHIFT
    assert max(documents.values(), default=0) <= HTML
    assert sum(scripts.values()) <= SCRIPTS
