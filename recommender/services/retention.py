"""What is kept for how long: answers and events by LOG_RETENTION and by how many there are, photos by their own end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Model, QuerySet
from django.utils import timezone

from recommender.conf import get_settings
from recommender.models import Event, Recommendation, UploadedPhoto

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """How many rows went."""

    recommendations: int
    events: int
    photos: int


def purge() -> PurgeReport:
    """Delete what is past its retention, in short transactions so that a shop with one writer goes on selling."""
    conf = get_settings()
    oldest = timezone.now() - timedelta(seconds=conf.LOG_RETENTION)
    answers, events = Recommendation.objects.all(), Event.objects.all()
    return PurgeReport(
        recommendations=_delete(answers.filter(created_at__lt=oldest)) + _delete_beyond(answers, conf.LOG_MAX_ANSWERS),
        events=_delete(events.filter(received_at__lt=oldest)) + _delete_beyond(events, conf.LOG_MAX_EVENTS),
        photos=_delete_photos(),
    )


def _delete_beyond(rows: QuerySet[Recommendation] | QuerySet[Event], most: int) -> int:
    """Delete the oldest so that ``most`` stay; keys grow with time in both tables."""
    if not most:
        return 0
    newest_to_go = rows.order_by("-pk").values_list("pk", flat=True)[most : most + 1].first()
    return 0 if newest_to_go is None else _delete(rows.filter(pk__lte=newest_to_go))


def _delete(rows: QuerySet[Recommendation] | QuerySet[Event]) -> int:
    deleted = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        _in(rows.model, ids).delete()
        deleted += len(ids)
    return deleted


def _in(model: type[Model], ids: list[object]) -> QuerySet[Model]:
    return model._default_manager.filter(pk__in=ids)


def _delete_photos() -> int:
    """Expired query photos, file first: a row without a file is tried again, a file without a row would stay for ever."""
    deleted = 0
    for photo in UploadedPhoto.objects.filter(expires_at__lt=timezone.now()).iterator():
        photo.file.delete(save=False)
        photo.delete()
        deleted += 1
    return deleted
