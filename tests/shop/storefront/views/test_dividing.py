"""The line between what is of the kind asked for and what only comes near it."""

import re
from html import unescape

import pytest

from recommender.services.indexing import drain, mark_stale
from shop.catalog.models import Category
from tests.encoders import HashedWords, MeanColours
from tests.shop.makers import make_product

pytestmark = pytest.mark.django_db
# The kind as a wish: a must would leave nothing else to show.
ASKED = {"q": "lamp for the living room", "add": "want:category:in:Home/Lighting"}
LINE = "Not in Lighting, but near what you said"


def page(client, address="/search", part=False, **query) -> str:
    response = client.get(address, query, headers={"HX-Request": "true"} if part else {})
    assert response.status_code == 200
    return response.content.decode()


def entries(html: str) -> list[str]:
    """Names of the cards and the line, in the order of the page."""
    found = re.findall(r'<li class="divider"><p>([^<]+)</p>|<h3 lang="[^"]+">([^<]+)</h3>', html)
    return [unescape(line or name) for line, name in found]


def following(html: str) -> str:
    return unescape(re.search(r'<li class="more"><a class="button" href="([^"]+)"', html)[1])


def test_the_line_stands_before_the_first_card_that_none_of_the_kind_follows(client, products):
    told = entries(page(client, **ASKED))
    assert told.count(LINE) == 1
    before, after = told[: told.index(LINE)], told[told.index(LINE) + 1 :]
    assert len(before) == 15, "the shop has fifteen lamps"
    assert all("lamp" in name for name in before)
    assert after
    assert not any("lamp" in name for name in after)


def test_a_line_at_the_start_of_a_page_comes_with_that_page_only(client, products):
    lighting = Category.objects.get(name="Lighting")
    made = [make_product(f"more-{n}", name=f"Blue lamp {n}", category=lighting, stock=9) for n in range(3)]
    mark_stale([product.sku for product in made])
    drain(encoders=[HashedWords(), MeanColours()])
    first = page(client, **ASKED)
    assert len(entries(first)) == 18
    assert LINE not in entries(first)
    address = following(first)
    for part in (True, False):
        told = entries(page(client, address, part=part))
        assert told[0] == LINE
        assert told.count(LINE) == 1


def test_a_page_added_below_the_line_has_none_and_one_that_stands_alone_begins_with_it(client, products):
    first = page(client, **ASKED)
    address = following(first)
    assert LINE in entries(first)
    assert LINE not in entries(page(client, address, part=True))
    assert entries(page(client, address))[0] == LINE


@pytest.mark.parametrize(
    "asked",
    [{"sort": "price"}, {"q": "lamp for the living room, cheapest first"}, {"q": "living room", "add": "want:color:in:red"}],
)
def test_another_order_and_a_request_without_a_kind_have_no_line(client, products, asked):
    told = entries(page(client, **{**ASKED, **asked}))
    assert told
    assert not any(name.startswith("Not in") for name in told)


def test_places_of_cards_are_counted_without_the_line(client, products):
    html = page(client, **ASKED)
    assert LINE in html
    assert [int(place) for place in re.findall(r"[?&;]at=(\d+)", html)] == list(range(1, 19))


def test_the_line_speaks_chinese(chinese, products):
    lines = [
        told
        for told in entries(page(chinese, **{**ASKED, "q": "客厅用的台灯"}))
        if re.fullmatch("以下不属于“.+”，但与您的描述相近", told)
    ]
    assert len(lines) == 1
