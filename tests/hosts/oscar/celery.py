"""The shop's worker: ``celery -A tests.hosts.oscar worker -B``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.hosts.oscar.settings")
app = Celery("oscar-shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
