"""Processes that die in the middle of embedding: real ones, by kill -9, over the real command and a real database file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from recommender.models import ItemEmbedding, ItemFailure, StaleItem
from shop.catalog.models import Product

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="the child process opens the test's database file"),
]


def start_index(tmp_path: Path, **options: object) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "RECOMMENDER_ENCODERS": json.dumps([{"BACKEND": "tests.encoders.HashedWords", "OPTIONS": options}]),
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "manage.py", "index", "--skip-checks"]
    return subprocess.Popen(
        command, cwd=django_settings.BASE_DIR, env=env, stdout=subprocess.DEVNULL, stderr=(tmp_path / "stderr.txt").open("a")
    )


def save_products(count: int) -> None:
    for number in range(count):
        Product.objects.create(sku=f"p{number}", name=f"Lamp {number}", price_minor=100, currency="USD")


def wait_until(true, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "nothing happened in time"
        time.sleep(0.02)


def test_killed_worker_loses_nothing_and_its_successor_takes_over_at_once(tmp_path):
    save_products(150)
    log = tmp_path / "encoded.txt"
    stored_by_the_dead: set[str] = set()
    for _ in range(2):
        process = start_index(tmp_path, seconds=0.25, log=str(log))
        before = ItemEmbedding.objects.count()
        wait_until(lambda before=before: ItemEmbedding.objects.count() > before)
        process.kill()
        process.wait()
        stored_by_the_dead = set(ItemEmbedding.objects.values_list("item_id", flat=True))
        lines_of_the_dead = len(log.read_text().splitlines())
    assert 0 < ItemEmbedding.objects.count() < 150
    started = time.monotonic()
    process = start_index(tmp_path, log=str(log))
    assert process.wait(timeout=60) == 0, (tmp_path / "stderr.txt").read_text()
    assert time.monotonic() - started < django_settings.RECOMMENDER.get("LEASE_SECONDS", 120) / 2
    assert ItemEmbedding.objects.values("item_id").distinct().count() == ItemEmbedding.objects.count() == 150
    assert not StaleItem.objects.exists()
    assert not ItemFailure.objects.exists()
    encoded = log.read_text().splitlines()
    assert set(encoded) == {f"Lamp {number}" for number in range(150)}
    again = {f"Lamp {sku.removeprefix('p')}" for sku in stored_by_the_dead} & set(encoded[lines_of_the_dead:])
    assert not again  # what was stored is never encoded twice: a kill costs the window that it hit, nothing else


def test_item_that_kills_its_worker_is_put_aside_after_three_tries_and_the_others_are_embedded(tmp_path):
    save_products(40)
    Product.objects.filter(sku="p7").update(name="Bomb")
    deaths = 0
    while start_index(tmp_path, deadly="Bomb").wait(timeout=60) != 0:
        deaths += 1
        assert deaths <= 3
    assert deaths == 3
    assert ItemEmbedding.objects.count() == 39
    failure = ItemFailure.objects.get()
    assert (failure.item_id, failure.block, failure.permanent) == ("p7", "item", True)
    assert "ended the worker 3 times" in failure.reason
    assert not StaleItem.objects.exists()
