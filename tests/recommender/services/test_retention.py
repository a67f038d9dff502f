"""recommender.services.retention: what is past its time goes, the rest stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from recommender.models import Event, Recommendation, UploadedPhoto
from recommender.services.retention import purge

pytestmark = pytest.mark.django_db


def test_answers_and_events_beyond_the_retention_go(settings):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "LOG_RETENTION": 3600}
    now = timezone.now()
    for age in (0, 2):
        at = now - timedelta(hours=age)
        Recommendation.objects.create(created_at=at, expires_at=at)
        Event.objects.create(kind="view", item_id=f"{age}", received_at=at)
    report = purge()
    assert (report.recommendations, report.events) == (1, 1)
    assert Event.objects.get().item_id == "0"


def test_expired_photo_goes_with_its_file(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    now = timezone.now()
    for ends in (-1, 1):
        photo = UploadedPhoto(width=1, height=1, expires_at=now + timedelta(hours=ends))
        photo.file.save(f"{ends}.jpg", ContentFile(b"photo"))
    assert purge().photos == 1
    assert [path.name for path in tmp_path.rglob("*.jpg")] == ["1.jpg"]


def test_the_oldest_beyond_a_bound_go_whatever_their_age(settings):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "LOG_MAX_ANSWERS": 2, "LOG_MAX_EVENTS": 3}
    now = timezone.now()
    for n in range(5):
        Recommendation.objects.create(id=f"{n:026d}", created_at=now, expires_at=now)
        Event.objects.create(kind="view", item_id=str(n))
    report = purge()
    assert (report.recommendations, report.events) == (3, 2)
    assert list(Recommendation.objects.order_by("pk").values_list("pk", flat=True)) == [f"{n:026d}" for n in (3, 4)]
    assert list(Event.objects.order_by("pk").values_list("item_id", flat=True)) == ["2", "3", "4"]


def test_a_bound_of_zero_is_none(settings):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "LOG_MAX_ANSWERS": 0, "LOG_MAX_EVENTS": 0}
    Event.objects.create(kind="view", item_id="a")
    assert (purge().events, Event.objects.count()) == (0, 1)
