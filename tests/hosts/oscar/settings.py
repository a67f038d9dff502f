"""An ordinary django-oscar shop with Attune in it. State lies under DATA_DIR; the encoders come from the environment."""

import json
import os
from pathlib import Path

from celery.schedules import crontab
from oscar import INSTALLED_APPS as OSCAR_APPS
from oscar.defaults import *  # noqa: F403

DATA_DIR = Path(os.environ["DATA_DIR"])
SECRET_KEY = "only-for-this-test"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "oscar.sqlite3", "ATOMIC_REQUESTS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [*OSCAR_APPS, "sorl.thumbnail", "rest_framework", "drf_spectacular", "drf_spectacular_sidecar", "recommender"]
RECOMMENDER = {
    "CATALOG": "tests.hosts.oscar.adapter.OscarCatalog",
    "DATA_DIR": DATA_DIR,
    "ENCODERS": json.loads(os.environ.get("ENCODERS", '[{"BACKEND": "bundled"}]')),
}

QUEUE = DATA_DIR / "queue"
QUEUE.mkdir(parents=True, exist_ok=True)
CELERY_BROKER_URL = "filesystem://"  # or any that Celery knows, "redis://..." for one
CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": QUEUE, "data_folder_out": QUEUE, "control_folder": QUEUE / "control"}
CELERY_WORKER_CONCURRENCY = 1
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")
CELERY_BEAT_SCHEDULE = {
    "attune-drain": {"task": "recommender.tasks.drain", "schedule": 5.0, "options": {"expires": 5.0}},
    "attune-purge": {"task": "recommender.tasks.purge", "schedule": crontab(minute=17)},
    "attune-reconcile": {"task": "recommender.tasks.reconcile", "schedule": crontab(hour=3, minute=40)},
    "attune-behaviour": {"task": "recommender.tasks.learn_behaviour", "schedule": crontab(hour=4, minute=20)},
    "attune-graph": {"task": "recommender.tasks.build_graph", "schedule": crontab(hour=4, minute=40)},
}

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
ROOT_URLCONF = "tests.hosts.oscar.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oscar.apps.search.context_processors.search_form",
                "oscar.apps.checkout.context_processors.checkout",
                "oscar.apps.communication.notifications.context_processors.notifications",
                "oscar.core.context_processors.metadata",
            ],
        },
    },
]
SITE_ID = 1
USE_TZ = True
LANGUAGE_CODE = "en-gb"
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
HAYSTACK_SIGNAL_PROCESSOR = "haystack.signals.BaseSignalProcessor"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
OSCAR_DEFAULT_CURRENCY = "EUR"
OSCAR_INITIAL_ORDER_STATUS = "Pending"

# Not part of an attachment: oscar's own tables are made from its models, because its migrations take a minute.
MIGRATION_MODULES = dict.fromkeys(
    ("address", "analytics", "basket", "catalogue", "communication", "customer", "offer", "order", "partner", "payment",
     "reviews", "shipping", "thumbnail", "voucher", "wishlists")
)  # fmt: skip
