"""What every worker process does beside its tasks: says that it lives, and reads the weights before they are asked for.

All of it starts after the fork, in the process that does the work: a model that is loaded before a fork can hang after it
(OpenMP threads do not survive one), and a parent that forks must hold no database connection.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown
from django.db import connection

from recommender.conf import get_settings
from recommender.encoders import get_encoders, load_all
from recommender.models import ItemFailure, Worker
from recommender.services import ledger
from recommender.services.outbox import mark_stale

logger = logging.getLogger(__name__)

BEAT_EVERY = 10.0

_stopping = threading.Event()


@worker_process_init.connect(dispatch_uid="recommender.worker.start")  # type: ignore[untyped-decorator]
def start(**_: Any) -> None:
    """Start the heartbeat and, where ``WARM_UP`` says so, the reading of the weights; both in the background."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one process a core: OpenMP's spinning barriers cost more than they give
    _stopping.clear()
    threading.Thread(target=_beat_until_stopped, name="attune-heartbeat", daemon=True).start()
    if get_settings().WARM_UP:
        threading.Thread(target=_warm_up, name="attune-warm-up", daemon=True).start()


@worker_process_shutdown.connect(dispatch_uid="recommender.worker.stop")  # type: ignore[untyped-decorator]
def stop(**_: Any) -> None:
    """A worker that stops in order takes its row along."""
    _stopping.set()
    Worker.objects.filter(name=ledger.worker_name()).delete()


def _models_loaded() -> bool:
    try:
        return all(encoder.is_loaded for encoder in get_encoders())
    except Exception:
        return False


def _beat_until_stopped() -> None:
    while not _stopping.is_set():
        try:
            ledger.beat(models_loaded=_models_loaded())
        except Exception as error:
            logger.warning("event=heartbeat_failed error=%r", error)
        finally:
            connection.close()
        _stopping.wait(BEAT_EVERY)


def _warm_up() -> None:
    """Read the weights, then try again what had failed for a reason that may be over: missing weights, an absent file."""
    if _stopping.wait(get_settings().WARM_UP_AFTER):
        return
    try:
        load_all()
        logger.info("event=models_loaded worker=%s", ledger.worker_name())
        mark_stale(ItemFailure.objects.filter(permanent=False).values_list("item_id", flat=True), "again", background=True)
    except Exception as error:
        logger.warning("event=warm_up_failed error=%r", error)
    finally:
        connection.close()
