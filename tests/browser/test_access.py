"""Every page, in both languages and themes: no serious fault of accessibility, large targets, nothing untranslated."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.pages import PAGES, go

# Names that are the same in every language.
NAMES = re.compile(
    r"Attune|USD?|EUR|GBP|JPY|CNY|HK|A\$|API|English|English|https?\S*|\S+@\S+|[A-Z]{2}-?\d+\S*|Visa|JPEG|PNG|WebP|GIF|AVIF|CSV|JSON"
)
LATIN = re.compile(r"[A-Za-z]{2,}")

UNTRANSLATED = """() => {
  const found = [];
  const foreign = (node) => {
    const named = node.closest("[lang]");
    return node.closest("[translate=no], script, style, template, noscript") || (named && !named.lang.startsWith("zh"));
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    if (text && !foreign(walk.currentNode.parentElement)) found.push(text);
  }
  for (const name of ["aria-label", "placeholder", "title", "alt"])
    for (const node of document.querySelectorAll(`[${name}]`)) if (!foreign(node)) found.push(node.getAttribute(name));
  found.push(document.title);
  return found;
}"""

SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((node) => !node.closest("p, dd, li > span, .sr, .skip"))
  .map((node) => [node, node.getBoundingClientRect()])
  .filter(([node, box]) => box.width > 1 && box.height > 1)
  .filter(([node, box]) => box.width < 24 || box.height < 24)
  .filter(([node]) => getComputedStyle(node).display !== "inline" && !node.labels?.length)
  .map(([node, box]) => `${node.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""


# What sticks out of the page, other than what scrolls by itself or is for screen readers only.
WIDER = """() => [...document.querySelectorAll("main *, header *, footer *")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().right > innerWidth + 1)
  .filter((node) => {
    for (let above = node; above; above = above.parentElement) {
      const style = getComputedStyle(above);
      if (/auto|scroll|hidden|clip/.test(style.overflowX) || style.clipPath !== "none" || above.popover) return false;
    }
    return true;
  })
  .map((node) => node.outerHTML.slice(0, 120))"""

N_TABS = 25
# null: nothing has the focus; "": it is seen; else what it is.
FOCUS = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const drawn = (one, part) => {
    const style = getComputedStyle(one, part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = node.closest(".ask-box, label");
  return drawn(node) || drawn(node, "::after") || (box && drawn(box)) ? "" : node.outerHTML.slice(0, 120);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_fault_of_accessibility(visit: Visit, name: str, language: str, theme: str) -> None:
    page = go(visit("/", language=language, theme=theme, size=PHONE if theme == "dark" else DESK), name, language)
    violations = Axe().run(page).response["violations"]
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious


@pytest.mark.parametrize("name", PAGES)
def test_a_chinese_page_says_nothing_in_english(visit: Visit, name: str) -> None:
    page = go(visit("/", language="zh"), name, "zh")
    said = [text for text in page.evaluate(UNTRANSLATED) if LATIN.search(NAMES.sub("", text))]
    assert not said


@pytest.mark.parametrize("name", PAGES)
def test_everything_that_is_tapped_is_large_enough_and_nothing_is_wider_than_the_phone(visit: Visit, name: str) -> None:
    page = go(visit("/", size=PHONE), name)
    assert not page.evaluate(SMALL_TARGETS)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reflows_at_320_pixels(visit: Visit, name: str) -> None:
    """WCAG 2.2, 1.4.10: what 400% of zoom leaves of a desk's screen is read without scrolling sideways."""
    page = go(visit("/", size=(320, 700)), name)
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("forced", ["none", "active"])
@pytest.mark.parametrize("name", ["home", "answer", "product", "cart", "checkout"])
def test_whatever_the_keyboard_reaches_is_seen_to_have_the_focus(visit: Visit, name: str, forced: str) -> None:
    page = go(visit("/"), name)
    page.emulate_media(forced_colors="active" if forced == "active" else "none")
    reached, unseen = 0, []
    for _ in range(N_TABS):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is not None:
            reached += 1
            unseen += [found] if found else []
    assert reached > N_TABS / 2
    assert unseen == []
