from datetime import UTC, datetime, timedelta

import pytest

from fusion.profile import MAX_CHOSEN, MAX_ITEMS, MAX_SESSION_FACTOR, build_profile
from fusion.types import Interaction

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def act(item_id: str, kind: str, days_ago: float = 0.0) -> Interaction:
    return Interaction(item_id, kind, NOW - timedelta(days=days_ago))


def test_a_purchase_says_more_than_a_view_and_a_recent_one_more_than_an_old_one() -> None:
    profile = build_profile([act("viewed", "view", 1), act("old", "purchase", 61), act("new", "purchase", 1)], NOW)
    assert [i for i, _ in profile.liked] == ["new", "old", "viewed"]
    assert dict(profile.liked)["old"] == pytest.approx(3.0 / 4)


def test_a_session_counts_as_much_as_everything_before_it() -> None:
    minute = 1 / 24 / 60
    acts = [act(f"old{n}", "purchase", 1) for n in range(2)] + [
        act("first", "view", 40 * minute),
        act("then", "view", 15 * minute),
    ]
    weights = dict(build_profile(acts, NOW).liked)
    assert weights["first"] + weights["then"] == pytest.approx(weights["old0"] + weights["old1"], rel=0.01)
    later = dict(build_profile(acts, NOW + timedelta(hours=1)).liked)
    assert later["then"] == pytest.approx(0.5), "the session is over"


def test_one_look_does_not_outweigh_a_hundred_purchases() -> None:
    acts = [act(f"old{n}", "purchase", 1) for n in range(100)] + [act("seen", "view")]
    assert dict(build_profile(acts, NOW).liked)["seen"] == pytest.approx(0.5 * MAX_SESSION_FACTOR)


def test_what_is_used_up_may_come_back_and_what_is_not_stays_out() -> None:
    acts = [act("coffee", "purchase", days) for days in (60, 40, 40.1, 20)] + [act("tent", "purchase", 10)]
    profile = build_profile(acts, NOW, lambda i: timedelta(days=30) if i == "coffee" else None)
    assert profile.kept_out == {"tent"}
    (coffee,) = profile.again
    assert (coffee.item_id, coffee.times, coffee.is_regular, coffee.due) == ("coffee", 3, True, 1.0)


def test_what_was_just_bought_is_not_due() -> None:
    acts = [act("coffee", "purchase", days) for days in (41, 21, 1)]
    (coffee,) = build_profile(acts, NOW, lambda i: timedelta(days=30)).again
    assert coffee.due == pytest.approx(1 / 20)
    (once,) = build_profile([act("tea", "purchase", 15)], NOW, lambda i: timedelta(days=30)).again
    assert (once.times, once.is_regular, once.due) == (1, False, pytest.approx(0.5))


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


def test_behaviour_hears_more_items_and_forgets_them_more_slowly() -> None:
    acts = [act(f"item-{n}", "purchase", 1 + n / 1000) for n in range(MAX_CHOSEN + 1)]
    profile = build_profile([*acts, act("old", "purchase", 61), act("disliked", "dislike", 2)], NOW)
    assert len(profile.chosen) == MAX_CHOSEN > len(profile.liked) == MAX_ITEMS
    old = build_profile([act("old", "purchase", 61), act("new", "purchase", 1)], NOW)
    assert dict(old.chosen) == {"new": pytest.approx(3.0), "old": pytest.approx(1.5)}
    assert "disliked" not in dict(profile.chosen)
