"""recommender.services.ledger: what runs and who is at work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from recommender.models import Job, Worker
from recommender.services import ledger

pytestmark = pytest.mark.django_db


def test_job_ends_done_with_its_last_progress():
    with ledger.track("index", total=2) as job:
        job(1, 2)
        job(2, 2)
    row = Job.objects.get()
    assert (row.state, row.done, row.total) == ("done", 2, 2)


def test_interrupted_job_is_cancelled():
    with pytest.raises(KeyboardInterrupt), ledger.track("index"):
        raise KeyboardInterrupt
    assert Job.objects.get().state == "cancelled"


def test_job_of_a_dead_process_is_closed_and_old_ones_are_forgotten():
    now = timezone.now()
    Job.objects.create(kind="dead", state="running", heartbeat_at=now - timedelta(hours=1))
    Job.objects.create(kind="alive", state="running", heartbeat_at=now)
    Job.objects.create(kind="old", state="done", created_at=now - timedelta(days=40))
    ledger.tidy()
    assert dict(Job.objects.values_list("kind", "state")) == {"dead": "failed", "alive": "running"}


def test_worker_is_alive_for_half_a_minute_after_its_last_word():
    ledger.beat(models_loaded=False)
    assert ledger.workers_alive() == 1
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    assert ledger.workers_alive() == 0
