from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from math import log2

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recommender.models import Event, IndexedItem, Recommendation
from recommender.services.exposure import exposure, gini

pytestmark = pytest.mark.django_db
NOW = timezone.now()
ADDRESS = "/admin/recommender/modelversion/exposure/"


@pytest.fixture
def log() -> None:
    """Four items of two brands; "a" and "b" are always shown first, "d" never; somebody buys "c"."""
    for item_id, brand, age in (("a", "Oak", 3), ("b", "Oak", 40), ("c", "Elm", 40), ("d", "Elm", 500)):
        facts = {"brand": brand, "category": ["Home", "Chairs"], "created_at": (NOW - timedelta(days=age)).isoformat()}
        IndexedItem.objects.create(item_id=item_id, facts=facts)
    for n in range(4):
        Recommendation.objects.create(
            ranking=[["a", 3.0], ["b", 2.0], ["c", 1.0], ["gone", 0.5]], request={"limit": 3},
            policy="default" if n else "fusion-1", created_at=NOW - timedelta(days=n), expires_at=NOW,
        )  # fmt: skip
    Event.objects.create(kind="purchase", item_id="c", user_id="u", occurred_at=NOW - timedelta(days=1))


def test_a_group_s_exposure_is_what_its_places_are_worth(log) -> None:
    found = exposure(30, until=NOW)
    worth = [1 / log2(1 + rank) for rank in (1, 2, 3)]
    oak, elm = found.groups["brand"]
    assert (oak.name, oak.items, oak.of_catalogue) == ("Oak", 2, 0.5)
    assert oak.of_exposure == pytest.approx(sum(worth[:2]) / sum(worth))
    assert elm.of_purchases == 1.0
    assert oak.ratio == pytest.approx(2 * sum(worth[:2]) / sum(worth))
    assert found.shown == 0.75
    ages = {group.name: group.items for group in found.groups["novelty"]}
    assert ages == {"at most 7 days old": 1, "at most 90 days old": 2, "older than 365 days": 1}


def test_one_policy_and_a_span_can_be_looked_at_alone(log) -> None:
    assert exposure(30, until=NOW).policies == {"default": 3, "fusion-1": 1}
    assert exposure(30, policy="fusion-1", until=NOW).answers == 1
    assert exposure(1.5, until=NOW).answers == 2
    assert exposure(30, simulated=True, until=NOW).answers == 0


def test_evenness_is_measured_from_even_to_all_on_one() -> None:
    assert gini(np.ones(10)) == pytest.approx(0.0)
    assert gini(np.eye(10)[0]) == pytest.approx(0.9)
    assert gini(np.zeros(10)) == 0.0


def test_the_command_prints_a_table_and_json_and_refuses_nonsense(log) -> None:
    out, raw = StringIO(), StringIO()
    call_command("exposure", stdout=out)
    call_command("exposure", json=True, stdout=raw)
    assert "Oak" in out.getvalue()
    assert json.loads(raw.getvalue())["answers"] == 4
    with pytest.raises(CommandError, match="above 0"):
        call_command("exposure", days=0.0)


def test_the_admin_shows_the_same_to_who_may_see_answers(log, admin_client, client) -> None:
    page = admin_client.get(ADDRESS, {"days": "30"}).content.decode()
    assert "Oak" in page
    assert "at most 7 days old" in page
    assert client.get(ADDRESS).status_code == 302
