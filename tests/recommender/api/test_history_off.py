"""With history off, an answer is byte for byte a new visitor's, but for what names the answer itself: its ids, its signed
tokens and its times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.recommender.api.conftest import new_api

pytestmark = pytest.mark.django_db
OWN = {"recommendation_id", "attribution_token", "created_at", "expires_at", "next_cursor"}
REQUESTS = (
    {"limit": 10},
    {"query": {"text": "red lamp"}, "limit": 10},
    {"query": {"text": "something for the living room under 30"}, "explain": True},
    {"seeds": {"like": ["sku-04"]}, "limit": 5, "explain": True},
    {"sort": "price"},
)


def bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key not in OWN}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def same_bytes(one: Any, other: Any) -> bool:
    return json.dumps(bare(one)).encode() == json.dumps(bare(other)).encode()


@pytest.mark.parametrize("body", REQUESTS)
def test_history_off_is_a_new_visitors_answer(api, body):
    events = [
        {"event_id": f"e{n}", "type": kind, "product_id": f"sku-{n:02d}"} for n, kind in enumerate(["purchase", "view", "like"])
    ]
    assert api.post("/api/v1/events", {"events": events}).json()["accepted"] == 3
    stranger = new_api()
    assert not same_bytes(api.ask(limit=10), stranger.ask(limit=10)), "the history does change what is shown"
    mine, theirs = api.ask(**body, use_history=False), stranger.ask(**body)
    assert same_bytes(mine, theirs)
    while cursor := mine["page"]["next_cursor"]:
        mine = api.get(f"/api/v1/recommendations/{mine['recommendation_id']}", cursor=cursor).json()
        theirs = stranger.get(
            f"/api/v1/recommendations/{theirs['recommendation_id']}", cursor=theirs["page"]["next_cursor"]
        ).json()
        assert mine["items"]
        assert same_bytes(mine, theirs)
