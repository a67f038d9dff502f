"""recommender.services.outbox: what changed is written with the change, and a broker can neither fail nor slow it."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from django.db import transaction

from recommender.models import ItemEmbedding, StaleItem
from recommender.services import outbox
from recommender.services.indexing import drain
from shop.catalog.models import Product
from shop.celery import app
from tests.encoders import HashedWords


def make_product(sku: str = "a") -> Product:
    return Product.objects.create(sku=sku, name=f"Lamp {sku}", price_minor=100, currency="USD")


@pytest.fixture
def sent(monkeypatch) -> list[float]:
    """When a message would have left this process, by a nudger of this test's own."""
    times: list[float] = []
    nudger = outbox._Nudger()
    monkeypatch.setattr(nudger, "_send", lambda: times.append(time.monotonic()))
    monkeypatch.setattr(outbox, "_nudger", nudger)
    return times


@pytest.fixture
def dead_broker(monkeypatch):
    """Celery's connection points at a port where nobody listens."""
    monkeypatch.setitem(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(
        app.conf, "broker_transport_options", {"max_retries": 1, "interval_start": 0, "socket_connect_timeout": 1}
    )
    app.amqp._producer_pool = None
    monkeypatch.setattr(app, "_pool", None)
    yield
    app.amqp._producer_pool = None


@pytest.mark.django_db
def test_save_and_its_outbox_row_are_one_transaction():
    make_product("a")
    assert list(StaleItem.objects.values_list("item_id", "reason")) == [("a", "saved")]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_save_enqueues_nothing(sent):
    with transaction.atomic():
        make_product("a")
        transaction.set_rollback(True)
    time.sleep(0.1)
    assert (StaleItem.objects.count(), sent) == (0, [])


@pytest.mark.django_db
def test_same_item_twice_in_a_call_is_one_row():
    assert outbox.mark_stale(["a", "b", "a"]) == 2
    assert StaleItem.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_messages_of_many_saves_are_coalesced(sent):
    started = time.monotonic()
    for number in range(50):
        make_product(str(number))
    time.sleep(0.2)
    assert len(sent) <= 1 + (time.monotonic() - started) / outbox.NUDGE_EVERY
    assert sent[0] - started < 0.2


@pytest.mark.django_db(transaction=True)
def test_message_waits_for_the_commit(sent):
    with transaction.atomic():
        make_product("a")
        time.sleep(0.1)
        assert sent == []
    time.sleep(0.1)
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_dead_broker_neither_fails_nor_slows_a_save_and_is_logged_once(dead_broker, monkeypatch, caplog):
    failed = threading.Event()
    nudger = outbox._Nudger()
    warn = nudger._warn
    monkeypatch.setattr(nudger, "_warn", lambda error: (warn(error), failed.set()))
    monkeypatch.setattr(outbox, "_nudger", nudger)
    with caplog.at_level(logging.WARNING, logger="recommender.services.outbox"):
        slowest = 0.0
        for number in range(20):
            started = time.monotonic()
            make_product(str(number))
            slowest = max(slowest, time.monotonic() - started)
        assert failed.wait(10)
        nudger._send()
    assert slowest < 0.5
    assert [record.getMessage().split()[0] for record in caplog.records] == ["event=nudge_failed"]
    drain(encoders=[HashedWords()])
    assert ItemEmbedding.objects.count() == 20
