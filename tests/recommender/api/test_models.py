"""The API with the bundled models: both languages, photos, readiness, and the same ranking as the service gives."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image, ImageDraw

from fusion.types import Item, ItemText, Money, Photo
from recommender.api.views.health import coverage_in
from recommender.catalog import Shopper
from recommender.engine import get_engine, reset_engine
from recommender.services.indexing import drain, mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.recommender.api.conftest import Api, new_api, skus

pytestmark = [pytest.mark.models, pytest.mark.django_db]


def drawing(shape: str, colour: str) -> bytes:
    """A plain shape on white: enough for a photo to find itself among others."""
    image = Image.new("RGB", (240, 240), "white")
    draw = ImageDraw.Draw(image)
    if shape == "ring":
        draw.ellipse((40, 40, 200, 200), outline=colour, width=30)
    elif shape == "bars":
        for x in (40, 100, 160):
            draw.rectangle((x, 40, x + 30, 200), fill=colour)
    else:
        draw.polygon([(120, 30), (210, 200), (30, 200)], fill=colour)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def item(sku: str, title: str, chinese: str, shape: str, colour: str, price: int) -> Item:
    data = drawing(shape, colour)
    return Item(
        sku,
        title,
        price=Money(price, "USD"),
        translations={"zh": ItemText(chinese)},
        photos=(Photo(f"{shape}-{colour}", lambda: data),),
    )


@pytest.fixture
def shop(host, settings, tmp_path) -> Iterator[Api]:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    coverage_in.cache_clear()
    reset_engine()
    host.items = {
        "chair": item("chair", "Comfortable armchair", "舒适的扶手椅", "ring", "navy", 9900),
        "camera": item("camera", "Digital camera with zoom lens", "数码相机", "bars", "darkgreen", 39900),
        "plant": item("plant", "Green potted plant", "绿色盆栽", "triangle", "darkred", 1900),
    }
    mark_stale(host.items)
    drain()
    yield new_api()
    reset_engine()


def test_words_in_both_languages_and_photos_find_their_product_with_reasons(shop):
    for text, sku in (("a comfy chair", "chair"), ("一把舒服的椅子", "chair"), ("something to take photos", "camera")):
        result = shop.ask(text)
        assert (skus(result)[0], result["degraded"]) == (sku, [])
        assert result["items"][0]["explanation"]["reasons"]
    image_id = shop.upload(drawing("triangle", "darkred")).json()["image_id"]
    seen = shop.ask(image={"image_id": image_id})
    assert skus(seen)[0] == "plant"
    assert seen["items"][0]["explanation"]["reasons"][0]["signal"] == "photo"


def test_api_and_service_give_one_ranking(shop):
    for text in ("gift for a gardener under $50", "相机", "chair"):
        served = recommend(RecommendationRequest(text=text, surface="test"), Shopper(visitor_id="v"))
        assert skus(shop.ask(text)) == [ranked.item.item_id for ranked in served.answer.items]


def test_ready_once_the_real_models_answered_a_probe(shop):
    reset_engine()
    assert Client().get("/livez").status_code == 200
    get_engine().warm_up()
    state = Client().get("/readyz")
    assert (state.status_code, state.json()["text_model"], state.json()["image_model"]) == (200, "ok", "ok")
    assert state.json()["index"]["coverage"] == {"text": 1.0, "image": 1.0, "look": 1.0}
