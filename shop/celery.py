"""The shop's Celery application: ``celery -A shop worker -B`` runs the worker and its clock in one command."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")


def _beat_schedule(drain_every: float) -> dict[str, Any]:
    """The plugin's tasks by name: the outbox at once, tidying and experiments hourly, what learns nightly or weekly (UTC)."""
    return {
        "attune-drain": {"task": "recommender.tasks.drain", "schedule": drain_every, "options": {"expires": drain_every}},
        "attune-purge": {"task": "recommender.tasks.purge", "schedule": crontab(minute=17), "options": {"expires": 3000}},
        "attune-experiment": {
            "task": "recommender.tasks.watch_experiment",
            "schedule": crontab(minute=27),
            "options": {"expires": 3000},
        },
        "attune-reconcile": {"task": "recommender.tasks.reconcile", "schedule": crontab(hour=3, minute=40)},
        "attune-behaviour": {"task": "recommender.tasks.learn_behaviour", "schedule": crontab(hour=4, minute=20)},
        "attune-fusion": {"task": "recommender.tasks.train_fusion", "schedule": crontab(hour=5, minute=0, day_of_week="sun")},
        "attune-policy": {"task": "recommender.tasks.learn_policy", "schedule": crontab(hour=5, minute=30, day_of_week="sun")},
        "attune-graph": {"task": "recommender.tasks.build_graph", "schedule": crontab(hour=4, minute=40)},
    }


def _defaults() -> dict[str, Any]:
    """What a ``CELERY_...`` setting may override. Read late: the settings import this package first."""
    from django.conf import settings

    given: dict[str, Any] = {
        "beat_schedule": _beat_schedule(float(settings.RECOMMENDER.get("DRAIN_EVERY", 5))),
        "beat_schedule_filename": str(settings.DATA_DIR / "celery-beat"),
        "worker_concurrency": 1,
        "worker_max_tasks_per_child": 5000,
        "worker_hijack_root_logger": False,
        "worker_soft_shutdown_timeout": 28.0,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
    }
    if not settings.CELERY_BROKER_URL.startswith("filesystem"):
        # Without a limit a message to a broker that is away waits for ever.
        given["broker_transport_options"] = {
            "visibility_timeout": 900,
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "health_check_interval": 30,
            "max_retries": 1,
            "interval_start": 0,
            "interval_max": 0.5,
        }
    return given


app = Celery("attune")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults(_defaults)
app.autodiscover_tasks()
