"""recommender.api.views.health: red until the models answered a probe."""

from __future__ import annotations

from django.test import Client

from recommender.api.views.health import coverage_in
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.services.indexing import mark_stale
from tests.encoders import HashedWords, MeanColours


class BrokenWords(HashedWords):
    """Its weights cannot be read."""

    def load(self) -> None:
        raise OSError("weights file is truncated")


def test_alive_and_versioned_without_a_database(shop, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/livez").json() == {"alive": True}
        assert Client().get("/version").json()["api"] == "1.0"


def test_red_until_every_model_answered_a_probe_then_green(shop):
    red = Client().get("/readyz")
    assert (red.status_code, red.json()["ready"], red.headers["Retry-After"]) == (503, False, "2")
    assert (red.json()["text_model"], red.json()["image_model"]) == ("not loaded", "not loaded")
    get_engine().warm_up()
    green = Client().get("/readyz")
    assert green.status_code == 200
    assert green.json() == {
        "ready": True,
        "db": "ok",
        "queue": {"waiting": 0, "oldest_seconds": 0.0, "workers": 0, "failures": 0},
        "text_model": "ok",
        "image_model": "ok",
        "index": {"revision": get_engine().revision, "items": 42, "coverage": {"text": 1.0, "look": 1.0}},
        "degraded": [],
    }


def test_model_that_fails_is_named_and_keeps_it_red(shop):
    set_encoders([BrokenWords(), MeanColours()])
    reset_engine()
    get_engine().warm_up()
    red = Client().get("/readyz")
    assert (red.status_code, red.json()["image_model"]) == (503, "ok")
    assert "truncated" in red.json()["text_model"]
    assert red.json()["degraded"] == ["BrokenWords"]


def test_waiting_items_are_counted(shop):
    mark_stale(["sku-00", "sku-01"])
    coverage_in.cache_clear()
    assert Client().get("/readyz").json()["queue"]["waiting"] == 2


def test_first_question_starts_the_warm_up_where_nobody_did(shop, settings, monkeypatch):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "WARM_UP": True}
    set_encoders([HashedWords(), MeanColours()])
    asked = []
    monkeypatch.setattr(type(get_engine()), "warm_up", lambda self, *, background=False: asked.append(background))
    Client().get("/readyz")
    assert asked == [True]
