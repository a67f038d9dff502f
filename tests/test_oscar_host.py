"""A django-oscar shop attaches with one class. It runs in processes of its own, with its own settings and database."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recommender.conf import get_settings

ROOT = Path(__file__).parent.parent
HOST = ROOT / "tests" / "hosts" / "oscar"
SMALL = [{"BACKEND": "tests.encoders.HashedWords"}, {"BACKEND": "tests.encoders.MeanColours"}]


@dataclass(frozen=True)
class Shop:
    """One oscar shop: a folder, and which encoders it was set up with."""

    folder: Path
    encoders: list[dict[str, Any]]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "tests.hosts.oscar.settings",
            "ENCODERS": json.dumps(self.encoders),
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *arguments: str) -> str:
        """Standard output of ``python -m ...`` in this shop; a failure shows what it said."""
        command = [sys.executable, "-W", "ignore", "-m", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, f"{arguments}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def manage(self, *arguments: str) -> str:
        return self.run("django", *arguments)

    def recommend(self, text: str, *arguments: str) -> dict[str, Any]:
        return json.loads(self.manage("recommend", text, "--json", *arguments))


def open_shop(folder: Path, encoders: list[dict[str, Any]]) -> Shop:
    shop = Shop(folder, encoders)
    shop.manage("migrate", "--run-syncdb", "--verbosity", "0")
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("oscar"), SMALL)


@pytest.fixture(scope="module")
def day(shop) -> dict[str, Any]:
    return json.loads(shop.run("tests.hosts.oscar.shelf", "day"))


def names(day: dict[str, Any], ids: list[str]) -> list[str]:
    by_id = {product_id: name for name, product_id in day["made"].items()}
    return [by_id[i] for i in ids]


def test_checks_of_the_shop_find_nothing_wrong(shop):
    assert "no issues" in shop.manage("check", "--fail-level", "WARNING")


def test_products_of_oscar_become_items_with_all_that_oscar_knows_of_them(day):
    assert day["first_drain"] == {"items": 7, "encoded": {"text": 7, "look": 7}, "removed": 0, "failed": 0}
    boots = day["items"][day["made"]["boots"]]
    assert boots["category"] == ["Clothing", "Footwear"]
    assert (boots["price_minor"], boots["currency"], boots["stock"], boots["n_photos"]) == (8900, "EUR", 5, 1)
    assert boots["attributes"] == {"colour": ["red"], "size": ["38", "42"]}
    assert boots["url"] == f"/catalogue/hiking-boots_{day['made']['boots']}/"


def test_variants_give_their_parent_the_lowest_price_and_the_sum_of_their_stock(day):
    shirt = day["items"][day["made"]["shirt"]]
    assert (shirt["price_minor"], shirt["stock"]) == (2200, 7)


def test_words_find_the_right_products_through_the_api(day):
    first = {text: names(day, ids)[0] for text, ids in day["answers"].items()}
    assert first == {"waterproof boots": "boots", "comfortable chair": "chair", "a mug for coffee": "mug"}


def test_filters_read_the_prices_and_attributes_of_oscar(day):
    assert sorted(names(day, day["cheap"])) == ["mug", "sandals", "shirt"]
    assert names(day, day["coloured"]) == ["sandals"]


def test_price_edit_arrives_and_encodes_nothing(day):
    assert day["reprice"]["drain"] == {"items": 1, "encoded": {}, "removed": 0, "failed": 0}
    assert sorted(names(day, day["reprice"]["under_ten"])) == ["mug", "tent"]


def test_hidden_sold_out_and_deleted_products_are_gone_before_any_worker_knows(day):
    assert sorted(names(day, day["gone"]["at_once"])) == ["boots", "sandals", "shirt", "tent"]
    assert day["gone"]["drain"] == {"items": 3, "encoded": {}, "removed": 2, "failed": 0}
    assert day["gone"]["after"] == day["gone"]["at_once"]


def test_renamed_category_is_renamed_in_every_product_below_it(day):
    assert day["rename"]["drain"]["items"] == 2
    assert day["rename"]["category"] == ["Clothing", "Shoes and boots"]


def test_page_view_basket_and_order_of_oscar_become_feedback(day):
    sandals, user_id = day["made"]["sandals"], "user-1"
    assert day["feedback"] == [
        ["view", sandals, user_id, 1],
        ["add_to_cart", sandals, user_id, 1],
        ["purchase", sandals, user_id, 2],
    ]


def test_command_answers_with_a_shopper_s_history_and_says_so(day, shop):
    answer = shop.recommend("", "--user", "user-1")
    assert day["made"]["boots"] in [item["sku"] for item in answer["items"]]
    assert day["made"]["sandals"] not in [item["sku"] for item in answer["items"]]
    assert answer["degraded"] == []


def test_worker_of_the_shop_embeds_what_was_saved(shop, day):
    log = shop.folder / "worker.log"
    with log.open("w") as out:
        command = [sys.executable, "-m", "celery", "-A", "tests.hosts.oscar", "worker", "-B", "--loglevel", "INFO"]
        worker = subprocess.Popen(
            command, cwd=ROOT, env=shop.environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            seconds = json.loads(shop.run("tests.hosts.oscar.shelf", "restock"))
        except AssertionError as error:
            raise AssertionError(f"{error}\nThe worker said:\n{log.read_text()}") from error
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(30)
    assert seconds < 60  # noticed by the shop's own worker, not by the nightly look at everything


@pytest.mark.models
def test_bundled_encoder_answers_in_english_and_chinese(tmp_path):
    (tmp_path / "models").symlink_to(get_settings().models_dir.resolve())
    shop = open_shop(tmp_path, [{"BACKEND": "bundled"}])
    made = json.loads(shop.run("tests.hosts.oscar.shelf", "fill"))
    shop.manage("index")
    asked = {"boots": "shoes for a rainy hike", "chair": "一把舒服的椅子", "mug": "something to drink tea from"}
    file = tmp_path / "asked.jsonl"
    file.write_text("".join(json.dumps({"qid": name, "text": text}) + "\n" for name, text in asked.items()))
    answers = [json.loads(line) for line in shop.manage("recommend", "--batch", str(file)).splitlines()]
    assert {answer["qid"]: answer["ids"][0] for answer in answers} == {name: made[name] for name in asked}
    assert all(answer["items"][0]["reasons"] and answer["degraded"] == [] for answer in answers)


def test_guide_shows_the_code_that_this_test_runs():
    guide = (ROOT / "docs" / "attach.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", guide, flags=re.DOTALL))
    assert shown["shop/attune.py"] == (HOST / "adapter.py").read_text(encoding="utf-8")
    celery = shown["shop/celery.py"].replace("shop.settings", "tests.hosts.oscar.settings")
    assert celery == (HOST / "celery.py").read_text(encoding="utf-8").partition("\n\n")[2]
    settings = (HOST / "settings.py").read_text(encoding="utf-8")
    for line in shown["shop/settings.py"].replace("shop.attune", "tests.hosts.oscar.adapter").splitlines():
        assert line.strip() in settings, f"docs/attach.md shows a setting that the test does not use: {line!r}"
    urls = (HOST / "urls.py").read_text(encoding="utf-8")
    assert all(line.strip() in urls for line in shown["shop/urls.py"].splitlines())
