"""What is held of one shopper is handed over whole and erased whole, with a receipt that says nothing about them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from fusion.types import Item
from recommender.behaviour import current
from recommender.catalog import Feedback, Shopper
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.models import BehaviourVersion, ErasureReceipt, Event, IndexedItem, Recommendation, UploadedPhoto
from recommender.services import behaviour, indexing
from recommender.services.feedback import record
from recommender.services.outbox import mark_stale
from recommender.services.personal_data import EXPORTED, NAMES, WITHHELD, erase, export
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords
from tests.recommender.api.conftest import Api

ANN, BOB = Shopper(user_id="user-7411", visitor_id="v_ann7411"), Shopper(user_id="user-8522")
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(host, settings, tmp_path) -> Iterator[type]:
    settings.MEDIA_ROOT = tmp_path
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {f"i{n}": Item(f"i{n}", f"lamp number{n}") for n in range(12)}
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def live(shopper: Shopper) -> None:
    """A journey: two requests, a photo, a few events, one of them as a guest before."""
    answer = recommend(RecommendationRequest(text="lamp"), shopper).recommendation
    recommend(RecommendationRequest(text="number3"), shopper)
    record([Feedback(kind, "i1", user_id=shopper.user_id, recommendation_id=answer.pk) for kind in ("view", "purchase")])
    record([Feedback("view", "i2", visitor_id=shopper.visitor_id)])
    photo = UploadedPhoto(width=1, height=1, user_id=shopper.user_id, expires_at=timezone.now() + timezone.timedelta(hours=1))
    photo.file.save("p.jpg", ContentFile(b"photo"))


def test_every_field_of_every_model_with_a_shoppers_id_is_exported_or_accounted_for() -> None:
    personal = {m for m in apps.get_app_config("recommender").get_models() if {"user_id", "visitor_id"} & _columns(m)}
    assert personal == set(EXPORTED) == set(WITHHELD) == set(NAMES)
    for model in personal:
        named = set(EXPORTED[model]) | set(WITHHELD[model])
        assert named == _columns(model), model
        assert not set(EXPORTED[model]) & set(WITHHELD[model])


def _columns(model: type) -> set[str]:
    return {field.attname for field in model._meta.concrete_fields}


def test_an_export_holds_all_rows_of_the_shopper_and_none_of_anybody_else(shop) -> None:
    live(ANN)
    live(BOB)
    found = json.loads(json.dumps(export(ANN), cls=DjangoJSONEncoder))
    assert (len(found["events"]), len(found["recommendations"]), len(found["photos"])) == (3, 2, 1)
    assert found["recommendations"][0]["request"]["text"] == "lamp"
    assert found["profile"]["purchased"] == ["i1"]
    assert found["profile"]["liked"][0][0] == "i1"
    assert "user-8522" not in json.dumps(found)


def test_after_an_erasure_nothing_of_the_shopper_is_left_and_others_keep_all(
    shop, tmp_path, caplog, django_capture_on_commit_callbacks
) -> None:
    caplog.set_level(logging.DEBUG)
    live(ANN)
    live(BOB)
    with django_capture_on_commit_callbacks(execute=True):
        receipt = erase(ANN)
    assert dict(receipt.counts) == {"events": 3, "recommendations": 2, "photos": 1}
    for model in EXPORTED:
        rows = json.dumps(list(model._default_manager.values()), cls=DjangoJSONEncoder)
        assert "7411" not in rows, model
    assert export(ANN)["events"] == export(ANN)["recommendations"] == export(ANN)["photos"] == []
    assert len(export(BOB)["events"]) == 2
    assert len(list(tmp_path.rglob("*.jpg"))) == 1
    assert "7411" not in caplog.text
    kept = ErasureReceipt.objects.get()
    assert (kept.pk, kept.counts) == (receipt.receipt_id, dict(receipt.counts))
    assert "7411" not in json.dumps([kept.counts, kept.unlearnt])
    assert dict(erase(ANN).counts) == {"events": 0, "recommendations": 0, "photos": 0}


def test_what_was_learnt_with_an_erased_shopper_is_withdrawn_and_learnt_again_without_them(shop, settings) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "CATALOG": "tests.hosts.memory.MemoryCatalog", "BEHAVIOUR_MIN_SHOPPERS": 5}
    for n in range(5):
        record([Feedback("purchase", item, user_id=f"user-{n}") for item in ("i1", "i2")])
    assert behaviour.learn().version == current() > 0
    receipt = erase(Shopper(user_id="user-3"))
    assert receipt.unlearnt == ("behaviour",)
    assert current() == 0
    assert not BehaviourVersion.objects.exists()
    assert behaviour.learn().version == 0  # four are left, and a pair needs five


def test_erasing_somebody_who_did_nothing_withdraws_nothing(shop) -> None:
    for n in range(5):
        record([Feedback("purchase", item, user_id=f"user-{n}") for item in ("i1", "i2")])
    version = behaviour.learn().version
    assert erase(Shopper(user_id="user-99")).unlearnt == ()
    assert current() == version


def test_the_api_hands_over_and_erases_for_the_token_that_asks(shop) -> None:
    cache.clear()
    ann, bob = (Api(Api().post("/api/v1/visitors", {}).json()["visitor_token"]) for _ in range(2))
    for api in (ann, bob):
        api.post("/api/v1/recommendations", {"query": {"text": "lamp"}})
        api.post("/api/v1/events", {"events": [{"event_id": "e1", "type": "view", "product_id": "i3"}]})
    found = ann.get("/api/v1/me/data").json()
    assert (len(found["events"]), len(found["recommendations"])) == (1, 1)
    event_id = found["events"][0]["event_id"]
    assert bob.delete(f"/api/v1/me/history/{event_id}").status_code == 404
    assert ann.delete(f"/api/v1/me/history/{event_id}").status_code == 204
    assert ann.delete("/api/v1/me/data").json()["counts"] == {"events": 0, "recommendations": 1, "photos": 0}
    assert ann.get("/api/v1/me/data").json()["recommendations"] == []
    assert len(bob.get("/api/v1/me/data").json()["events"]) == 1
    assert Api().get("/api/v1/me/data").status_code == 401


def test_no_cache_key_holds_a_shoppers_id(shop) -> None:
    cache.clear()
    token = Api().post("/api/v1/visitors", {}).json()
    Api(token["visitor_token"]).post("/api/v1/recommendations", {"query": {"text": "lamp"}})
    keys = list(cache._cache)  # the tests' cache is Django's own in memory
    assert any("throttle" in key for key in keys)
    assert not any(token["visitor_id"] in key for key in keys)


def test_models_of_the_index_hold_no_shopper(shop) -> None:
    live(ANN)
    assert "7411" not in json.dumps(list(IndexedItem.objects.values("item_id", "facts")), cls=DjangoJSONEncoder)
    assert Event.objects.filter(user_id=ANN.user_id).exists()
    assert Recommendation.objects.filter(user_id=ANN.user_id).exists()
