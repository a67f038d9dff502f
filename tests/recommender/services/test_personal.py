"""What a shopper's own past does to their next answer, and what it must not do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from fusion.types import Answer, Item
from recommender.catalog import Feedback, Shopper
from recommender.consumables import consumables
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.models import Event
from recommender.services import indexing
from recommender.services.feedback import delete_event, history, record
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, page, recommend
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db
ANN = Shopper(visitor_id="v_ann")
KINDS = ("tent", "kettle", "jacket", "coffee")


@pytest.fixture
def shop(host) -> Iterator[type]:
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {
        f"{kind}-{n}": Item(
            f"{kind}-{n}", f"{kind} {kind}ware {kind}{n}", category=("Food", "Coffee") if kind == "coffee" else ("Outdoor",)
        )
        for n in range(10)
        for kind in KINDS
    }
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def did(kind: str, item_id: str, days_ago: float = 0.0, shopper: str = "v_ann") -> None:
    at = timezone.now() - timedelta(days=days_ago)
    assert record([Feedback(kind, item_id, visitor_id=shopper, occurred_at=at)]).accepted == 1


def feed(shopper: Shopper = ANN, limit: int = 8) -> Answer:
    return recommend(RecommendationRequest(limit=limit), shopper).answer


def shown(answer: Answer) -> list[str]:
    return [i for i, _score in answer.ranking]


def test_one_look_changes_the_very_next_request(shop) -> None:
    before = feed()
    did("view", "tent-3")
    after = feed()
    assert after.ranking != before.ranking
    assert {r.item.title.split()[0] for r in after.items[:3]} == {"tent"}
    did("view", "jacket-3")
    assert {"tent", "jacket"} <= {r.item.title.split()[0] for r in feed(limit=20).items[:16]}
    assert feed().ranking != after.ranking


def test_what_one_does_now_is_heard_beside_many_older_purchases(shop) -> None:
    for n in range(4):
        did("purchase", f"kettle-{n}", 40 + n)
    did("view", "jacket-1")
    assert "jacket" in {r.item.title.split()[0] for r in feed().items[:4]}


def test_later_pages_say_the_reasons_of_the_history_too(shop) -> None:
    did("purchase", "tent-0", 1)
    served = recommend(RecommendationRequest(limit=4), ANN)
    assert "because_purchase" in {r.code for r in served.answer.items[0].reasons}
    later = page(served.recommendation.pk, ANN, 4, 4).answer.items
    spoken = [r for item in later for r in item.reasons if r.signal == "history"]
    assert spoken
    assert {r.params["title"] for r in spoken} == {"tent tentware tent0"}


def test_a_later_page_does_not_name_what_was_forgotten_or_may_no_longer_be_used(shop) -> None:
    did("purchase", "tent-0", 1)
    served = recommend(RecommendationRequest(limit=4), ANN)
    off = page(served.recommendation.pk, replace(ANN, use_history=False), 4, 4).answer.items
    assert not [r for item in off for r in item.reasons if r.signal == "history"]
    assert delete_event(Event.objects.get().event_id, ANN)
    later = page(served.recommendation.pk, ANN, 4, 4).answer.items
    assert later
    assert not [r for item in later for r in item.reasons if r.signal == "history"]


def test_what_was_bought_stays_out_of_a_feed_and_is_found_in_words(shop) -> None:
    did("purchase", "tent-0", 1)
    assert "tent-0" not in shown(feed())
    assert "tent-0" in shown(recommend(RecommendationRequest(text="tent tentware tent0"), ANN).answer)


def test_what_was_bought_stays_out_however_much_was_looked_at_since(shop, settings) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "HISTORY_SIZE": 3}
    did("purchase", "tent-0", 30)
    did("purchase", "kettle-0", 20)
    did("return", "kettle-0", 10)
    for n in range(5):
        did("view", f"jacket-{n}", 1)
    assert "tent-0" not in shown(feed())
    assert "kettle-0" in shown(feed())


def test_a_consumable_by_category_comes_back_and_its_reason_is_true(shop, settings) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "CONSUMABLE_CATEGORIES": ["Coffee"]}
    for days in (90, 60, 31):
        did("purchase", "coffee-1", days)
    for days in (60, 31):
        did("purchase", "coffee-2", days)
    did("purchase", "coffee-3", 31)
    codes = {r.item.item_id: {reason.code for reason in r.reasons} for r in feed(limit=40).items}
    assert "bought_regularly" in codes["coffee-1"]
    assert "bought_before" in codes["coffee-2"]
    assert not codes["coffee-3"] & {"bought_regularly", "bought_before"}
    assert all("bought_regularly" not in found for item_id, found in codes.items() if item_id != "coffee-1")


def test_consumables_are_learnt_from_shoppers_who_came_back(shop) -> None:
    for n in range(6):
        did("purchase", "kettle-2", 50, f"v_{n}")
        did("purchase", "kettle-2", 20, f"v_{n}")
        did("purchase", "tent-2", 50, f"v_{n}")
    found = consumables().intervals
    assert found.keys() == {"kettle-2"}
    assert found["kettle-2"] / timedelta(days=30) == pytest.approx(1.0, abs=1e-3)
    reset_engine()
    ranked = shown(feed(Shopper(visitor_id="v_1"), limit=40))
    assert "kettle-2" in ranked
    assert "tent-2" not in ranked
    assert get_engine().interval_of("tent-2") is None


def test_a_moment_knows_nothing_of_what_came_after_it(shop) -> None:
    did("view", "tent-1", 3)
    did("view", "tent-2", 1)
    at = timezone.now() - timedelta(days=2)
    assert [act.item_id for act in history(ANN, at=at)] == ["tent-1"]


def test_with_history_off_every_part_of_the_answer_is_a_new_visitors(shop) -> None:
    for n in range(3):
        did("purchase", f"tent-{n}", 1)
    Event.objects.create(kind="view", item_id="jacket-1", visitor_id="v_bob", occurred_at=timezone.now())
    for request in (
        RecommendationRequest(),
        RecommendationRequest(text="warm jacket"),
        RecommendationRequest(liked=("tent-5",)),
    ):
        off = recommend(request, replace(ANN, use_history=False)).answer
        new = recommend(request, Shopper(visitor_id="v_new")).answer
        assert replace(off, timings={}) == replace(new, timings={})
