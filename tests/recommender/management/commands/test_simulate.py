from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from fusion.types import Item, Money
from recommender.catalog import Feedback, Shopper
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.models import Event, Recommendation
from recommender.popularity import popularity_of_items
from recommender.services import indexing
from recommender.services.feedback import record
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(host) -> Iterator[type]:
    set_encoders([HashedWords()])
    reset_engine()
    kinds = ("Shoes", "Chairs", "Lamps")
    host.items = {
        f"i{n:02d}": Item(
            f"i{n:02d}", f"{('red', 'blue')[n % 2]} {kinds[n % 3]} {n}", category=("Shop", kinds[n % 3]),
            price=Money.from_major(Decimal(10 + n), "USD"), attributes={"color": (("red", "blue")[n % 2],)},
        )
        for n in range(30)
    }  # fmt: skip
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def simulate(*arguments: str) -> str:
    out = StringIO()
    call_command("simulate", *arguments, stdout=out)
    return out.getvalue()


def test_every_row_is_marked_as_simulated_and_dated_in_the_simulated_past(shop, tmp_path) -> None:
    said = simulate("--shoppers", "5", "--sessions", "40", "--days", "10", "--judge", "6", "--json", str(tmp_path / "s.json"))
    assert said.startswith("Simulated: 40 visits of 5 shoppers")
    assert "simulated shoppers, 6 requests" in said
    answers, events = Recommendation.objects.all(), Event.objects.all()
    assert answers.count() == 40
    assert all(a.simulated and a.user_id.startswith("simulated-") for a in answers)
    assert events.exists()
    assert all(e.simulated and e.user_id.startswith("simulated-") for e in events)
    assert answers.order_by("created_at").first().created_at < timezone.now() - timedelta(days=8)
    attributed = events.exclude(recommendation_id="")
    assert attributed.count() == events.count()
    known = dict(answers.values_list("id", "created_at"))
    assert all(e.occurred_at >= known[e.recommendation_id] for e in attributed)
    record_ = json.loads((tmp_path / "s.json").read_text())
    assert record_["simulated"] is True
    assert set(record_["judgement"]["ndcg_at_10"]) == {"instruction", "history", "both", "popularity"}


def test_clearing_takes_the_simulated_rows_and_nothing_else(shop) -> None:
    record([Feedback("purchase", "i03", user_id="user-1")])
    recommend(RecommendationRequest(text="red shoes"), Shopper(user_id="user-1"))
    simulate("--shoppers", "3", "--sessions", "10")
    assert "10 simulated answers" in simulate("--clear")
    assert list(Event.objects.values_list("user_id", flat=True)) == ["user-1"]
    assert list(Recommendation.objects.values_list("user_id", "simulated")) == [("user-1", False)]


@pytest.mark.parametrize("arguments", [("--shoppers", "0"), ("--sessions", "-1"), ("--chinese", "2"), ("--days", "0")])
def test_a_plan_out_of_range_is_refused(shop, arguments) -> None:
    with pytest.raises(CommandError, match=arguments[0]):
        simulate(*arguments)


def test_an_empty_index_says_what_to_do(host) -> None:
    set_encoders([HashedWords()])
    reset_engine()
    with pytest.raises(CommandError, match=r"manage\.py index"):
        simulate("--sessions", "1")
    set_encoders(None)
    reset_engine()


def test_what_simulated_shoppers_did_moves_nobody_else_unless_a_setting_says_so(shop, settings) -> None:
    simulate("--shoppers", "5", "--sessions", "60")
    assert not popularity_of_items()
    assert popularity_of_items(simulated=True)
    reset_engine()
    engine = get_engine()
    engine.refresh()
    assert not engine.collection.columns.numbers("popularity").any()
    settings.RECOMMENDER = {**settings.RECOMMENDER, "USE_SIMULATED": True}
    engine = get_engine()
    engine.refresh()
    assert engine.collection.columns.numbers("popularity").any()
