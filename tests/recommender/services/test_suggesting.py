"""Suggestions over a small shop that is embedded for real."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from recommender.catalog import Shopper
from recommender.engine import get_engine
from recommender.models import Recommendation
from recommender.services.serving import RecommendationRequest, page, recommend
from recommender.services.suggesting import MAX_SUGGESTIONS, forget_requests, recent_requests, suggest
from recommender.suggestions import MIN_SHOPPERS, asked_by_several
from tests.recommender.api.conftest import shop

__all__ = ["shop"]

NOBODY = Shopper()
ANN = Shopper(visitor_id="v_ann")


def ask(text: str, *shoppers: Shopper) -> list[str]:
    return [recommend(RecommendationRequest(text=text), shopper).recommendation.pk for shopper in shoppers]


def visitors(n: int) -> list[Shopper]:
    return [Shopper(visitor_id=f"v_{number}") for number in range(n)]


def queries(text: str, shopper: Shopper = NOBODY, **given) -> list[tuple[str, str]]:
    return [(request.text, request.source) for request in suggest(text, shopper, **given).requests]


def test_all_kinds_come_and_never_more_rows_than_asked(shop):
    found = suggest("l", NOBODY)
    assert found.requests
    assert found.categories
    assert found.items
    assert found.degraded == ()
    for limit in range(1, MAX_SUGGESTIONS + 1):
        some = suggest("l", NOBODY, limit=limit)
        assert 1 <= len(some.requests) + len(some.categories) + len(some.items) <= limit


def test_title_and_marks_are_in_the_readers_language(shop):
    one = suggest("red lamp 0", NOBODY, language="en").items[0]
    assert (one.title, one.ranges) == ("Red lamp 0", ((0, 3), (4, 8), (9, 10)))
    assert suggest("red lamp 0", NOBODY, language="zh").items[0].title == "red 灯 0"


def test_a_request_is_suggested_to_others_from_five_distinct_shoppers_on(shop):
    text = "red lamp for the living room"
    ask(text, *visitors(MIN_SHOPPERS - 1))
    ask(text, *[visitors(1)[0]] * 20)  # one person's words, however often
    assert asked_by_several() == ()
    ask(text.upper(), Shopper(user_id="user-7"))
    assert [said.lower() for said in asked_by_several()] == [text]
    get_engine().suggestions._asked_due = 0.0
    assert ("asked", text) in [(source, said.lower()) for said, source in queries("red lamp f")]


@pytest.mark.parametrize("text", ["red lamp for frobnicating zzyzzyq", "black lamp under $1", "x" * 90])
def test_what_was_not_understood_or_found_nothing_or_is_long_stays_private(shop, text):
    ask(text, *visitors(MIN_SHOPPERS))
    assert asked_by_several() == ()


def test_simulated_nameless_and_unremembered_shoppers_do_not_count(shop):
    ask("red lamp", *[NOBODY] * MIN_SHOPPERS)
    ask("red lamp", *(Shopper(visitor_id=f"off_{n}", use_history=False) for n in range(MIN_SHOPPERS)))
    for shopper in visitors(MIN_SHOPPERS):
        recommend(RecommendationRequest(text="red lamp", simulated_at=timezone.now()), shopper)
    Recommendation.objects.filter(visitor_id__startswith="off_").update(request={"text": "red lamp", "use_history": False})
    assert asked_by_several() == ()


def test_own_requests_are_remembered_newest_first_and_each_once(shop):
    for text in ("red lamp", "blue chair", "Red  lamp"):
        ask(text, ANN)
    assert recent_requests(ANN) == ["Red  lamp", "blue chair"]
    assert queries("", ANN) == [("Red  lamp", "recent"), ("blue chair", "recent")]
    assert queries("", Shopper(visitor_id="v_bob")) == []
    assert ("blue chair", "recent") in queries("blu", ANN)


def test_with_the_history_off_nothing_of_it_is_suggested(shop):
    ask("red lamp", ANN)
    assert recent_requests(Shopper(visitor_id="v_ann", use_history=False)) == []


def test_forgetting_deletes_what_is_over_and_unties_what_is_open(shop):
    old, new = ask("red lamp", ANN)[0], ask("lamp", ANN)[0]
    (others,) = ask("lamp", Shopper(visitor_id="v_bob"))
    Recommendation.objects.filter(pk=old).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert forget_requests(ANN) == 2
    assert recent_requests(ANN) == []
    assert set(Recommendation.objects.values_list("pk", "visitor_id")) == {(new, ""), (others, "v_bob")}
    assert page(new, ANN, 0, 5).answer.items


def test_a_sold_out_or_hidden_product_is_not_suggested(shop):
    shop.items = {i: item for i, item in shop.items.items() if i != "sku-00"}
    titles = [one.item.item_id for one in suggest("red lamp", NOBODY).items]
    assert "sku-00" not in titles
    assert suggest("green lamp 6", NOBODY).items == ()


def test_a_changed_catalogue_is_suggested_from_at_once(shop):
    from dataclasses import replace

    from recommender.services.indexing import drain, mark_stale
    from tests.encoders import HashedWords, MeanColours

    assert suggest("zeppelin", NOBODY).items == ()
    shop.items["sku-01"] = replace(shop.items["sku-01"], title="Zeppelin chair")
    mark_stale(["sku-01"])
    drain(encoders=[HashedWords(), MeanColours()])
    assert [one.item.item_id for one in suggest("zeppelin", NOBODY).items] == ["sku-01"]


def test_whatever_breaks_empty_lists_come_and_say_so(shop):
    with patch.object(get_engine().suggestions, "index", side_effect=RuntimeError("broken")):
        found = suggest("lamp", ANN)
    assert (found.requests, found.categories, found.items, found.degraded) == ((), (), (), ("suggestions",))


@pytest.mark.parametrize("odd", ["", " ", "\x00", "a" * 5000, "'; --", "%", "\ud800", "🙂", "١٢٣", "<b>", "\u202e"])
def test_odd_strings_never_fail(shop, odd):
    assert suggest(odd, ANN).degraded == ()
