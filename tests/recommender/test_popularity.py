from datetime import timedelta
from math import log1p

import pytest
from django.utils import timezone

from recommender.models import Event
from recommender.popularity import popularity_of_items

pytestmark = pytest.mark.django_db


def done(item_id: str, kind: str, days_ago: float) -> None:
    Event.objects.create(item_id=item_id, kind=kind, occurred_at=timezone.now() - timedelta(days=days_ago))


def test_nothing_done_makes_nothing_popular() -> None:
    assert popularity_of_items() == {}


def test_a_purchase_weighs_more_than_views_and_dislikes_nothing() -> None:
    done("bought", "purchase", 1)
    done("seen", "view", 1)
    done("seen", "view", 2)
    done("disliked", "dislike", 1)
    assert popularity_of_items() == {"bought": pytest.approx(log1p(3.0)), "seen": pytest.approx(log1p(1.0))}


def test_the_window_ends_with_the_latest_event() -> None:
    done("last", "purchase", 400)
    done("month_before", "purchase", 429)
    done("long_ago", "purchase", 440)
    assert set(popularity_of_items()) == {"last", "month_before"}
