"""How much shoppers lately wanted each item: weighted events in a window, smoothed by a logarithm."""

from __future__ import annotations

import math
from datetime import timedelta

from django.db.models import Count, Max
from django.utils import timezone

from fusion.profile import KIND_WEIGHT
from recommender.models import Event

WINDOW = timedelta(days=30)


def popularity_of_items() -> dict[str, float]:
    """Item id -> log(1 + weighted number of events in the window); items that nobody touched are left out.

    The window ends with the latest event: a history that was imported, or a shop that rested, still knows what was wanted.
    """
    kinds = [kind for kind, weight in KIND_WEIGHT.items() if weight > 0]
    latest = Event.objects.filter(kind__in=kinds, occurred_at__lte=timezone.now()).aggregate(at=Max("occurred_at"))["at"]
    if latest is None:
        return {}
    counted = (
        Event.objects.filter(occurred_at__gte=latest - WINDOW, kind__in=kinds)
        .values_list("item_id", "kind")
        .annotate(n=Count("id"))
        .order_by()
    )
    weights: dict[str, float] = {}
    for item_id, kind, n in counted:
        weights[item_id] = weights.get(item_id, 0.0) + KIND_WEIGHT[kind] * n
    return {item_id: math.log1p(weight) for item_id, weight in weights.items()}
