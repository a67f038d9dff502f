"""Walks the pages in Chinese and fails on any Latin text that the shop, rather than its catalogue or its shopper, wrote."""

import re
from html.parser import HTMLParser

import pytest

from shop.orders.models import Order
from shop.reviews.models import Review
from shop.reviews.services import decide

pytestmark = pytest.mark.django_db
SPOKEN = ("alt", "aria-label", "placeholder", "title")
VOID = {"area", "br", "hr", "img", "input", "link", "meta", "source", "use", "path", "circle"}
IGNORED = ("script", "style", "title")  # a title is a name of the catalogue or words of the shopper, which it cannot mark
# The shop's own name, and what is the same in both languages.
ALLOWED = re.compile(r"Attune|https?://\S+|US\$|JPEG|PNG|WebP|GIF|AVIF|MB")
# Names that the catalogue has in English only, where a Chinese sentence quotes them.
CATALOGUE = re.compile(r"Home|Lighting|Seats|Acme|(red|blue|green)( lamp| chair)?", re.IGNORECASE)


class OwnWords(HTMLParser):
    """Collects visible text and spoken attributes, except inside lang="en", translate="no", <script> and <style>."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.stack: list[bool] = [False]

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        foreign = self.stack[-1] or given.get("lang") == "en" or given.get("translate") == "no" or tag in IGNORED
        if not foreign:
            self.words += [given[name] or "" for name in SPOKEN if name in given]
        if tag not in VOID:
            self.stack.append(foreign)

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.stack.pop()

    def handle_data(self, data):
        if not self.stack[-1]:
            self.words.append(data)


def without_names(text: str) -> str:
    return CATALOGUE.sub("", ALLOWED.sub("", text))


def latin_words(html: str) -> list[str]:
    parser = OwnWords()
    parser.feed(html)
    return [word for text in parser.words for word in re.findall(r"[A-Za-z]{2,}[A-Za-z ]*", without_names(text))]


def place_order(client) -> str:
    client.post("/cart/add", {"sku": "sku-00"})
    html = client.get("/checkout").content.decode()
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in ("key", "total")}
    client.post(
        "/checkout", {**fields, "email": "a@b.cn", "name": "林", "address": "长路 1 号", "city": "杭州", "country": "CN"}
    )
    return Order.objects.get().number


def test_no_page_shows_an_untranslated_word_in_chinese(chinese, products):
    number = place_order(chinese)
    chinese.post("/cart/add", {"sku": "sku-01", "quantity": 2})
    chinese.post("/wishlist", {"add": "sku-02"})
    chinese.post(f"{products[0].get_absolute_url()}/review", {"stars": "4", "text": "很好"})
    decide(Review.objects.all(), "approved")
    product, category = products[0].get_absolute_url(), products[0].category.get_absolute_url()
    addresses = ["/", "/search", "/cart", "/checkout", product, category, "/account", "/orders", f"/orders/{number}"]
    addresses += ["/wishlist", "/compare", "/compare?sku=sku-00&sku=sku-01", "/account/history", "/account/settings"]
    addresses += ["/orders/find", f"{product}/review", "/cart?undo=x"]
    addresses += ["/sign-in", "/sign-up", "/help", "/nothing-here", "/search?q=台灯", "/search?q=红色台灯低于1美元"]
    addresses += ["/search?q=便宜的椅子&sort=price", "/search?q=" + "长" * 501]
    found = {address: latin_words(chinese.get(address).content.decode()) for address in addresses}
    assert {address: words for address, words in found.items() if words} == {}


def test_refusals_are_in_chinese_too(chinese, products):
    refused = chinese.post("/cart/add", {"sku": "sku-01", "quantity": 9}, follow=True).content.decode()
    wrong = chinese.post("/sign-in", {"username": "a@b.cn", "password": "x"}).content.decode()
    assert latin_words(refused) == []
    assert [word for word in latin_words(wrong) if word != "cn"] == []


@pytest.mark.parametrize("address", ["/", "/search", "/search?q=lamp", "/cart", "/account", "/orders", "/sign-in", "/sign-up"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers_in_both_languages(client, products, address, language):
    client.cookies["django_language"] = language
    response = client.get(address)
    assert response.status_code == 200
    assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in response.content.decode()
