"""GET /api/v1/products/{sku}/graph: a product's neighbourhood, in the asker's language, without a pair of few."""

from __future__ import annotations

import pytest

from recommender.graph import forget_graph
from recommender.services import graphs
from tests.recommender.graph_shop import buy, people

LAMP, CHAIR, RARE = "sku-00", "sku-01", "sku-02"
ADDRESS = f"/api/v1/products/{LAMP}/graph"


@pytest.fixture
def graph(shop):
    forget_graph()
    buy(LAMP, CHAIR, by=people(12))
    buy(LAMP, RARE, by=people(4, "few"))
    buy("sku-05", by=people(40, "other"))
    graphs.rebuild()
    yield shop
    forget_graph()


def by_id(body):
    return {node["id"]: node for node in body["nodes"]}


def test_it_holds_the_product_what_it_is_and_what_it_is_bought_with(graph, api):
    body = api.get(ADDRESS, headers={"Accept-Language": "en"}).json()
    assert (body["product_id"], body["degraded"], body["nodes"][0]["id"]) == (LAMP, [], f"item:{LAMP}")
    assert body["built_at"].endswith("Z")
    assert by_id(body)["category:Home/Lighting"]["label"] == "Lighting"
    (pair,) = [edge for edge in body["edges"] if edge["kind"] == "bought_with"]
    assert {pair["source"], pair["target"]} == {f"item:{LAMP}", f"item:{CHAIR}"}
    assert (pair["label"], pair["shoppers_at_least"], pair["lift"], pair["weight"]) == ("bought together", 10, 3.5, 0.71)
    assert pair["simulated"] is False
    chair = by_id(body)[f"item:{CHAIR}"]
    assert (chair["product_id"], chair["depth"], chair["url"]) == (CHAIR, 1, "http://testserver/p/1/")


def test_labels_are_chinese_for_a_chinese_reader(graph, api):
    body = api.get(ADDRESS, headers={"Accept-Language": "zh-Hans"}).json()
    labels = {node["id"]: (node["kind_label"], node["label"]) for node in body["nodes"]}
    assert labels["value:color=red"] == ("属性", "颜色：红色")
    assert labels[f"item:{LAMP}"] == ("商品", "red 灯 0")
    assert "常一起购买" in {edge["label"] for edge in body["edges"]}


def test_no_pair_below_the_floor_is_in_any_answer(graph, api):
    for sku in (LAMP, CHAIR, RARE, "sku-05"):
        body = api.get(f"/api/v1/products/{sku}/graph", depth=3, limit=100).json()
        pairs = [{edge["source"], edge["target"]} for edge in body["edges"] if edge["kind"] == "bought_with"]
        assert {f"item:{LAMP}", f"item:{RARE}"} not in pairs
        assert all(edge["shoppers_at_least"] >= 5 for edge in body["edges"] if edge["kind"] == "bought_with")


def test_depth_and_limit_are_kept(graph, api):
    near = api.get(ADDRESS, depth=1, limit=100).json()
    assert {node["depth"] for node in near["nodes"]} == {0, 1}
    few = api.get(ADDRESS, depth=3, limit=4).json()
    assert len(few["nodes"]) == 4
    known = {node["id"] for node in few["nodes"]}
    assert all({edge["source"], edge["target"]} <= known for edge in few["edges"])


@pytest.mark.parametrize(
    ("name", "value"), [("depth", 0), ("depth", 4), ("limit", 0), ("limit", 101), ("depth", "x"), ("deep", 1)]
)
def test_bad_bounds_are_said_to_be_bad(graph, api, name, value):
    answer = api.get(ADDRESS, **{name: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")


def test_an_unknown_product_is_not_found(graph, api):
    answer = api.get("/api/v1/products/nothing/graph")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_product")


def test_a_product_that_no_graph_knows_stands_alone(shop, api):
    forget_graph()
    body = api.get(ADDRESS).json()
    assert (len(body["nodes"]), body["edges"], body["built_at"], body["degraded"]) == (1, [], None, ["graph"])
