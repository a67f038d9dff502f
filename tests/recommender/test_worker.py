"""recommender.worker: a real Celery worker over the embedded broker, from a save to a vector, and over a kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from recommender import worker
from recommender.encoders import set_encoders
from recommender.models import ItemEmbedding, ItemFailure, StaleItem, Worker
from shop.catalog.models import Product
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db(transaction=True)


class WorkerProcess:
    """``celery -A shop worker -B`` in a process group of its own, on the test's database and a queue of its own."""

    def __init__(self, folder: Path) -> None:
        encoder = {"BACKEND": "tests.encoders.HashedWords", "OPTIONS": {"seconds": 0.2}}
        env = {
            **os.environ,
            "DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
            "RECOMMENDER_ENCODERS": json.dumps([encoder]),
            "CELERY_BROKER_URL": "filesystem://",
        }
        command = [sys.executable, "-m", "celery", "-A", "shop", "worker", "-B", "-l", "WARNING"]
        with (folder / "worker.log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=django_settings.BASE_DIR, env=env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=40)


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[[], WorkerProcess]]:
    started: list[WorkerProcess] = []

    def begin() -> WorkerProcess:
        started.append(WorkerProcess(tmp_path))
        return started[-1]

    yield begin
    for process in started:
        if process.process.poll() is None:
            process.kill()


def wait_until(true: Callable[[], bool], seconds: float) -> float:
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "nothing happened in time"
        time.sleep(0.05)
    return time.monotonic() - started


def save_product(sku: str) -> None:
    Product.objects.create(sku=sku, name=f"Lamp {sku}", price_minor=100, currency="USD")


@pytest.fixture
def absent_photo(host) -> Iterator[HashedWords]:
    """An item that failed for a reason which may be over by now."""
    encoder = HashedWords()
    set_encoders([encoder])
    ItemFailure.objects.create(item_id="lamp", block="look", reason="Photo 1 cannot be read", permanent=False)
    ItemFailure.objects.create(item_id="chair", block="look", reason="Photo 1 is damaged", permanent=True)
    yield encoder
    set_encoders(None)


def test_warm_up_reads_the_weights_and_tries_again_what_may_work_now(absent_photo):
    worker._warm_up()
    assert absent_photo.is_loaded
    assert list(StaleItem.objects.values_list("item_id", "background")) == [("lamp", True)]


def test_warm_up_without_weights_is_logged_and_retries_nothing(absent_photo, monkeypatch, caplog):
    def absent():
        raise FileNotFoundError("no weights")

    monkeypatch.setattr(absent_photo, "load", absent)
    worker._warm_up()
    assert "event=warm_up_failed" in caplog.text
    assert not StaleItem.objects.exists()


def test_worker_process_says_that_it_lives_until_it_stops(settings, host):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "WARM_UP": False}
    set_encoders([HashedWords()])
    worker.start()
    wait_until(lambda: Worker.objects.filter(models_loaded=False).exists(), 10)
    worker.stop()
    assert not Worker.objects.exists()
    set_encoders(None)


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="the worker opens the test's database file")
def test_worker_finds_work_without_a_message_and_survives_a_kill(start):
    first = start()
    wait_until(lambda: Worker.objects.filter(models_loaded=True).exists(), 60)
    for number in range(200):  # the messages go to this test's own queue: the worker's clock must find the rows
        save_product(str(number))
    wait_until(lambda: ItemEmbedding.objects.exists(), 30)
    first.kill()
    assert StaleItem.objects.exists()
    second = start()
    wait_until(lambda: not StaleItem.objects.exists(), 90)
    assert ItemEmbedding.objects.count() == ItemEmbedding.objects.values("item_id").distinct().count() == 200
    second.stop()
    assert Worker.objects.count() == 1  # the killed one could not take its row along, the stopped one did
