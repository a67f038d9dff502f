"""A django-oscar shop with Attune in it: what docs/attach.md shows."""

from tests.hosts.oscar.celery import app as celery_app

__all__ = ["celery_app"]
