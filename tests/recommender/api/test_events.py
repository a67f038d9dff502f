"""recommender.api.views.events: batches that go in once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from recommender.models import Event
from recommender.services.feedback import history
from tests.recommender.api.conftest import SLASHED, Api, skus


def event(n=0, **fields):
    return {"event_id": f"e{n}", "type": "view", "product_id": "sku-00", **fields}


def send(api, *events):
    answer = api.post("/api/v1/events", {"events": list(events)})
    assert answer.status_code == 202, answer.content
    return answer.json()


def test_batch_goes_in_once_however_often_it_is_sent(api):
    batch = [event(n) for n in range(5)]
    assert send(api, *batch) == {"accepted": 5, "duplicates": 0, "rejected": [], "not_attributed": []}
    assert send(api, *batch, event(5))["accepted"] == 1
    assert send(api, event(7), event(7))["duplicates"] == 1
    assert Event.objects.count() == 7


def test_bad_events_are_rejected_with_place_and_code_and_the_rest_goes_in(api):
    now = timezone.now()
    report = send(
        api,
        event(0),
        event(1, product_id="no-such"),
        event(2, type="explode"),
        event(3, quantity=0),
        {"type": "view"},
        "not an object",
        None,
        event(4, occurred_at=(now - timedelta(days=31)).isoformat()),
        event(5, occurred_at=(now + timedelta(days=2)).isoformat()),
        event(6, occurred_at="0001-01-01T00:00:00+14:00"),
        event(7, product_id=SLASHED, value={"amount_minor": 999, "currency": "USD"}),
        event(8, value={"amount_minor": -1, "currency": "usd"}),
    )
    assert report["accepted"] == 2
    assert [(entry["index"], entry["code"]) for entry in report["rejected"]] == [
        (1, "unknown_product"),
        (2, "invalid_choice"),
        (3, "min_value"),
        (4, "required"),
        (5, "invalid"),
        (6, "null"),
        (7, "too_old"),
        (8, "in_the_future"),
        (9, "overflow"),
        (11, "min_value"),
    ]
    assert all(entry["detail"] for entry in report["rejected"])


def test_clock_that_runs_ahead_a_little_means_now(api):
    ahead = timezone.now() + timedelta(hours=2)
    send(api, event(0, occurred_at=ahead.isoformat()))
    assert Event.objects.get().occurred_at <= timezone.now()


@pytest.mark.parametrize("events", [[], [{}] * 501, {}, "x", None])
def test_batch_of_a_wrong_size_or_kind_is_refused_whole(api, events):
    answer = api.post("/api/v1/events", {"events": events})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/events")
    assert not Event.objects.exists()


def test_attribution_token_ties_an_event_to_its_answer(api):
    result = api.ask("red lamp", limit=3)
    sku = skus(result)[0]
    report = send(api, event(0, product_id=sku, type="click", attribution_token=result["attribution_token"], position=1))
    assert report["not_attributed"] == []
    assert Event.objects.get().recommendation_id == result["recommendation_id"]


def test_bad_token_costs_the_attribution_not_the_event(api, stranger):
    result, theirs = api.ask("red lamp", limit=3), stranger.ask("red lamp", limit=3)
    sku = skus(result)[0]
    report = send(
        api,
        event(0, product_id=sku, attribution_token="forged"),
        event(1, product_id=sku, attribution_token=theirs["attribution_token"]),
        event(2, product_id=sku, attribution_token=result["attribution_token"], recommendation_id=theirs["recommendation_id"]),
        event(3, product_id=sku, recommendation_id=theirs["recommendation_id"]),
        event(4, product_id=SLASHED, attribution_token=result["attribution_token"]),
    )
    assert (report["accepted"], report["not_attributed"]) == (5, [0, 1, 2])
    assert set(Event.objects.values_list("recommendation_id", flat=True)) == {""}, "nor by id, nor for what was not shown"


def test_last_event_counts_in_the_very_next_request(api):
    send(api, event(0, product_id="sku-05", type="like"))
    result = api.ask(limit=5)
    assert result["items"][0]["product"]["attributes"]["color"] == ["blue"]
    assert "history" in {reason["signal"] for reason in result["items"][0]["explanation"]["reasons"]}


def test_events_of_a_signed_in_user_become_the_users_history(shop, django_user_model):
    from recommender.catalog import Shopper

    user = django_user_model.objects.create_user("ann", password="pw")
    send(Api(user=user), event(0, type="purchase", quantity=3))
    assert [(i.item_id, i.kind, i.quantity) for i in history(Shopper(user_id=f"user-{user.pk}"))] == [("sku-00", "purchase", 3)]


def test_caller_without_a_token_becomes_a_visitor(shop):
    answer = Api().post("/api/v1/events", {"events": [event(0)]})
    assert answer.headers["X-Visitor-Token"]
    assert Event.objects.get().visitor_id.startswith("v_")
