"""Which items shoppers buy again and again, learnt from the event log; categories come from the settings and the catalogue."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from fusion.consumables import Consumables, learn_intervals
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.models import Event

# Longer ago, shops and habits were others.
WINDOW = timedelta(days=730)


def consumables(*, simulated: bool = False) -> Consumables:
    """What may come back after a purchase, as the log says now. Purchases without a shopper are not looked at."""
    categories = (*get_settings().CONSUMABLE_CATEGORIES, *get_catalog().consumable_categories)
    bought = Event.objects.filter(kind=Event.Kind.PURCHASE, occurred_at__lte=timezone.now())
    bought = bought if simulated else bought.filter(simulated=False)
    latest = bought.aggregate(at=Max("occurred_at"))["at"]
    if latest is None:
        return Consumables({}, categories)
    rows = bought.filter(occurred_at__gte=latest - WINDOW).exclude(user_id="", visitor_id="")
    named = rows.values_list("user_id", "visitor_id", "item_id", "occurred_at").order_by()
    return Consumables(
        learn_intervals((user or visitor, item, at) for user, visitor, item, at in named.iterator(5000)), categories
    )
