"""What is popular and what is bought again, counted anew now and then for one process."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from fusion.collection import ItemCollection
from fusion.consumables import Consumables
from fusion.types import Item
from recommender.conf import get_settings
from recommender.consumables import consumables
from recommender.popularity import popularity_of_items

logger = logging.getLogger(__name__)

POPULARITY_SECONDS = 60.0
CONSUMABLES_SECONDS = 600.0
# Counting takes at most one part in so many of the time of the process, however long the log is.
COUNTING_SHARE = 50
# Up to here a change of the catalogue makes popularity be counted at once.
CHEAP_SECONDS = 0.05


class Counting:
    """Counts over the log of one process, written into its collection."""

    def __init__(self, collection: ItemCollection) -> None:
        self._collection = collection
        self._popularity: dict[str, float] = {}
        self._popularity_due = 0.0
        self._is_cheap = True
        self._consumables_due = 0.0
        self._consumables = Consumables(categories=get_settings().CONSUMABLE_CATEGORIES)

    def catalogue_changed(self) -> None:
        """Give the new rows what is known, and count again where that takes no time."""
        self._collection.set_popularity(self._popularity, timezone.now())
        if self._is_cheap:
            self._popularity_due = 0.0

    def refresh(self, *, simulated: bool) -> None:
        """Count what is due."""
        if time.monotonic() >= self._popularity_due:
            started = time.monotonic()
            try:
                self._popularity = popularity_of_items(simulated=simulated)
                self._collection.set_popularity(self._popularity, timezone.now())
            except DatabaseError as error:  # what is popular is a nicety: an answer without it lacks nothing that it claims
                logger.warning("event=popularity_failed error=%r", error)
            self._popularity_due = _next_count(started, POPULARITY_SECONDS)
            self._is_cheap = time.monotonic() - started < CHEAP_SECONDS
        if time.monotonic() >= self._consumables_due:
            started = time.monotonic()
            try:
                self._consumables = consumables(simulated=simulated)
            except DatabaseError as error:
                logger.warning("event=consumables_failed error=%r", error)
            self._consumables_due = _next_count(started, CONSUMABLES_SECONDS)

    def interval(self, item: Item) -> timedelta | None:
        """After how long an item is usually bought again; None for what is bought once."""
        return self._consumables.interval(item)


def _next_count(started: float, seconds: float) -> float:
    """When to count again, after a count that has just ended."""
    now = time.monotonic()
    return now + max(seconds, COUNTING_SHARE * (now - started))
