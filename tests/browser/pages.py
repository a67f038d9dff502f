"""The pages that are looked at in every language and theme: a path, and what leads there when it is not an address."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import Page

SHOES = "/products/freerun-running-shoe"


def _search(text: str) -> str:
    return f"/search?q={quote(text)}"


def _bag(page: Page) -> None:
    page.goto(SHOES)
    page.locator("form[action='/cart/add'] button").first.click()
    page.goto("/cart")


def _checkout(page: Page) -> None:
    _bag(page)
    page.goto("/checkout")


# What is asked on a Chinese page instead: words of another language are the shopper's, not the page's.
CHINESE = {
    "answer": _search("黑色跑步鞋"),
    "too tight": _search("50美元以内的红椅子"),
    "nothing fits": _search("量子通量"),
    "broad": _search("放在客厅的东西"),
}
# name -> path, or what a visitor does to get there
PAGES: dict[str, str | Callable[[Page], None]] = {
    "home": "/",
    "answer": _search("black running shoes"),
    "too tight": _search("red chair under $50"),
    "nothing fits": _search("zzyzx quantum flux"),
    "broad": _search("something for the living room"),
    "category": "/categories/home-garden-furniture",
    "product": SHOES,
    "cart": _bag,
    "checkout": _checkout,
    "account": "/account",
    "sign in": "/sign-in",
    "not found": "/no-such-page",
}


def go(page: Page, name: str, language: str = "en") -> Page:
    """The page of that name, as a visitor gets there."""
    there = CHINESE.get(name, PAGES[name]) if language == "zh" else PAGES[name]
    if callable(there):
        there(page)
    else:
        page.goto(there)
    page.wait_for_load_state("load")
    return page
