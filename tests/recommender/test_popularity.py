from datetime import timedelta

import pytest
from django.utils import timezone

from recommender.models import Event
from recommender.popularity import popularity_of_items, rising_items

pytestmark = pytest.mark.django_db


def done(item_id: str, kind: str, days_ago: float, shopper: str = "") -> None:
    at = timezone.now() - timedelta(days=days_ago)
    Event.objects.create(item_id=item_id, kind=kind, occurred_at=at, visitor_id=shopper)


def test_nothing_done_makes_nothing_popular() -> None:
    assert popularity_of_items() == {}


def test_a_purchase_weighs_more_than_a_view_and_dislikes_nothing() -> None:
    done("bought", "purchase", 1, "a")
    done("seen", "view", 1, "a")
    done("disliked", "dislike", 1, "a")
    found = popularity_of_items()
    assert found["bought"] > found["seen"] > 0
    assert "disliked" not in found


def test_shoppers_are_counted_and_not_clicks() -> None:
    for n in range(30):
        done("clicked", "click", 1 + n / 100, "one")
    for shopper in ("a", "b", "c"):
        done("wanted", "click", 1, shopper)
    found = popularity_of_items()
    assert found["wanted"] > found["clicked"]


def test_the_window_ends_with_the_latest_event() -> None:
    done("last", "purchase", 400, "a")
    done("month_before", "purchase", 429, "a")
    done("long_ago", "purchase", 600, "a")
    found = popularity_of_items()
    assert found["last"] > found["month_before"] > 0
    assert "long_ago" not in found


def test_a_moment_knows_nothing_of_what_came_after_it() -> None:
    done("before", "purchase", 10, "a")
    done("after", "purchase", 1, "a")
    assert popularity_of_items(timezone.now() - timedelta(days=5)).keys() == {"before"}


def test_rising_is_what_more_shoppers_chose_this_week_than_before() -> None:
    for n in range(9):
        done("steady", "view", 1, f"a{n}")
        done("rising", "view", 1, f"b{n}")
    for week in (8, 15, 22):
        for n in range(9):
            done("steady", "view", week, f"a{n}")
        done("rising", "view", week, "b0")
    for n in range(4):
        done("too few", "purchase", 1, f"c{n}")
    for n in range(40):
        done("one person", "view", 1 + n / 100, "d")
    assert rising_items() == ["rising"]


def test_nobody_makes_nothing_rise() -> None:
    assert rising_items() == []
