"""Whatever is broken inside, the shop answers: each combination of four faults, through every door."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import product as combinations
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from fusion.types import Matrix
from recommender.catalog import Feedback, Shopper
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.models import Event, IndexState, StaleItem
from recommender.services.feedback import record
from recommender.services.indexing import drain
from recommender.services.serving import RecommendationRequest, Served, recommend
from shop.catalog.models import Category, Product, ProductImage
from shop.celery import app
from tests.encoders import HashedWords, MeanColours
from tests.shop.makers import make_product, photo_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

pytestmark = pytest.mark.django_db
FAULTS = ("text_model", "image_model", "index", "history")
EVERY_COMBINATION = [
    pytest.param(tuple(name for name, broken in zip(FAULTS, states, strict=True) if broken), id="+".join(
        name for name, broken in zip(FAULTS, states, strict=True) if broken) or "nothing")
    for states in combinations((False, True), repeat=len(FAULTS))
]  # fmt: skip
ANN = Shopper(visitor_id="v_ann")


class BrokenWords(HashedWords):
    """A text tower that indexes and then fails every request, as one whose memory ran out does."""

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        raise MemoryError("the text tower has no memory left")


class BrokenColours(MeanColours):
    """A photo tower that fails every photo."""

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        raise RuntimeError("the photo tower is gone")


class SlowToLoad(HashedWords):
    """A text tower whose weights take until ``released`` to read."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def load(self) -> None:
        self.released.wait(30)
        super().load()


@pytest.fixture
def shop(settings, tmp_path) -> Iterator[list[Product]]:
    """Twelve products with photos, embedded by healthy encoders, and one shopper with a history."""
    settings.MEDIA_ROOT = tmp_path
    settings.RECOMMENDER = {**settings.RECOMMENDER, "WARM_UP": False, "MEASURE_COLOURS": False}
    storages = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storages}
    cache.clear()
    home = Category.objects.add_root({"name": "Home"})
    made = []
    for n in range(12):
        colour, kind = ("red", "blue", "green")[n % 3], ("lamp", "chair")[n % 2]
        item = make_product(f"sku-{n}", name=f"{colour.title()} {kind} {n}", category=home, attributes={"color": [colour]})
        ProductImage.objects.create(product=item, image=ContentFile(photo_bytes(colour, size=(60 + n, 60)), "photo.png"))
        made.append(item)
    drain(encoders=[HashedWords(), MeanColours()])
    record([Feedback("view", "sku-0", visitor_id="v_ann"), Feedback("purchase", "sku-1", visitor_id="v_ann")])
    yield made
    set_encoders(None)
    reset_engine()
    cache.clear()


@pytest.fixture
def break_down(shop) -> Any:
    """A function that breaks the named parts. A table that is not there is what an unreachable one looks like."""

    def breaks(faults: Sequence[str]) -> None:
        set_encoders(
            [
                BrokenWords() if "text_model" in faults else HashedWords(),
                BrokenColours() if "image_model" in faults else MeanColours(),
            ]
        )
        reset_engine()
        for name, model in (("index", IndexState), ("history", Event)):
            if name in faults:
                with connection.cursor() as cursor:  # undone with the test's transaction
                    cursor.execute(f"ALTER TABLE {model._meta.db_table} RENAME TO {model._meta.db_table}_away")

    return breaks


def ask(text: str = "red lamp", photo: bytes | None = None) -> Served:
    return recommend(RecommendationRequest(text=text, photo=photo, limit=20), ANN)


def titles(served: Served) -> list[str]:
    return [ranked.item.title for ranked in served.answer.items]


@pytest.mark.parametrize("faults", EVERY_COMBINATION)
def test_answer_comes_whatever_is_broken_and_names_exactly_what_is_missing(break_down, faults):
    break_down(faults)
    served = ask(photo=photo_bytes("red"))
    assert set(served.answer.degraded) == set(faults)
    if "index" not in faults:
        assert titles(served)[0].startswith("Red lamp")
        assert all(ranked.reasons for ranked in served.answer.items[:2])


@pytest.mark.parametrize("faults", EVERY_COMBINATION)
def test_api_answers_200_whatever_is_broken(break_down, faults):
    client = Client()
    token = client.post("/api/v1/visitors", {}, content_type="application/json").json()["visitor_token"]
    photo = {"file": SimpleUploadedFile("photo.png", photo_bytes("red"))}
    image_id = client.post("/api/v1/uploads/images", photo, headers={"X-Visitor-Token": token}).json()["image_id"]
    break_down(faults)
    body = {"query": {"text": "red lamp"}, "image": {"image_id": image_id}}
    given = client.post("/api/v1/recommendations", body, content_type="application/json", headers={"X-Visitor-Token": token})
    assert given.status_code == 200, given.content
    assert set(given.json()["degraded"]) == set(faults)
    if "index" not in faults:
        assert given.json()["items"][0]["product"]["title"].startswith("Red lamp")


@pytest.mark.parametrize("faults", EVERY_COMBINATION)
def test_pages_answer_200_whatever_is_broken(break_down, faults):
    client = Client(raise_request_exception=False)
    sent = client.post("/search/photo", {"q": "red lamp", "file": SimpleUploadedFile("photo.png", photo_bytes("red"))})
    break_down(faults)
    product = Product.objects.get(sku="sku-3").get_absolute_url()
    pages = {address: client.get(address) for address in (sent["Location"], "/search?q=red+lamp", "/", product)}
    assert {address: page.status_code for address, page in pages.items()} == dict.fromkeys(pages, 200)
    if "index" not in faults:
        assert b"Red lamp" in pages[sent["Location"]].content


@pytest.mark.parametrize("faults", EVERY_COMBINATION)
def test_chip_can_be_taken_off_whatever_is_broken(break_down, faults):
    break_down(faults)
    page = Client(raise_request_exception=False).get("/search?q=red+lamp&drop=color:in:red")
    assert page.status_code == 200


def test_index_that_becomes_unreachable_leaves_what_was_read_before(break_down):
    break_down([])
    before = titles(ask())
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {IndexState._meta.db_table} RENAME TO index_state_away")
    served = ask()
    assert titles(served) == before
    assert served.answer.degraded == ("index",)


def test_shop_without_any_indexed_product_says_so():
    reset_engine()
    served = ask("red lamp")
    assert (served.answer.degraded, served.answer.state, served.answer.items) == (("index",), "no_match", ())


@pytest.mark.django_db(transaction=True)  # the warming thread has a connection of its own and must see the shop
def test_request_while_models_load_is_answered_at_once_without_them(shop):
    slow = SlowToLoad()
    set_encoders([slow, MeanColours()])
    reset_engine()
    engine = get_engine()
    engine.refresh()
    engine.warm_up(background=True)
    started = time.monotonic()
    served = ask()
    waited = time.monotonic() - started
    slow.released.set()
    assert served.answer.degraded == ("text_model",)
    assert titles(served)[0].startswith("Red lamp")
    assert waited < 1.0
    deadline = time.monotonic() + 10
    while ask().answer.degraded and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ask().answer.degraded == ()


def test_model_that_failed_five_times_is_left_alone_for_a_while(break_down):
    calls = []

    class Counted(BrokenWords):
        def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
            calls.append(texts)
            return super().encode_instructions(texts)

    set_encoders([Counted(), MeanColours()])
    reset_engine()
    assert {ask().answer.degraded for _ in range(12)} == {("text_model",)}
    assert len(calls) == 5


def test_product_is_saved_in_the_admin_while_the_broker_is_dead(shop, admin_client, monkeypatch):
    monkeypatch.setitem(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)
    product = shop[0]
    address = f"/admin/catalog/product/{product.pk}/change/"
    page = admin_client.get(address)
    form = page.context["adminform"].form
    given = {name: form[name].value() for name in form.fields}
    for inline in page.context["inline_admin_formsets"]:
        given |= {f"{inline.formset.prefix}-TOTAL_FORMS": 0, f"{inline.formset.prefix}-INITIAL_FORMS": 0}
    data = {name: value for name, value in given.items() if value is not None} | {"name": "Red lamp, improved"}
    started = time.monotonic()
    saved = admin_client.post(address, data)
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    assert time.monotonic() - started < 5
    assert StaleItem.objects.filter(item_id=product.sku).exists()
    drain(encoders=[HashedWords(), MeanColours()])
    set_encoders([HashedWords(), MeanColours()])
    reset_engine()
    assert "Red lamp, improved" in titles(ask("improved"))
