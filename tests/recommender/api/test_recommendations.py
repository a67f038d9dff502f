"""recommender.api.views.recommendations: what a shopper asks and what comes back."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from recommender.models import Event, Recommendation
from recommender.services.indexing import drain, mark_stale
from tests.encoders import HashedWords, MeanColours
from tests.recommender.api.conftest import SLASHED, Api, new_api, skus
from tests.recommender.conftest import photo_bytes


def colours(result):
    return {entry["product"]["attributes"]["color"][0] for entry in result["items"]}


def test_words_are_understood_shown_as_chips_and_answered_with_reasons(api):
    result = api.ask("red lamp", limit=5)
    assert [(chip["field"], chip["op"], chip["value"], chip["span"]) for chip in result["intent"]["chips"]] == [
        ("color", "in", ["red"], [0, 3]),
        ("category", "in", ["Home/Lighting"], [4, 8]),
    ]
    assert len(result["items"]) == 5
    assert all(entry["product"]["title"].startswith("Red lamp") for entry in result["items"])
    assert [entry["rank"] for entry in result["items"]] == [1, 2, 3, 4, 5]
    assert all(entry["explanation"]["reasons"] and entry["explanation"]["summary"] for entry in result["items"])
    assert result["recovery"] == {
        "state": "none",
        "relaxed": [],
        "added": [],
        "did_you_mean": [],
        "message": "",
        "alternatives": [],
    }
    assert result["degraded"] == []


def test_terms_add_up_to_the_score_and_come_only_when_asked_for(api):
    explained = api.ask("red lamp", limit=3, explain=True)
    for entry in explained["items"]:
        terms = entry["explanation"]["terms"]
        assert sum(term["contribution"] for term in terms) == pytest.approx(entry["score"], abs=1e-5)
        assert all(term["contribution"] == pytest.approx(term["weight"] * term["z"], abs=1e-9) for term in terms)
    assert "terms" not in api.ask("red lamp", limit=1)["items"][0]["explanation"]


def test_product_card_carries_price_stock_and_whole_addresses(api):
    product = api.ask("red lamp", limit=1)["items"][0]["product"]
    assert product["url"].startswith("http://testserver/p/")
    assert product["image"]["src"].startswith("http://testserver/media/")
    assert product["price"]["currency"] == "USD"
    assert (product["in_stock"], product["stock"], product["brand"]) == (True, 5, product["brand"])
    assert product["id"] == product["sku"]


def test_titles_follow_accept_language_and_query_language(api):
    body = {"query": {"text": "red lamp"}, "limit": 1}
    chinese = api.post("/api/v1/recommendations", body, headers={"Accept-Language": "zh-CN"})
    assert chinese.json()["items"][0]["product"]["title"].startswith("red 灯")
    assert chinese.json()["items"][0]["product"]["language"] == "zh"
    assert (chinese.headers["Content-Language"], "Accept-Language" in chinese.headers["Vary"]) == ("zh-hans", True)
    asked = api.post("/api/v1/recommendations", {"query": {"text": "red lamp", "language": "zh"}, "limit": 1})
    assert asked.json()["items"][0]["product"]["language"] == "zh"


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"price": {"lte": 1500}}, lambda p: p["price"]["amount_minor"] <= 1500),
        ({"price": {"gte": 1500, "lte": 2000, "currency": "USD"}}, lambda p: 1500 <= p["price"]["amount_minor"] <= 2000),
        ({"category": ["Home/Seating"]}, lambda p: p["category"][-1] == "Seating"),
        ({"brand": ["acme"]}, lambda p: p["brand"] == "Acme"),
        ({"attributes": {"Color": ["blue", "green"]}}, lambda p: p["attributes"]["color"][0] in ("blue", "green")),
        ({"exclude": {"brand": ["Acme"], "attributes": {"color": ["red"]}}},
         lambda p: p["brand"] != "Acme" and p["attributes"].get("color") != ["red"]),
        ({"in_stock": True}, lambda p: p["in_stock"]),
    ],
)  # fmt: skip
def test_filters_hold_for_every_item_and_are_shown_as_chips(api, filters, fits):
    result = api.ask(filters=filters, limit=100)
    assert result["items"]
    assert all(fits(entry["product"]) for entry in result["items"])


def test_unpriced_item_fails_every_price_bound(api):
    assert "sku-03" in skus(api.ask(limit=100))
    assert "sku-03" not in skus(api.ask(limit=100, filters={"price": {"gte": 0}}))


def test_sort_orders_the_answer_and_is_said(api):
    result = api.ask("red lamp", sort="price", limit=100)
    prices = [entry["product"]["price"]["amount_minor"] for entry in result["items"]]
    assert prices == sorted(prices)
    assert result["intent"]["sort"] == "price"


def test_seeds_find_alike_without_the_seed_itself(api):
    result = api.ask(seeds={"like": ["sku-04"]}, limit=5)
    assert colours(result) == {"red"}
    assert "sku-04" not in skus(result)


def test_seed_that_was_never_a_product_is_pointed_at(api):
    answer = api.post("/api/v1/recommendations", {"seeds": {"like": ["sku-04", "nothing"]}})
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/seeds/like/1", "unknown_product")]


def test_photo_finds_products_that_look_alike(api):
    image_id = api.upload(photo_bytes("blue")).json()["image_id"]
    assert colours(api.ask(image={"image_id": image_id}, limit=5)) == {"blue"}


def test_box_names_the_part_of_the_photo_that_matters(api):
    wide = Image.new("RGB", (200, 100), "black")
    wide.paste((0, 128, 0), (100, 0, 200, 100))
    out = io.BytesIO()
    wide.save(out, "PNG")
    image_id = api.upload(out.getvalue()).json()["image_id"]
    assert colours(api.ask(image={"image_id": image_id, "box": [0.5, 0, 0.5, 1]}, limit=5)) == {"green"}
    assert colours(api.ask(image={"image_id": image_id, "box": [0, 0, 0.5, 1]}, limit=5)) == {"black"}


def test_nothing_at_all_is_answered_from_history_and_says_so(api):
    for n in range(3):
        event = {"event_id": f"e{n}", "type": "purchase", "product_id": f"sku-{4 * n + 1:02d}"}
        assert api.post("/api/v1/events", {"events": [event]}).json()["accepted"] == 1
    with_history = api.ask(limit=5)
    assert {r["signal"] for e in with_history["items"] for r in e["explanation"]["reasons"]} >= {"history"}
    without = api.ask(limit=5, use_history=False)
    assert "history" not in {r["signal"] for e in without["items"] for r in e["explanation"]["reasons"]}


def test_visitor_without_consent_is_answered_like_a_new_one_and_leaves_no_trail(shop):
    token = Api().post("/api/v1/visitors", {"consent": {"personalization": False}}).json()["visitor_token"]
    quiet = Api(token)
    quiet.post("/api/v1/events", {"events": [{"event_id": "e", "type": "purchase", "product_id": "sku-01"}]})
    assert list(Event.objects.values_list("visitor_id", "user_id", "session_id")) == [("", "", "")]
    assert skus(quiet.ask("lamp")) == skus(new_api().ask("lamp"))


def test_host_says_whose_history_may_be_kept(api, shop, monkeypatch):
    monkeypatch.setattr(shop, "may_remember", lambda self, *, user_id="", visitor_id="": False)
    api.post("/api/v1/events", {"events": [{"event_id": "e", "type": "purchase", "product_id": "sku-01"}]})
    assert list(Event.objects.values_list("visitor_id", "user_id")) == [("", "")]
    assert skus(api.ask("lamp")) == skus(new_api().ask("lamp"))


def test_answer_that_nothing_fits_says_what_was_let_go(api):
    result = api.ask("red lamp under $1", limit=5)
    assert result["recovery"]["state"] == "too_tight"
    assert result["recovery"]["relaxed"][0]["field"] == "price"
    assert result["recovery"]["message"]
    assert result["items"]


def test_hidden_and_sold_out_products_are_gone_from_the_next_answer(api, shop):
    before = skus(api.ask("red lamp", limit=100))
    gone = before[0]
    del shop.items[gone]
    mark_stale([gone])
    assert gone not in skus(api.ask("red lamp", limit=100)), "before the worker ran"
    drain(encoders=[HashedWords(), MeanColours()])
    assert skus(api.ask("red lamp", limit=100)) == before[1:]


def test_caller_without_a_token_becomes_a_visitor_whose_token_comes_back(shop):
    first = Api().post("/api/v1/recommendations", {"query": {"text": "lamp"}, "limit": 2})
    token = first.headers["X-Visitor-Token"]
    row = Recommendation.objects.get(pk=first.json()["recommendation_id"])
    assert row.visitor_id.startswith("v_")
    again = Api(token).get(f"/api/v1/recommendations/{row.pk}")
    assert (again.status_code, "X-Visitor-Token" in again.headers) == (200, False)


def test_signed_in_user_needs_csrf_in_a_browser_and_no_visitor_token(shop, django_user_model):
    from django.test import Client

    user = django_user_model.objects.create_user("ann", password="pw")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    refused = browser.post("/api/v1/recommendations", "{}", content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    allowed = Api(user=user).post("/api/v1/recommendations", {})
    assert allowed.status_code == 200
    assert Recommendation.objects.get(pk=allowed.json()["recommendation_id"]).user_id == f"user-{user.pk}"


def test_odd_sku_with_slash_and_space_can_be_a_seed(api):
    assert api.post("/api/v1/recommendations", {"seeds": {"like": [SLASHED]}}).status_code == 200


def test_facets_count_what_choosing_gives_and_never_drop_the_request(api):
    result = api.ask("lamp", limit=2)
    facets = {facet["field"]: facet for facet in result["facets"]}
    colour = facets["color"]["values"][0]
    assert not colour["selected"]
    narrowed = api.ask("lamp", limit=2, filters={"attributes": {"color": [colour["value"]]}})
    assert narrowed["total"] == {"value": colour["count"], "relation": "eq"}
    again = {facet["field"]: facet for facet in narrowed["facets"]}
    assert [value["value"] for value in again["color"]["values"] if value["selected"]] == [colour["value"]]
    assert [value["count"] for value in again["color"]["values"]] == [value["count"] for value in facets["color"]["values"]]
    prices = facets["price"]
    assert (prices["kind"], prices["range"]["currency"]) == ("ranges", "USD")
    assert prices["values"][0]["value"]["gte"] is None
    following = api.get(f"/api/v1/recommendations/{result['recommendation_id']}?cursor={result['page']['next_cursor']}")
    assert following.json()["facets"] == []


def test_nothing_of_the_kind_offers_requests_that_this_shop_can_answer(api):
    recovery = api.ask("guitar")["recovery"]
    assert recovery["state"] == "no_match"
    assert recovery["did_you_mean"]
    for text in recovery["did_you_mean"]:
        assert api.ask(text)["recovery"]["state"] == "none"
    chinese = api.post("/api/v1/recommendations", {"query": {"text": "吉他", "language": "zh"}}).json()["recovery"]
    assert all(not text.isascii() for text in chinese["did_you_mean"])
    assert api.ask("red lamp")["recovery"]["did_you_mean"] == []


def test_a_broad_request_gets_directions_and_one_question_whose_options_are_chips(api):
    result = api.ask("anything at all", limit=24)
    assert len(result["groups"]) >= 2
    shown = [entry["product"]["sku"] for entry in result["items"]]
    for group in result["groups"]:
        assert set(group["product_ids"]) <= set(shown)
        body = {"action": "set_chip", "chip": group["chip"]}
        narrowed = api.post(f"/api/v1/recommendations/{result['recommendation_id']}/refine", body).json()
        assert all("/".join(e["product"]["category"]) == group["chip"]["value"][0] for e in narrowed["items"])
        assert narrowed["groups"] == []
    question = result["intent"]["question"]
    assert question["text"]
    assert 2 <= len(question["options"]) <= 4
    narrow = api.ask("red lamp")
    assert (narrow["groups"], narrow["intent"]["question"]) == ([], None)
