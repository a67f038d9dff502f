"""POST /recommendations/{id}/refine and chips: a question that is changed step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommender.models import Recommendation
from tests.recommender.api.conftest import Api, skus


def refine(api: Api, result: dict[str, Any], action: str, expect: int = 200, **body: Any) -> dict[str, Any]:
    response = api.post(f"/api/v1/recommendations/{result['recommendation_id']}/refine", {"action": action, **body})
    assert response.status_code == expect, response.content
    answer: dict[str, Any] = response.json()
    return answer


def prices(result: dict[str, Any]) -> list[int]:
    return [entry["product"]["price"]["amount_minor"] for entry in result["items"]]


def colours(result: dict[str, Any]) -> set[str]:
    return {colour for entry in result["items"] for colour in entry["product"]["attributes"]["color"]}


def labels(result: dict[str, Any]) -> list[str]:
    return [chip["label"] for chip in result["intent"]["chips"]]


def fields_of(problem: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


def test_cheaper_than_a_product_is_strictly_below_its_price_now(api, shop):
    first = api.ask("red lamp", limit=10)
    dear = max(first["items"], key=lambda entry: entry["product"]["price"]["amount_minor"])["product"]
    cheaper = refine(api, first, "cheaper", product_id=dear["sku"])
    assert cheaper["items"]
    assert max(prices(cheaper)) < dear["price"]["amount_minor"]
    assert colours(cheaper) == {"red"}
    assert cheaper["parent_id"] == first["recommendation_id"]
    assert [(c["change"], c["what"], c["chip"]["label"]) for c in cheaper["diff"]] == [
        ("added", "chip", f"up to ${(dear['price']['amount_minor'] - 1) / 100:g}")
    ]


def test_steps_add_up_and_undo_returns_to_each_state_in_turn(api):
    first = api.ask("red lamp", limit=6)
    second = refine(api, first, "less_like", product_id=skus(first)[0])
    third = refine(api, second, "cheaper")
    assert skus(first)[0] not in skus(second) + skus(third)
    assert [c["what"] for c in third["diff"]] == ["chip"]
    assert third["intent"]["seeds"] == {"like": [], "unlike": [skus(first)[0]]}
    back = refine(api, third, "undo")
    assert (skus(back), labels(back), back["intent"]["seeds"]) == (skus(second), labels(second), second["intent"]["seeds"])
    assert (back["parent_id"], back["diff"][0]["change"]) == (third["recommendation_id"], "removed")
    start = refine(api, back, "undo")
    assert (skus(start), labels(start)) == (skus(first), labels(first))
    assert refine(api, start, "undo", expect=422)["errors"][0]["code"] == "nothing_to_undo"


def test_dearer_without_a_product_is_above_the_middle_of_the_first_page(api):
    first = api.ask("lamp", limit=9)
    middle = sorted(prices(first))[len(prices(first)) // 2]
    assert min(prices(refine(api, first, "dearer"))) > middle


def test_a_bound_that_was_said_stays_and_becomes_one_with_the_new_one(api):
    first = api.ask("lamp between $10 and $25")
    cheaper = refine(api, first, "cheaper")
    priced = [chip for chip in cheaper["intent"]["chips"] if chip["field"] == "price"]
    assert len(priced) == 1
    assert priced[0]["value"]["gte"] == 1000
    assert all(1000 <= price < 2500 for price in prices(cheaper))
    assert (
        refine(api, api.ask("lamp at least $10 and at most $10"), "cheaper", expect=422)["errors"][0]["code"] == "empty_range"
    )


def test_the_order_is_kept_while_it_gets_cheaper(api):
    cheaper = refine(api, api.ask("lamp", sort="-price", limit=10), "cheaper")
    assert prices(cheaper) == sorted(prices(cheaper), reverse=True)
    assert cheaper["intent"]["sort"] == "-price"


def test_more_like_and_less_like_move_the_seed_and_do_not_repeat_it(api):
    first = api.ask("lamp", limit=5)
    seed = skus(first)[0]
    more = refine(api, first, "more_like", product_id=seed)
    assert more["intent"]["seeds"] == {"like": [seed], "unlike": []}
    less = refine(api, more, "less_like", product_id=seed)
    assert less["intent"]["seeds"] == {"like": [], "unlike": [seed]}
    assert seed not in skus(more) + skus(less)
    assert {(c["change"], c["what"], c["product_id"]) for c in less["diff"]} == {
        ("removed", "like", seed),
        ("added", "unlike", seed),
    }


def test_another_colour_keeps_the_thing_and_the_other_musts(api):
    first = api.ask("red lamp under $25")
    other = refine(api, first, "another_colour", product_id=skus(first)[0])
    assert "red" not in colours(other)
    assert colours(other)
    assert max(prices(other)) <= 2500
    assert "red" not in Recommendation.objects.get(pk=other["recommendation_id"]).request["words"]
    asked = refine(api, first, "another_colour")
    assert "red" not in colours(asked)


def test_what_cannot_be_compared_is_refused_with_the_reason(api, shop):
    result = api.ask("lamp")
    assert fields_of(refine(api, result, "cheaper", expect=422, product_id="sku-03")) == [("/product_id", "price_unknown")]
    assert fields_of(refine(api, result, "cheaper", expect=422, product_id="nope")) == [("/product_id", "unknown_product")]
    assert fields_of(refine(api, result, "another_colour", expect=422, product_id="4058NB/09")) == [
        ("/product_id", "colour_unknown")
    ]
    assert fields_of(refine(api, result, "another_colour", expect=422)) == [("/product_id", "colour_unknown")]
    assert fields_of(refine(api, result, "more_like", expect=422)) == [("/product_id", "required")]
    assert fields_of(refine(api, result, "remove_chip", expect=422, chip={"id": "c9"})) == [("/chip/id", "unknown_chip")]
    assert fields_of(refine(api, result, "relax", expect=422, alternative="a1")) == [("/alternative", "unknown_alternative")]
    assert fields_of(refine(api, result, "set_chip", expect=422, chip={"id": "c1"})) == [("/chip/field", "required")]


def test_an_unknown_action_names_those_that_there_are(api):
    problem = refine(api, api.ask("lamp"), "smaller", expect=422)
    assert fields_of(problem) == [("/action", "invalid_choice")]
    for action in ("cheaper", "dearer", "more_like", "less_like", "another_colour", "set_chip", "remove_chip", "undo"):
        assert action in problem["errors"][0]["detail"]


def test_only_the_owner_refines_and_only_for_as_long_as_the_answer_lives(api, stranger):
    result = api.ask("lamp")
    assert refine(stranger, result, "cheaper", expect=404)["code"] == "unknown_recommendation"
    assert refine(api, {"recommendation_id": "../x"}, "cheaper", expect=404)
    Recommendation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refine(api, result, "cheaper", expect=410)["code"] == "result_expired"


def test_a_way_out_is_taken_in_one_step(api):
    tight = api.ask("red lamp under $1")
    assert tight["recovery"]["state"] == "too_tight"
    way = tight["recovery"]["alternatives"][0]
    assert [chip["field"] for chip in way["dropped"]] == ["price"]
    taken = refine(api, tight, "relax", alternative=way["id"])
    assert taken["recovery"]["state"] == "none"
    assert taken["total"]["value"] == way["total"] == len(taken["items"])
    assert skus(taken) == skus(tight)


def test_a_filter_can_be_taken_off_and_let_go_of(api):
    first = api.ask("lamp", filters={"attributes": {"color": ["blue"]}, "price": {"lte": 2000}})
    chip = next(chip for chip in first["intent"]["chips"] if chip["field"] == "color")
    without = refine(api, first, "remove_chip", chip={"id": chip["id"]})
    assert len(colours(without)) > 1
    assert "up to $20" in labels(without)


def test_setting_a_chip_replaces_its_field_and_leaves_the_rest(api):
    first = api.ask("red lamp under $25")
    blue = refine(api, first, "set_chip", chip={"field": "color", "op": "in", "value": ["blue"]})
    assert colours(blue) == {"blue"}
    assert max(prices(blue)) <= 2500
    price = next(chip for chip in first["intent"]["chips"] if chip["field"] == "price")
    dearer = {**price, "value": {"gte": None, "lte": 1500, "currency": "USD"}}
    assert max(prices(refine(api, blue, "set_chip", chip=dearer))) <= 1500


def test_a_removed_chips_words_are_not_searched_or_read_again(api):
    first = api.ask("red lamp not Acme, cheapest")
    assert labels(first)[-1] == "cheapest first"
    red = next(chip for chip in first["intent"]["chips"] if chip["value"] == ["red"])
    second = refine(api, first, "remove_chip", chip={"id": red["id"]})
    assert second["intent"]["rest"] == "lamp"
    assert labels(second) == [label for label in labels(first) if label != red["label"]]
    order = next(chip for chip in second["intent"]["chips"] if chip["field"] == "sort")
    third = refine(api, second, "remove_chip", chip={"id": order["id"]})
    assert third["intent"]["sort"] == "relevance"
    assert [entry["product"]["brand"] for entry in third["items"] if entry["product"]["brand"] == "Acme"] == []


def test_a_list_of_chips_stands_in_for_what_is_recognised(api):
    first = api.ask("red lamp under $15")
    chips = [chip for chip in first["intent"]["chips"] if chip["field"] != "price"]
    edited = api.ask("red lamp under $15", chips=chips)
    assert [chip["span"] for chip in edited["intent"]["chips"]] == [chip["span"] for chip in chips]
    assert max(prices(edited)) > 1500
    bare = api.ask("red lamp under $15", chips=[])
    assert bare["intent"]["chips"] == []
    assert bare["intent"]["rest"] == ""
    added = api.ask("lamp", chips=[*chips, {"field": "sort", "op": "in", "value": ["price"], "strength": "must"}])
    assert prices(added) == sorted(prices(added))


def test_edits_survive_paging_and_another_language(api):
    chip = {"field": "color", "op": "in", "value": ["blue"], "strength": "must"}
    first = refine(api, api.ask("lamp"), "set_chip", chip=chip, limit=2)
    following = api.get(f"/api/v1/recommendations/{first['recommendation_id']}", cursor=first["page"]["next_cursor"]).json()
    assert colours(following) == {"blue"}
    assert labels(following) == labels(first)
    chinese = api.post(
        f"/api/v1/recommendations/{first['recommendation_id']}/refine", {"action": "cheaper"}, {"Accept-Language": "zh-CN"}
    )
    assert any("颜色" in label for label in labels(chinese.json()))


@pytest.mark.parametrize(
    ("chip", "pointer"),
    [
        ({"field": "nonsense", "op": "in", "value": ["x"]}, "/chips/0/field"),
        ({"field": "color", "op": "like", "value": ["x"]}, "/chips/0/op"),
        ({"field": "color", "op": "in", "value": []}, "/chips/0/value"),
        ({"field": "color", "op": "in", "value": [1]}, "/chips/0/value/0"),
        ({"field": "color", "op": "in", "value": "red"}, "/chips/0/value"),
        ({"field": "price", "op": "lte", "value": {"gte": 5}}, "/chips/0/value"),
        ({"field": "price", "op": "between", "value": {"gte": 9, "lte": 5}}, "/chips/0/value"),
        ({"field": "price", "op": "lte", "value": {"lte": "x"}}, "/chips/0/value/lte"),
        ({"field": "price", "op": "lte", "value": [5]}, "/chips/0/value"),
        ({"field": "sort", "op": "in", "value": ["smallest"]}, "/chips/0/value"),
        ({"field": "words", "op": "in", "value": ["x"]}, "/chips/0/value"),
        ({"field": "color", "op": "in", "value": ["x"], "strength": "maybe"}, "/chips/0/strength"),
        ({"op": "in", "value": ["x"]}, "/chips/0/field"),
        ({"field": "color", "op": "in", "value": ["x"], "more": 1}, "/chips/0/more"),
        ("red", "/chips/0"),
    ],
)
def test_a_bad_chip_is_refused_where_it_is_wrong(api, chip, pointer):
    response = api.post("/api/v1/recommendations", {"query": {"text": "lamp"}, "chips": [chip]})
    assert response.status_code == 422
    assert pointer in [error["pointer"] for error in response.json()["errors"]], response.content
