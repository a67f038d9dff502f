"""The main job on the demo catalogue with the bundled models: three doors, one ranking, true reasons, hostile input."""

from __future__ import annotations

import html
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from PIL import Image

from fusion.columns import satisfies
from fusion.encoders.request_bert import RequestBert
from fusion.encoders.words import TextTower
from fusion.explanation import has_any
from fusion.tokens import tokenize
from fusion.types import RankedItem, Strength
from recommender.catalog import Shopper
from recommender.engine import get_engine, reset_engine
from recommender.models import IndexedItem, ItemFailure, StaleItem
from recommender.services import indexing
from recommender.services.serving import RecommendationRequest, Served, recommend
from shop.catalog.importing.reading import read_rows
from shop.catalog.importing.writing import CatalogImport
from shop.catalog.models import Product, ProductImage
from shop.demo import DemoCatalogue, DemoUnavailable, prepare
from shop.recommendations.addresses import PAGE_SIZE

pytestmark = pytest.mark.models
ROOT = Path(__file__).parent.parent

SHOES, CHAIR, GIFT = "black running shoes", "一把舒服的椅子", "a gift for someone who loves plants under $30"
BLACK_RUNNING_SHOES = {"AR4561-40", "F3578640", "F3633340"}
CHAIRS = {"404.068.14", "003.600.02", "404.038.96", "34-BC82444"}
PLANTS_UNDER_30 = {"SC011001", "A58477", "A44223", "A44352", "A04851", "B01MXFLUSV"}
CAMERAS = {"IC22MWDD", "B00AFC9099", "B07K1330LL", "B07D990021", "B07D33B334", "B07D75V44S", "B07D78JTLR"}
PHOTOGRAPHED = "B07D33B334"


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[DemoCatalogue]:
    """The demo catalogue in the test database, embedded once by the bundled encoder."""
    try:
        found = prepare(django_settings.DATA_DIR / "demo")
    except DemoUnavailable as error:
        pytest.fail(f"The demo catalogue is needed and cannot be had: {error}", pytrace=False)
    given = {
        "MEDIA_ROOT": tmp_path_factory.mktemp("media"),
        "RECOMMENDER": {**django_settings.RECOMMENDER, "ENCODERS": [{"BACKEND": "bundled"}], "WARM_UP": False},
        "STORAGES": {
            **django_settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }
    with override_settings(**given), django_db_blocker.unblock():
        report = CatalogImport(found.file.parent).run(read_rows(found.file))
        assert (report.created, len(report.refused)) == (54, 0)
        indexing.drain()
        yield found
        call_command("flush", interactive=False, verbosity=0)
        reset_engine()


@pytest.fixture
def shop(demo: DemoCatalogue, db: None) -> Iterator[DemoCatalogue]:
    """The indexed demo shop; what a test changes is undone after it, in the database and in this process's engine."""
    cache.clear()
    yield demo
    reset_engine()


@pytest.fixture(scope="module")
def camera(demo: DemoCatalogue) -> bytes:
    """The catalogue's photo of a camera as another phone would have sent it: cut, smaller, turned by EXIF, recompressed."""
    name = next(row["image"][0] for row in map(json.loads, demo.file.open(encoding="utf-8")) if row["sku"] == PHOTOGRAPHED)
    with Image.open(demo.file.parent / name) as photo:
        width, height = photo.size
        cut = photo.convert("RGB").crop((int(width * 0.06), int(height * 0.04), int(width * 0.95), int(height * 0.97)))
    cut.thumbnail((400, 400))
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # shown turned by a quarter
    cut.rotate(90, expand=True).save(out, "JPEG", quality=70, exif=exif)
    return out.getvalue()


def ask(text: str = "", photo: bytes | None = None, limit: int = 24) -> Served:
    return recommend(RecommendationRequest(text=text, photo=photo, limit=limit), Shopper())


def skus(served: Served) -> list[str]:
    return [ranked.item.item_id for ranked in served.answer.items]


# -- the right products first ------------------------------------------------------------------------------------------


def test_black_running_shoes_are_the_first_three_for_black_running_shoes(shop):
    assert set(skus(ask(SHOES))[:3]) == BLACK_RUNNING_SHOES


def test_chairs_are_the_first_three_for_a_comfortable_chair_in_chinese(shop):
    served = ask(CHAIR)
    assert set(skus(served)[:3]) <= CHAIRS
    assert served.answer.items[0].item.item_id in {"404.068.14", "003.600.02"}  # the padded one and the one called comfy
    assert all("的" in ranked.reasons[0].label or "文字" in ranked.reasons[0].label for ranked in served.answer.items[:3])


def test_plants_under_thirty_dollars_come_first_for_a_gift_and_nothing_costs_more(shop):
    served = ask(GIFT)
    assert set(skus(served)[:5]) <= PLANTS_UNDER_30
    assert all(ranked.item.price.amount_minor <= 3000 for ranked in served.answer.items)


def test_photo_of_a_camera_finds_that_camera_first_and_cameras_after_it(shop, camera):
    found = skus(ask(photo=camera))
    assert found[0] == PHOTOGRAPHED
    assert len(CAMERAS & set(found[:4])) >= 3


def test_words_and_photo_together_find_what_both_mean(shop, camera):
    found = skus(ask("a cheap one under $100", photo=camera))
    assert found[0] == "B07K1330LL"


# -- true reasons ------------------------------------------------------------------------------------------------------


def claims(served: Served, ranked: RankedItem) -> dict[str, bool]:
    """Each reason's code -> whether what it says is so, checked against the item and the addends of its score."""
    terms = {(t.source, t.block): t.contribution for t in ranked.terms}
    stems = set(tokenize(served.answer.words))
    known = get_engine().collection.item(ranked.item.item_id)
    columns = get_engine().collection.columns
    wants = [c for c in served.answer.instruction.constraints if c.strength is Strength.WANT]

    def holds(reason: Any) -> bool:
        match reason.code:
            case "matches_words":
                said = re.split("[,、] ?", reason.params["words"])
                own = " ".join([json.dumps(IndexedItem.objects.get(pk=ranked.item.item_id).facts, ensure_ascii=False)]).lower()
                asked = all(set(tokenize(word)) & stems for word in said)
                return asked and all(word.lower() in own for word in said) and has_any(ranked.item, stems)
            case "matches_request":
                return terms[("words", "lexical")] > 0 and has_any(ranked.item, stems)
            case "is_wanted":
                met = {
                    re.split("[:：] ?", c.label)[-1] for c in wants if satisfies(known, c, columns.exchange, columns.currency)
                }
                return set(re.split("[,、] ?", reason.params["values"])) <= met
            case "fits_meaning":
                return terms[("words", "text")] > 0
            case "photo_fits_words":
                return terms[("words", "image")] > 0
            case "looks_like_photo":
                return terms.get(("photo", "look"), 0) + terms.get(("photo", "image"), 0) > 0
            case "photo_fits_text":
                return terms[("photo", "text")] > 0
        return False

    return {reason.code: holds(reason) for reason in ranked.reasons}


@pytest.mark.parametrize("text", [SHOES, CHAIR, GIFT])
def test_every_reason_for_words_is_true_of_its_item(shop, text):
    served = ask(text)
    for ranked in served.answer.items:
        assert all(claims(served, ranked).values()), (ranked.item.title, claims(served, ranked), ranked.reasons)
        assert ranked.score == pytest.approx(sum(t.contribution for t in ranked.terms), abs=1e-5)
    assert all(ranked.reasons for ranked in served.answer.items[:5])


def test_every_reason_for_a_photo_is_true_of_its_item(shop, camera):
    served = ask(photo=camera)
    assert served.answer.items[0].reasons[0].code == "looks_like_photo"
    for ranked in served.answer.items:
        assert all(claims(served, ranked).values()), (ranked.item.title, ranked.reasons, ranked.terms)


# -- three doors, one ranking ------------------------------------------------------------------------------------------


class Browser:
    """One visitor at both doors of the web: pages and API."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        made = self.client.post("/api/v1/visitors", {}, content_type="application/json")
        self.headers = {"X-Visitor-Token": made.json()["visitor_token"]}

    def upload(self, data: bytes, name: str = "photo.jpg") -> Any:
        file = SimpleUploadedFile(name, data)
        return self.client.post("/api/v1/uploads/images", {"file": file}, headers=self.headers)

    def api(self, body: Any) -> Any:
        return self.client.post("/api/v1/recommendations", body, content_type="application/json", headers=self.headers)

    def page_upload(self, data: bytes, text: str = "") -> Any:
        return self.client.post("/search/photo", {"q": text, "file": SimpleUploadedFile("photo.jpg", data)}, follow=True)


def skus_of_api(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [entry["product"]["sku"] for entry in answer.json()["items"]]


def skus_of_page(page: Any) -> list[str]:
    assert page.status_code == 200
    slugs = re.findall(r'class="card-link" href="/products/([^"?]+)', page.content.decode())
    known = dict(Product.objects.values_list("slug", "sku"))
    return [known[html.unescape(slug)] for slug in slugs]


def skus_of_command(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("recommend", *arguments, "--limit", "24", "--json", stdout=out)
    return [item["sku"] for item in json.loads(out.getvalue())["items"]]


@pytest.mark.parametrize("text", [SHOES, CHAIR, GIFT])
def test_page_api_and_command_give_the_same_ranking_for_words(shop, text):
    browser = Browser()
    expected = skus(ask(text))
    assert len(expected) >= 5
    assert skus_of_api(browser.api({"query": {"text": text}, "limit": 24})) == expected
    assert skus_of_page(browser.client.get("/search", {"q": text})) == expected[:PAGE_SIZE]
    assert skus_of_command(text) == expected


def test_page_api_and_command_give_the_same_ranking_for_a_photo(shop, camera, tmp_path):
    """Uploads are stored re-encoded, so the doors that take uploads are compared with the stored photo on the command line."""
    browser = Browser()
    image_id = browser.upload(camera).json()["image_id"]
    through_api = skus_of_api(browser.api({"image": {"image_id": image_id}, "limit": 24}))
    page = browser.page_upload(camera)
    stored = browser.client.get(re.search(r'src="(/search/photo/[^"]+)"', page.content.decode())[1])
    (tmp_path / "stored.jpg").write_bytes(stored.content)
    assert through_api[0] == PHOTOGRAPHED
    assert skus_of_page(page) == through_api[:PAGE_SIZE]
    assert skus_of_command("--photo", str(tmp_path / "stored.jpg")) == through_api


def test_batch_answers_every_good_line_and_names_every_bad_one(shop, camera, tmp_path):
    (tmp_path / "camera.jpg").write_bytes(camera)
    (tmp_path / "broken.jpg").write_bytes(camera[: len(camera) // 3])
    good = [{"qid": f"q{n}", "text": text} for n, text in enumerate([SHOES, CHAIR, GIFT] * 4)]
    good += [{"qid": "photo", "photo": "camera.jpg"}, {"qid": "both", "text": "under $100", "photo": "camera.jpg"}]
    good += [{"qid": "nothing", "text": ""}]
    bad = [
        "{not json",
        "[1, 2]",
        json.dumps({"qid": "long", "text": "x" * 501}),
        json.dumps({"qid": "gone", "photo": "no.jpg"}),
    ]
    bad += [json.dumps({"qid": "broken", "photo": "broken.jpg"})]
    file, out = tmp_path / "asked.jsonl", tmp_path / "answers.jsonl"
    file.write_text("\n".join([*map(json.dumps, good), *bad]) + "\n", encoding="utf-8")
    call_command("recommend", "--batch", str(file), "--output", str(out), "--limit", "24", stderr=io.StringIO())
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(answers) == len(good) + len(bad) == 20
    assert [a["ids"] for a in answers[:3]] == [skus(ask(text)) for text in (SHOES, CHAIR, GIFT)]
    assert answers[12]["ids"][0] == PHOTOGRAPHED
    assert answers[13]["ids"][0] == "B07K1330LL"
    assert all("error" not in a and a["degraded"] == [] and a["ms"] > 0 for a in answers[:15])
    assert all(a["ids"] == [] and f"line {n}" in a["error"] for n, a in enumerate(answers[15:], start=16))


# -- hostile input -----------------------------------------------------------------------------------------------------


def png_bomb(side: int = 12_000) -> bytes:
    """A PNG of side x side white pixels in a few hundred kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    packer, row = zlib.compressobj(9), bytes(1 + 3 * side)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("name", "status", "code", "said"),
    [
        ("truncated", 422, "photo_unreadable", "damaged"),
        ("noise", 415, "photo_type", "JPEG"),
        ("empty", 422, "photo_empty", "empty"),
        ("bomb", 413, "photo_too_large", "too large"),
        ("svg", 415, "photo_type", "JPEG"),
    ],
)
def test_photo_that_is_none_is_refused_with_a_sentence_at_both_doors(shop, camera, name, status, code, said):
    data = {
        "truncated": camera[: len(camera) // 3],
        "noise": bytes(range(256)) * 40,
        "empty": b"",
        "bomb": png_bomb() if name == "bomb" else b"",
        "svg": SVG,
    }[name]
    browser = Browser()
    refused = browser.upload(data)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.content
    assert refused["Content-Type"] == "application/problem+json"
    page = browser.page_upload(data, "black shoes")
    assert page.status_code == 400
    assert said in re.search(r'role="alert">([^<]+)<', page.content.decode())[1]


@pytest.mark.parametrize(
    ("text", "sizes"), [("x" * 1_000_000, (413, 422)), ("椅" * 501, (422,))], ids=["one megabyte", "501 characters"]
)
def test_text_that_is_too_long_is_refused_with_its_limit(shop, text, sizes):
    browser = Browser()
    refused = browser.api({"query": {"text": text}})
    assert refused.status_code in sizes
    assert refused.json()["detail"]
    page = browser.client.get("/search", {"q": text})
    assert page.status_code == 400
    assert "500" in page.content.decode()


def test_nul_and_control_characters_never_break_a_request(shop):
    browser = Browser()
    for text in ("black\x00shoes", "\x00", "\u202eshoes\x1b[31m", "\ufffe\U0010ffff"):
        assert browser.api({"query": {"text": text}}).status_code in (200, 400, 422)
        assert browser.client.get("/search", {"q": text}).status_code in (200, 400)
    assert browser.client.post("/search/photo", {"q": "\x00"}).status_code in (302, 400)


def test_missing_and_foreign_photos_are_not_found(shop, camera):
    owner, stranger = Browser(), Browser()
    image_id = owner.upload(camera).json()["image_id"]
    for browser, given in ((owner, "01NOTTHERE0000000000000000"), (stranger, image_id), (owner, "../../etc/passwd")):
        assert browser.api({"image": {"image_id": given}}).status_code in (404, 422)
    page = stranger.client.get("/search", {"photo": image_id, "q": "shoes"}, follow=True)
    assert page.status_code == 200
    assert "no longer kept" in page.content.decode()


def test_product_whose_photo_is_missing_or_corrupt_is_sold_all_the_same(shop, settings):
    product = Product.objects.create(sku="umbrella", name="Yellow umbrella", price_minor=1900, stock=3)
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "yellow").save(out, "PNG")
    image = ProductImage.objects.create(product=product, image=ContentFile(out.getvalue(), "umbrella.png"))
    file = Path(settings.MEDIA_ROOT, image.image.name)
    file.write_bytes(out.getvalue()[:40])
    indexing.drain()
    assert skus(ask("an umbrella"))[0] == "umbrella"
    assert ItemFailure.objects.get(item_id="umbrella", block="look").reason
    file.unlink()
    assert Browser().client.get(product.get_absolute_url()).status_code == 200
    assert "umbrella" in skus_of_page(Browser().client.get("/search", {"q": "an umbrella"}))


# -- what changes ------------------------------------------------------------------------------------------------------


def test_saved_product_is_in_the_next_answer_after_the_drain(shop):
    Product.objects.create(sku="kayak", name="Inflatable kayak", description="For two.", price_minor=45900, stock=2)
    assert StaleItem.objects.filter(item_id="kayak").exists()
    report = indexing.drain()
    assert (report.items, report.encoded) == (1, {"text": 1})
    assert skus(ask("a kayak for the lake"))[0] == "kayak"


def test_hidden_and_sold_out_products_are_gone_from_the_next_answer_without_any_drain(shop):
    first, second, third = skus(ask(SHOES))[:3]
    hidden, sold_out = Product.objects.get(sku=first), Product.objects.get(sku=second)
    hidden.is_active = False
    hidden.save()
    sold_out.stock = 0
    sold_out.save()
    after = skus(ask(SHOES))
    assert after[0] == third
    assert not {first, second} & set(after)
    browser = Browser()
    assert not {first, second} & set(skus_of_api(browser.api({"query": {"text": SHOES}, "limit": 24})))
    assert not {first, second} & set(skus_of_page(browser.client.get("/search", {"q": SHOES})))


_PRICE_EDIT = """
import json, sys
import django
django.setup()
from recommender.models import IndexedItem
from recommender.services import indexing
from shop.catalog.models import Product
product = Product.objects.get(sku="A44352")
product.price_minor = 12345
product.save()
report = indexing.drain()
heavy = sorted({"torch", "transformers", "open_clip"} & set(sys.modules))
price = IndexedItem.objects.get(pk="A44352").facts["price_minor"]
print(json.dumps({"items": report.items, "encoded": report.encoded, "heavy": heavy, "price": price}))
"""


def test_price_edit_in_a_fresh_process_arrives_and_loads_no_model(demo, tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("the fresh process works on a copy of the test's SQLite file")
    with sqlite3.connect(tmp_path / "copy.sqlite3") as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'copy.sqlite3'}",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "LOG_LEVEL": "WARNING",
    }
    (tmp_path / "models").symlink_to(django_settings.RECOMMENDER["DATA_DIR"].resolve() / "models")
    done = subprocess.run(
        [sys.executable, "-c", _PRICE_EDIT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"items": 1, "encoded": {}, "heavy": [], "price": 12345}


# -- one forward -------------------------------------------------------------------------------------------------------


def test_request_in_words_costs_one_forward_of_the_text_tower_for_text_and_photo_blocks(shop, monkeypatch):
    get_engine().warm_up()
    counted: list[str] = []
    whole, short = TextTower._forward, RequestBert.__call__
    monkeypatch.setattr(TextTower, "_forward", lambda *given: counted.append("whole") or whole(*given))
    monkeypatch.setattr(RequestBert, "__call__", lambda *given: counted.append("short") or short(*given))
    served = ask("something nobody has asked for before, in green")
    assert counted == ["short"]
    assert {"words/text", "words/image"} <= set(served.answer.weights)
