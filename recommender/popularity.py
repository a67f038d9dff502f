"""How much shoppers lately wanted each item, counted from the event log as ``fusion.popularity`` says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from fusion.popularity import WINDOW_DAYS, Choice, popularity
from fusion.profile import KIND_WEIGHT
from recommender.models import Event, IndexedItem

WEEK = timedelta(days=7)
WEEKS_BEFORE = 3
MIN_SHOPPERS = 5  # fewer are a chance, or a person
KINDS = tuple(kind for kind, weight in KIND_WEIGHT.items() if weight > 0)


def popularity_of_items(at: datetime | None = None, *, simulated: bool = False) -> dict[str, float]:
    """Item id -> popularity at a moment, by default now; items that nobody chose are left out.

    Ages are counted back from the latest event before the moment: a history that was imported, or a shop that rested, still
    knows what was wanted. Nothing after the moment is looked at.

    Args:
        simulated: count simulated events, too.
    """
    events = Event.objects.filter(kind__in=KINDS, occurred_at__lte=at or timezone.now())
    events = events if simulated else events.filter(simulated=False)
    latest = events.aggregate(at=Max("occurred_at"))["at"]
    if latest is None:
        return {}
    n_items = IndexedItem.objects.filter(removed=False).count()
    return popularity(_choices(events.filter(occurred_at__gte=latest - timedelta(days=WINDOW_DAYS)), latest), n_items)


def _choices(events: QuerySet[Event], latest: datetime) -> Iterator[Choice]:
    """The latest time of each shopper, item and kind. Whoever has no name and no session counts as one shopper together."""
    rows = events.values_list("item_id", "user_id", "visitor_id", "session_id", "kind").annotate(at=Max("occurred_at"))
    for item_id, user, visitor, session, kind, at in rows.order_by().iterator(5000):
        yield Choice(item_id, user or visitor or session, kind, (latest - at) / timedelta(days=1))


def rising_items(at: datetime | None = None, *, simulated: bool = False) -> list[str]:
    """Ids of items that more shoppers chose in the last week than in a mean week of those before, steepest first.

    Counts shoppers and not clicks, from MIN_SHOPPERS on; the mean is taken MIN_SHOPPERS higher, so that few do not look steep.
    """
    now = at or timezone.now()
    events = Event.objects.filter(kind__in=KINDS, occurred_at__lte=now, occurred_at__gt=now - (1 + WEEKS_BEFORE) * WEEK)
    events = events if simulated else events.filter(simulated=False)
    shopper = Coalesce(*(NullIf(name, Value("")) for name in ("user_id", "visitor_id", "session_id")))
    weeks = [Q(occurred_at__lte=now - n * WEEK, occurred_at__gt=now - (n + 1) * WEEK) for n in range(1 + WEEKS_BEFORE)]
    counts = {f"week{n}": Count(shopper, filter=week, distinct=True) for n, week in enumerate(weeks)}
    rows = events.order_by().values("item_id").annotate(**counts)
    steepness = {}
    for item_id, recent, *before in rows.values_list("item_id", *counts):
        mean = sum(before) / WEEKS_BEFORE
        if recent >= MIN_SHOPPERS and recent > mean:
            steepness[item_id] = recent / (mean + MIN_SHOPPERS)
    return sorted(steepness, key=lambda item_id: (-steepness[item_id], item_id))
