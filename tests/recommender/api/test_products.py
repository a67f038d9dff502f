"""recommender.api.views.products: the catalogue as a list, one product, and what is like it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from recommender.services.indexing import drain, mark_stale
from tests.encoders import HashedWords, MeanColours
from tests.recommender.api.conftest import SLASHED, skus


def listed(answer):
    assert answer.status_code == 200, answer.content
    return [product["sku"] for product in answer.json()["data"]]


def walk(api, **params):
    seen, cursor = [], {}
    while True:
        answer = api.get("/api/v1/products", **params, **cursor)
        seen += listed(answer)
        page = answer.json()["page"]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return seen
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "rating", "popularity"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_hold_every_visible_product_once(api, shop, sort, limit):
    seen = walk(api, sort=sort, limit=limit)
    assert sorted(seen) == sorted(sku for sku, item in shop.items.items() if item.in_stock)


def test_order_is_by_value_then_id_and_products_without_one_come_last(api, shop):
    seen = walk(api, sort="price", limit=6)
    priced = [sku for sku in seen if shop.items[sku].price]
    assert priced == sorted(priced, key=lambda sku: (shop.items[sku].price.amount_minor, sku))
    assert seen[-1] == "sku-03"
    newest = walk(api, sort="newest", limit=6)
    assert newest[:4] == ["sku-00", "sku-01", "sku-02", "sku-03"]
    assert newest[-1] == SLASHED


def test_products_that_come_and_go_between_pages_neither_repeat_nor_hide_others(api, shop):
    first = api.get("/api/v1/products", sort="price", limit=10)
    seen = listed(first)
    sold_out, cheap = seen[2], replace(shop.items[seen[0]], item_id="sku-new")
    shop.items[sold_out] = replace(shop.items[sold_out], stock=0)
    shop.items["sku-new"] = cheap
    mark_stale([sold_out, "sku-new"])
    drain(encoders=[HashedWords(), MeanColours()])
    rest = api.get("/api/v1/products", sort="price", limit=100, cursor=first.json()["page"]["next_cursor"])
    expected = {sku for sku, item in shop.items.items() if item.in_stock} - set(seen) - {"sku-new"}
    assert set(listed(rest)) == expected


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"category": "Seating"}, lambda i: "Seating" in i.category),
        ({"category": ["Home/Seating", "Lighting"]}, lambda i: i.category),
        ({"brand": "Birch"}, lambda i: i.brand == "Birch"),
        ({"attribute": ["color:red", "Color:blue"]}, lambda i: i.attributes["color"][0] in ("red", "blue")),
        ({"price_gte": 1500, "price_lte": 2000}, lambda i: i.price and 1500 <= i.price.amount_minor <= 2000),
        ({"price_lte": 1000, "currency": "USD", "in_stock": "true"}, lambda i: i.price and i.price.amount_minor <= 1000),
    ],
)
def test_filters_choose_by_the_same_rules_as_recommendations(api, shop, params, fits):
    answer = api.get("/api/v1/products", limit=100, **params)
    expected = {sku for sku, item in shop.items.items() if item.in_stock and item.attributes and fits(item)}
    assert set(listed(answer)) == expected
    assert answer.json()["total"] == {"value": len(expected), "relation": "eq"}


@pytest.mark.parametrize(
    ("params", "pointer", "code"),
    [
        ({"limit": "0"}, "/limit", "min_value"),
        ({"limit": "101"}, "/limit", "max_value"),
        ({"limit": "ten"}, "/limit", "invalid"),
        ({"limit": "9" * 5000}, "/limit", "max_string_length"),
        ({"sort": "name"}, "/sort", "invalid_choice"),
        ({"brand": "\x00"}, "/brand/0", "null_characters_not_allowed"),
        ({"attribute": "red"}, "/attribute", "invalid_attribute"),
        ({"currency": "usd"}, "/currency", "invalid"),
        ({"price_lte": "1e99"}, "/price_lte", "invalid"),
        ({"in_stock": "maybe"}, "/in_stock", "invalid"),
        ({"prize_lte": "1"}, "/prize_lte", "unknown_field"),
        ({"cursor": "p=abc"}, "/cursor", "invalid_cursor"),
        ({"cursor": "cD0xAA=="}, "/cursor", "invalid_cursor"),
    ],
)
def test_wrong_query_parameters_are_422_and_pointed_at(api, params, pointer, code):
    answer = api.get("/api/v1/products", **params)
    assert (answer.status_code, [(e["pointer"], e["code"]) for e in answer.json()["errors"]]) == (422, [(pointer, code)])


def test_cursor_of_a_list_with_other_filters_is_refused(api):
    cursor = api.get("/api/v1/products", limit=2).json()["page"]["next_cursor"]
    answer = api.get("/api/v1/products", limit=2, cursor=cursor, brand="Acme")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("spelled", [quote(SLASHED), quote(SLASHED, safe="")])
def test_product_with_slash_and_space_in_its_sku_is_found(api, spelled):
    answer = api.get(f"/api/v1/products/{spelled}")
    assert (answer.status_code, answer.json()["sku"]) == (200, SLASHED)
    assert api.get(f"/api/v1/products/{spelled}/similar").status_code == 200


def test_unchanged_product_is_304_and_a_new_price_is_not(api, shop):
    first = api.get("/api/v1/products/sku-00")
    etag = first.headers["ETag"]
    same = api.get("/api/v1/products/sku-00", headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    item = shop.items["sku-00"]
    shop.items["sku-00"] = replace(item, price=replace(item.price, amount_minor=1))
    changed = api.get("/api/v1/products/sku-00", headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["price"]["amount_minor"]) == (200, 1)


def test_chinese_reader_gets_another_etag_and_chinese_words(api):
    english = api.get("/api/v1/products/sku-00", headers={"Accept-Language": "en"})
    chinese = api.get("/api/v1/products/sku-00", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert english.headers["ETag"] != chinese.headers["ETag"]
    assert (chinese.json()["title"], chinese.json()["description"]) == ("red 灯 0", "客厅用")


@pytest.mark.parametrize("sku", ["nothing", "%00", "%0A", "x" * 500, "%ED%A0%80", "..%2f..%2fetc/passwd", "sku-00%27--"])
def test_product_that_is_not_there_is_404(api, sku):
    answer = api.get(f"/api/v1/products/{sku}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_hidden_product_is_404_at_once(api, shop):
    del shop.items["sku-00"]
    assert api.get("/api/v1/products/sku-00").status_code == 404
    assert api.get("/api/v1/products/sku-00/similar").status_code == 404
    assert "sku-00" not in listed(api.get("/api/v1/products", limit=100))


def test_similar_by_look_is_of_the_same_colour_and_without_itself(api, shop):
    result = api.get("/api/v1/products/sku-01/similar", by="look", limit=5).json()
    assert {shop.items[sku].attributes["color"] for sku in skus(result)} == {("blue",)}
    assert "sku-01" not in skus(result)


@pytest.mark.parametrize("by", ["text", "both"])
def test_similar_by_words_and_by_both_answer(api, by):
    result = api.get("/api/v1/products/sku-01/similar", by=by, limit=5).json()
    assert len(result["items"]) == 5


def test_similar_by_something_else_is_422(api):
    answer = api.get("/api/v1/products/sku-01/similar", by="smell")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/by")
