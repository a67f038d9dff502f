"""recommender.tasks: thin, and idle when there is nothing to do."""

from __future__ import annotations

import pytest

from fusion.types import Item
from recommender import tasks
from recommender.encoders import set_encoders
from recommender.models import ItemEmbedding, Job, StaleItem
from recommender.services.indexing import mark_stale
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def words(host):
    encoder = HashedWords()
    set_encoders([encoder])
    yield encoder
    set_encoders(None)


def test_drain_embeds_and_a_second_run_changes_nothing(host, words):
    host.items = {"a": Item("a", "Lamp")}
    mark_stale(["a"])
    tasks.drain()
    before = list(ItemEmbedding.objects.values())
    tasks.drain()
    assert list(ItemEmbedding.objects.values()) == before
    assert (words.encoded, Job.objects.count()) == (["Lamp"], 0)


def test_idle_drain_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        tasks.drain()


def test_large_drain_is_a_job_in_the_ledger(host):
    host.items = {str(n): Item(str(n), f"Lamp {n}") for n in range(40)}
    mark_stale(host.items)
    tasks.drain()
    job = Job.objects.get()
    assert (job.kind, job.state, job.done, job.total, job.failed) == ("index", "done", 40, 40, 0)
    assert job.finished_at >= job.started_at


def test_drain_that_runs_out_of_time_asks_to_be_called_again(host, monkeypatch):
    sent: list[int] = []
    monkeypatch.setattr(tasks, "send_drain", lambda: sent.append(1))
    monkeypatch.setattr(tasks, "BUDGET_SECONDS", 0.0001)
    monkeypatch.setattr("recommender.services.embedder.BATCHES_PER_WINDOW", 1)
    host.items = {str(n): Item(str(n), f"Lamp {n}") for n in range(100)}
    mark_stale(host.items)
    tasks.drain()
    assert sent == ([1] if StaleItem.objects.count() < 100 else [])


def test_reconcile_says_in_the_ledger_what_it_found(host):
    host.items = {"a": Item("a", "Lamp")}
    tasks.reconcile()
    assert Job.objects.get(kind="reconcile").message == "new=1"


def test_failed_job_keeps_what_was_raised(host, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the shop is away")

    monkeypatch.setattr(host, "iter_item_ids", broken)
    with pytest.raises(RuntimeError):
        tasks.reconcile()
    job = Job.objects.get()
    assert (job.state, job.message) == ("failed", "RuntimeError: the shop is away")
