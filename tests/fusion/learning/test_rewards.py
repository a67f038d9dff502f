from datetime import UTC, datetime, timedelta

import pytest

from fusion.learning.rewards import WINDOW, is_over, reward_of

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_each_kind_counts_once() -> None:
    assert reward_of(["click", "click", "add_to_cart", "purchase"]) == pytest.approx(1.4)
    assert reward_of(["click", "add_to_cart", "purchase", "return"]) == pytest.approx(0.4)


def test_looking_is_worth_nothing_and_a_dislike_costs() -> None:
    assert reward_of(["impression", "view"]) == 0.0
    assert reward_of(["dislike"]) == pytest.approx(-0.2)


def test_a_reward_is_known_when_the_window_is_over() -> None:
    assert not is_over(NOON, NOON + WINDOW - timedelta(seconds=1))
    assert is_over(NOON, NOON + WINDOW)
