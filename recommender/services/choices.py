"""Who chose what, read from the log for learning: only what had been received, of shoppers who may be remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Count, Max, Min, QuerySet
from numpy.typing import NDArray

from fusion.profile import KIND_WEIGHT
from recommender.catalog import get_catalog
from recommender.models import Event, IndexedItem

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PURCHASE = "purchase"
CHOOSING = tuple(kind for kind, weight in KIND_WEIGHT.items() if weight > 0)
UNDOING = ("return", "dislike")
# The newest of a shopper's items that are learnt from: a reseller with 10,000 items would be 100 million pairs.
MAX_ITEMS_A_SHOPPER = 500


@dataclass(frozen=True)
class Choices:
    """Who chose which item first when, one entry for each shopper, item and kind.

    Attributes:
        item_ids: what the n columns stand for.
        n_shoppers: rows.
        shopper, item: row and column of each entry.
        weight: of the kind, a purchase is 1.
        bought: whether the entry is a purchase.
        at: POSIX seconds of the first time.
        kinds: kind of each entry.
    """

    item_ids: tuple[str, ...]
    n_shoppers: int
    shopper: NDArray[np.int64]
    item: NDArray[np.int64]
    weight: NDArray[np.float32]
    bought: NDArray[np.bool_]
    at: NDArray[np.float64]
    kinds: tuple[str, ...]

    def counts(self, among: NDArray[np.bool_] | None = None) -> csr_matrix:
        """(n_shoppers, n_items): the strongest thing that a shopper did with an item, a purchase is 1; never a repeat."""
        kept = np.ones(len(self.at), bool) if among is None else among
        return _strongest(self.shopper[kept], self.item[kept], self.weight[kept], (self.n_shoppers, len(self.item_ids)))


@dataclass(frozen=True, slots=True)
class LogMark:
    """Which events were read, to see later whether one of them has gone."""

    newest: int
    events: int


def events_before(before: datetime, *, simulated: bool) -> QuerySet[Event]:
    """What may be learnt from: received before a moment, with a shopper, and not simulated unless that is asked for."""
    known = Event.objects.filter(received_at__lt=before, kind__in=[*CHOOSING, *UNDOING]).exclude(user_id="", visitor_id="")
    return known if simulated else known.filter(simulated=False)


def mark_of(events: QuerySet[Event], newest: int | None = None) -> LogMark:
    """How many events there are, up to the newest or up to a given one."""
    if newest is not None:
        events = events.filter(pk__lte=newest)
    found = events.aggregate(newest=Max("pk"), n=Count("pk"))
    return LogMark(found["newest"] or 0, found["n"])


def read_choices(events: QuerySet[Event]) -> Choices:
    """The choices over the items that can be shown now.

    A shopper is a user, or a guest who never signed in. What was returned or disliked is not chosen. A shopper with one item
    pairs nothing and is left out; one who does not want to be remembered is asked for of the host and left out.
    """
    shown = {item_id: n for n, item_id in enumerate(IndexedItem.objects.filter(removed=False).values_list("pk", flat=True))}
    by_shopper: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    rows = events.order_by().values_list("user_id", "visitor_id", "item_id", "kind").annotate(at=Min("occurred_at"))
    for user_id, visitor_id, item_id, kind, at in rows.iterator():
        if item_id in shown:
            whose = (user_id, "") if user_id else ("", visitor_id)
            done = by_shopper.setdefault(whose, {}).setdefault(item_id, {})
            done[kind] = min(at.timestamp(), done.get(kind, np.inf))
    asked = get_catalog().may_remember
    remembered = [
        items
        for (user_id, visitor_id), items in sorted(by_shopper.items())
        if len(_chosen(items)) > 1 and asked(user_id=user_id, visitor_id=visitor_id)
    ]
    return choices_of(remembered, tuple(shown))


def choices_of(by_shopper: Iterable[Mapping[str, Mapping[str, float]]], item_ids: Sequence[str]) -> Choices:
    """The choices of shoppers, each given as item id -> kind -> POSIX seconds of the first time.

    Items that are not among ``item_ids`` do not count.
    """
    column = {item_id: n for n, item_id in enumerate(item_ids)}
    entries: list[tuple[int, int, str, float]] = []
    n_shoppers = 0
    for items in by_shopper:
        chosen = {i: done for i, done in _chosen(items).items() if i in column}
        if len(chosen) < 2:
            continue
        newest = sorted(chosen, key=lambda i: (-max(chosen[i].values()), i))[:MAX_ITEMS_A_SHOPPER]
        entries += [(n_shoppers, column[i], kind, at) for i in sorted(newest) for kind, at in sorted(chosen[i].items())]
        n_shoppers += 1
    kinds = tuple(kind for _, _, kind, _ in entries)
    return Choices(
        tuple(item_ids),
        n_shoppers,
        np.asarray([row for row, _, _, _ in entries], np.int64),
        np.asarray([column for _, column, _, _ in entries], np.int64),
        np.asarray([KIND_WEIGHT[kind] / KIND_WEIGHT[PURCHASE] for kind in kinds], np.float32),
        np.asarray([kind == PURCHASE for kind in kinds], bool),
        np.asarray([at for _, _, _, at in entries], np.float64),
        kinds,
    )


def _chosen(items: Mapping[str, Mapping[str, float]]) -> dict[str, Mapping[str, float]]:
    return {i: done for i, done in items.items() if not done.keys() & set(UNDOING)}


def _strongest(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float32], shape: tuple[int, int]
) -> csr_matrix:
    from scipy.sparse import csr_matrix

    order = np.lexsort((-values, columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    return csr_matrix((values[first], (rows[first], columns[first])), shape=shape)
