"""What the shop calls a category in the page's language is what every part of the answer page calls it."""

import re
from html import unescape

import pytest

from recommender.services.indexing import drain, mark_stale
from shop.catalog.models import Category
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db
LAMPS = "各式灯饰"  # not the lexicon's name for lamps


@pytest.fixture
def named(products):
    category = Category.objects.get(name="Lighting")
    category.translations = {"zh-hans": LAMPS}
    category.save()
    mark_stale([product.sku for product in products])
    drain(encoders=[HashedWords(), MeanColours()])


def text(client, **query) -> str:
    response = client.get("/search", query)
    assert response.status_code == 200
    return unescape(re.sub(r"<[^>]+>", "|", response.content.decode()))


def test_chip_facet_and_reason_call_a_category_by_the_shops_own_name(chinese, named):
    html = text(chinese, q="客厅用的台灯", add="want:category:in:Home/Lighting")
    assert f"类别：{LAMPS}" in html, "the chip"
    assert re.search(rf"\|{LAMPS}\|+15\|", html), "the facet, with its count"
    assert f"有您想要的：{LAMPS}" in html, "the reason"
    assert "灯具" not in html


def test_a_way_out_calls_a_category_by_the_shops_own_name(chinese, named):
    html = text(chinese, q="5美元以内", add="must:category:in:Home/Lighting")
    assert f"US$5以内的{LAMPS}" in html


def test_an_english_page_keeps_the_catalogues_name(client, named):
    assert "Category: Lighting" in text(client, q="lamp")
