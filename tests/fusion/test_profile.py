from datetime import UTC, datetime, timedelta

import pytest

from fusion.profile import MAX_ITEMS, build_profile
from fusion.types import Interaction

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def act(item_id: str, kind: str, days_ago: float = 0.0) -> Interaction:
    return Interaction(item_id, kind, NOW - timedelta(days=days_ago))


def test_a_purchase_says_more_than_a_view_and_a_recent_one_more_than_an_old_one() -> None:
    profile = build_profile([act("viewed", "view"), act("old", "purchase", 60), act("new", "purchase")], NOW)
    assert [i for i, _ in profile.liked] == ["new", "old", "viewed"]
    assert dict(profile.liked)["old"] == pytest.approx(3.0 / 4)


def test_a_returned_item_is_disliked_and_not_bought() -> None:
    profile = build_profile([act("a", "purchase", 2), act("a", "return", 0), act("a", "dislike", 0)], NOW)
    assert profile.liked == ()
    assert profile.disliked[0][0] == "a"
    assert profile.purchased == ()


def test_an_old_history_is_still_a_history() -> None:
    profile = build_profile([act("a", "purchase", 6000), act("b", "view", 6030)], NOW)
    assert dict(profile.liked) == {"a": pytest.approx(3.0), "b": pytest.approx(0.25)}


def test_the_future_is_not_looked_at() -> None:
    assert not build_profile([act("a", "purchase", -1)], NOW)


def test_nothing_done_is_no_profile_and_unknown_kinds_weigh_nothing() -> None:
    assert not build_profile([], NOW)
    assert not build_profile([act("a", "sneeze")], NOW)


def test_the_strongest_thing_done_with_an_item_is_remembered() -> None:
    profile = build_profile([act("a", "view"), act("a", "purchase", 1), act("a", "click")], NOW)
    assert dict(profile.kinds) == {"a": "purchase"}
    assert profile.purchased == ("a",)


def test_a_long_history_is_cut_to_its_heaviest_items() -> None:
    profile = build_profile([act(str(n), "view", n) for n in range(200)], NOW)
    assert len(profile.liked) == MAX_ITEMS
    assert profile.liked[0][0] == "0"
