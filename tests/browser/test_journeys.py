"""Whole journeys in a real browser: ask, refine, photo and words, buy, order again, switch the history off, erase."""

from __future__ import annotations

import io
import re
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Visit

ASKED = {"en": "black running shoes", "zh": "黑色跑步鞋"}
WORDS_FOR_PHOTO = {"en": "chair", "zh": "椅子"}
BOX = "search input[type=search]"
ADDRESS = {"email": "ann@example.com", "name": "Ann Lee", "address": "1 High Street", "postcode": "1000", "city": "Bern"}
TURNED_OFF = "form[action='/account/history/use']"


def ask(page: Page, text: str) -> None:
    page.fill(BOX, text)
    page.press(BOX, "Enter")
    page.wait_for_url("**/search?**")


def cards(page: Page) -> list[str]:
    """Addresses of the products shown, without where they were shown from."""
    links = page.locator("#results .card-link").all()
    return [(link.get_attribute("href") or "").partition("?")[0] for link in links]


def buy(page: Page) -> str:
    """What is open, as it is in the cart; returns the order's address."""
    with page.expect_response("**/cart/add"):
        page.locator("form[action='/cart/add'] button").first.click()
    page.wait_for_load_state("load")
    page.goto("/checkout")
    for name, value in ADDRESS.items():
        page.fill(f"main [name={name}]", value)
    page.locator("main [name=country]").select_option("CH")
    page.locator("form.checkout button.primary").click()
    page.wait_for_url("**/orders/**")
    return page.url


def sign_up(page: Page, email: str) -> None:
    page.goto("/sign-up")
    page.fill("main [name=email]", email)
    for field in page.locator("main input[type=password]").all():
        field.fill("a long unusual phrase 42")
    page.locator("main form button.primary").click()
    page.wait_for_url("**/account**")


def tab_to(page: Page, selector: str, within: int = 120) -> None:
    """Press Tab until what has the focus matches."""
    for _ in range(within):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} was not reached with the keyboard")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_guest_asks_refines_buys_and_orders_again(visit: Visit, language: str, size: tuple[int, int]) -> None:
    page = visit("/", language=language, size=size)
    ask(page, ASKED[language])
    found = cards(page)
    assert len(found) >= 3
    assert page.locator(".chips .chip").count() >= 1
    page.locator("#results button.refine").first.click()
    page.locator("#steps [data-step=cheaper]").click()
    page.wait_for_url("**from=**")
    expect(page.locator("#results .card-link").first).to_be_visible()
    page.go_back()
    page.wait_for_url(lambda url: "from=" not in url)
    expect(page.locator("#results .card-link").first).to_have_attribute("href", re.compile(re.escape(found[0])))
    page.locator("#results .card-link").first.click()
    page.wait_for_url("**/products/**")
    order = buy(page)
    page.goto(order)
    page.locator("form[action$='/again'] button").click()
    page.wait_for_url("**/cart**")
    assert page.locator("#cart .lines li, #cart [data-line]").count() >= 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_photo_and_words_are_asked_together(visit: Visit, language: str, tmp_path) -> None:
    page = visit("/", language=language)
    picture = io.BytesIO()
    Image.new("RGB", (320, 240), (150, 90, 40)).save(picture, "JPEG")
    page.fill(BOX, WORDS_FOR_PHOTO[language])
    page.locator("search [data-photo] summary").click()
    page.set_input_files("search [data-file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()})
    page.locator("search [data-send]").click()
    page.wait_for_url("**/search?**photo=**")
    assert cards(page)
    expect(page.locator("main .asked img").first).to_be_visible()
    assert quote(WORDS_FOR_PHOTO[language]) in page.url


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_member_keeps_the_guest_s_cart_switches_history_off_and_erases_everything(visit: Visit, language: str) -> None:
    page = visit("/products/tripod", language=language)
    page.locator("form[action='/cart/add'] button").first.click()
    expect(page.locator("#toast")).not_to_be_empty()
    email = f"member-{language}@example.com"
    sign_up(page, email)
    page.goto("/cart")
    expect(page.locator("#cart")).to_contain_text("1")
    assert page.locator("#cart a[href*='tripod']").count() >= 1
    page.goto("/account/history")
    assert page.locator("main a[href*='tripod']").count() >= 1
    page.locator(f"{TURNED_OFF} button").first.click()
    page.wait_for_load_state("load")
    page.goto("/products/tent")
    page.goto("/account/history")
    assert page.locator("main a[href*='/products/tent']").count() == 0
    page.goto("/account/erase")
    for field in page.locator("main input[type=password]").all():
        field.fill("a long unusual phrase 42")
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    page.locator("main form button.danger").click()
    page.wait_for_load_state("load")
    page.goto("/sign-in")
    page.fill("main input[name=username], main input[name=email]", email)
    page.fill("main input[type=password]", "a long unusual phrase 42")
    page.locator("main form button.primary").click()
    assert "/sign-in" in page.url


def test_back_and_forward_show_whole_pages_and_load_more_repeats_nothing(visit: Visit) -> None:
    page = visit(f"/search?q={quote('something nice')}")
    first = cards(page)
    size = len(first)
    page.locator("#results a[hx-get]").last.click()
    expect(page.locator("#results .card-link").nth(size)).to_be_visible()
    everything = cards(page)
    assert everything[:size] == first
    assert len(set(everything)) == len(everything)
    page.locator("#results .card-link").first.click()
    page.wait_for_url("**/products/**")
    page.go_back()
    page.wait_for_load_state("load")
    expect(page.locator("header.header")).to_be_visible()
    assert page.locator("#results .card-link").count() >= size
    page.go_forward()
    expect(page.locator("article.product h1")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_javascript_a_guest_asks_reads_on_and_buys(visit: Visit, language: str) -> None:
    page = visit("/", language=language, javascript=False)
    page.fill(BOX, ASKED[language])
    page.press(BOX, "Enter")
    page.wait_for_url("**/search?**")
    assert cards(page)
    page.locator("#results .card-link").first.click()
    page.wait_for_url("**/products/**")
    buy(page)
    expect(page.locator("main h1")).to_be_visible()


def test_with_the_keyboard_alone_a_guest_gets_from_the_box_to_the_cart(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    tab_to(page, "input[type=search]", within=40)
    page.keyboard.type("tripod")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    tab_to(page, "#results .card-link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products/**")
    tab_to(page, "form[action='/cart/add'] button")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).not_to_be_empty()
    page.goto("/cart")
    assert page.locator("#cart a[href*='tripod']").count() >= 1


def test_suggestions_are_a_combobox_that_the_arrows_walk(visit: Visit) -> None:
    page = visit("/")
    page.locator(BOX).press_sequentially("runn", delay=40)
    option = page.locator("[role=listbox]:visible [role=option]")
    expect(option.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    active = page.locator(BOX).get_attribute("aria-activedescendant")
    assert active
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("[role=listbox]:visible")).to_have_count(0)
    expect(page.locator(BOX)).to_have_attribute("aria-expanded", "false")


def test_changed_results_are_announced(visit: Visit) -> None:
    page = visit(f"/search?q={quote('something nice')}")
    page.locator("#filters input[type=checkbox]").first.check()
    page.wait_for_url("**f=**")
    expect(page.locator("[aria-live=polite], [role=status]").filter(has_text=re.compile(r"\d")).first).to_be_attached()
