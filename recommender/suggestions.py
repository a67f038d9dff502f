"""What one process suggests from while somebody types, made anew after the catalogue changed, beside serving."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from fusion.collection import ItemCollection
from fusion.instructions.base import InstructionParser
from fusion.instructions.teaching import request_key
from fusion.suggesting.index import SuggestionIndex
from fusion.suggesting.lines import Lines
from recommender.models import Recommendation

logger = logging.getLogger(__name__)

# Up to here the index is made within the first suggestion after a change (a tenth of a second); above, in a thread.
INLINE_ITEMS = 500
# Making it takes at most one part in so many of the time of the process, however often the catalogue changes.
MAKING_SHARE = 20
# A request that fewer shoppers asked is never suggested to others: it may say something of somebody.
MIN_SHOPPERS = 5
ASKED_SECONDS = 300.0
ASKED_SHARE = 50
ASKED_DAYS = 90
_LATEST_REQUESTS = 20_000
_MAX_ASKED_LENGTH = 80


class AskedRequests:
    """Requests that several shoppers asked, the most asked first, ready to be searched."""

    def __init__(self, texts: tuple[str, ...] = ()) -> None:
        self.texts = texts
        self.lines = Lines(texts)


class PreparedSuggestions:
    """The suggestion index of one collection. Thread-safe; who asks while it is made anew gets the one before."""

    def __init__(self, collection: ItemCollection, parser: InstructionParser) -> None:
        self._collection = collection
        self._parser = parser
        self._index: SuggestionIndex | None = None
        self._wanted, self._made = 1, 0
        self._due = 0.0
        self._making = threading.Lock()
        self._asked = AskedRequests()
        self._asked_due = 0.0
        self._counting = threading.Lock()

    def changed(self) -> None:
        """Titles, categories or values are not what they were."""
        self._wanted += 1

    def prepare(self) -> None:
        """Make the index now if it is not up to date."""
        with self._making:
            if self._made != self._wanted:
                self._make()

    def index(self) -> SuggestionIndex | None:
        """The index; None while the first one of a large catalogue is being made."""
        if self._made != self._wanted:
            if len(self._collection) <= INLINE_ITEMS:
                self.prepare()
            elif time.monotonic() >= self._due and not self._making.locked():
                threading.Thread(target=self.prepare, name="attune-suggestions", daemon=True).start()
        return self._index

    def asked(self) -> AskedRequests:
        """What several shoppers asked, counted anew now and then."""
        if time.monotonic() >= self._asked_due and self._counting.acquire(blocking=False):
            started = time.monotonic()
            try:
                self._asked = AskedRequests(asked_by_several())
            except DatabaseError as error:
                logger.warning("event=asked_requests_failed error=%r", error)
            finally:
                now = time.monotonic()
                self._asked_due = now + max(ASKED_SECONDS, ASKED_SHARE * (now - started))
                self._counting.release()
        return self._asked

    def _make(self) -> None:
        wanted, started = self._wanted, time.monotonic()
        ids = self._collection.ids()
        popularity = self._collection.columns.numbers("popularity")
        rows = dict(zip(ids, self._collection.rows_of(ids).tolist(), strict=False))
        ids.sort(key=lambda item_id: -float(popularity[rows[item_id]]) if rows.get(item_id, -1) < len(popularity) else 0.0)
        items = (item for item_id in ids if (item := self._collection.item(item_id)))
        self._index = SuggestionIndex(items, self._parser.value_name)
        self._made = wanted
        now = time.monotonic()
        self._due = now + MAKING_SHARE * (now - started)
        if threading.current_thread().name == "attune-suggestions":
            connection.close()


def asked_by_several(days: int = ASKED_DAYS) -> tuple[str, ...]:
    """Requests in words alone that at least MIN_SHOPPERS distinct shoppers asked and that found something, most asked first.

    Every word of them was understood, so that nothing is repeated that the catalogue and the lexicon have no word for; and
    nobody who keeps their history out counts.
    """
    rows = (
        Recommendation.objects.filter(created_at__gte=timezone.now() - timedelta(days=days), simulated=False, state="ok")
        .filter(total__gt=0, request__has_photo=False)
        .exclude(request__text="")
        .exclude(user_id="", visitor_id="")
        .order_by("-created_at")
        .values_list("request__text", "request__use_history", "instruction__unparsed", "user_id", "visitor_id")
    )
    shoppers: dict[str, set[tuple[str, str]]] = {}
    spelled: dict[str, str] = {}
    for text, use_history, unparsed, user_id, visitor_id in rows[:_LATEST_REQUESTS]:
        if use_history is False or unparsed or len(text) > _MAX_ASKED_LENGTH:
            continue
        key = request_key(text)
        spelled.setdefault(key, text)
        shoppers.setdefault(key, set()).add((user_id, "" if user_id else visitor_id))
    known = [key for key, who in shoppers.items() if len(who) >= MIN_SHOPPERS]
    return tuple(spelled[key] for key in sorted(known, key=lambda key: (-len(shoppers[key]), key)))
