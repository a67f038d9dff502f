from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fusion.types import Item, ItemText
from recommender import learnt
from recommender.catalog import Shopper
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.models import ModelVersion, Recommendation
from recommender.services import indexing, versions
from recommender.services.comparison import compare, recent_requests
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords
from tests.recommender.weighers import PATH, fixed_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(host, monkeypatch) -> Iterator[Any]:
    monkeypatch.setattr(learnt, "LOAD_WEIGHER", PATH)
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {
        f"i{n}": Item(f"i{n}", f"zib {'zob ' * n}", description=f"word{n} " * 3, translations={"zh": ItemText(f"中{n}")})
        for n in range(14)
    }
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def kept(factors: dict[str, float]) -> ModelVersion:
    return versions.store("fusion", "v", fixed_bytes(factors))


def ask(text: str) -> Recommendation:
    return recommend(RecommendationRequest(text=text), Shopper(visitor_id="v1")).recommendation


def test_places_move_as_the_weights_say_and_serving_is_left_alone() -> None:
    engine = get_engine()
    engine.refresh()
    reversing = kept({"words/text": -1.0, "words/lexical": -1.0})
    n_stored = Recommendation.objects.count()
    found = compare("fusion", None, reversing, ["zib"], "zh")
    (asked,) = found.requests
    assert len(asked.before) == len(asked.after) == 10
    assert [place.rank for place in asked.after] == list(range(1, 11))
    assert asked.stayed == sum(place.moved is not None for place in asked.after) < 10
    first = asked.before[0].item_id
    assert first not in [place.item_id for place in asked.after[:3]]
    assert asked.before[0].title.startswith("中")
    for place in asked.after:
        before = [p.item_id for p in asked.before]
        expected = before.index(place.item_id) + 1 - place.rank if place.item_id in before else None
        assert place.moved == expected
    assert engine.pipeline.weigher is None
    assert Recommendation.objects.count() == n_stored
    assert {(f.signal, f.left, f.right, f.requests) for f in found.factors} >= {("words/text", 1.0, -1.0, 1)}


def test_a_version_compared_with_itself_moves_nothing() -> None:
    version = kept({"words/text": 2.0})
    (asked,) = compare("fusion", version, version, ["zob"]).requests
    assert asked.before == asked.after
    assert {place.moved for place in asked.after} == {0}


def test_the_newest_different_requests_are_ranked_and_real_ones_before_simulated_ones() -> None:
    for text in ("zib", "Zib ", "zob", ""):
        ask(text)
    row = ask("made up")
    Recommendation.objects.filter(pk=row.pk).update(simulated=True)
    assert recent_requests() == ["zob", "Zib"]
    assert [asked.text for asked in compare("fusion", None, kept({"words/text": 2.0})).requests] == ["zob", "Zib"]
    Recommendation.objects.update(simulated=True)
    assert recent_requests(1) == ["made up"]


def test_encoders_are_compared_by_what_was_measured_alone(settings, tmp_path) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    folder = tmp_path / "models" / "heads"
    folder.mkdir(parents=True)
    (folder / "w").write_bytes(b"w")
    version = versions.store("encoder", "heads", folder=folder, metrics={"validation": {"recall@10": {"text": 0.4}}, "n": 3})
    found = compare("encoder", None, version)
    assert [(m.name, m.left, m.right) for m in found.metrics] == [("validation.recall@10.text", None, 0.4), ("n", None, 3)]
    assert (found.requests, found.factors, found.problem) == ((), (), "")
