"""The catalogue as a list: chosen and ordered by the columns that mask recommendations, filled with the host's fresh rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.types import Constraint, Item, Order
from recommender.conf import get_settings
from recommender.engine import Engine, get_engine


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the sort value (None: the item has none) and the id of its last row."""

    value: float | None
    item_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page. ``after`` is where the next one starts, None when nothing follows."""

    items: Sequence[Item]
    total: int
    after: Place | None


def list_products(constraints: Sequence[Constraint], order: Order, limit: int, start: Place | None = None) -> Listing:
    """A page of visible products that meet the constraints. Items without a value of the order come last; ties go by id.

    The place is a value and an id, not a count, so that products that come or go meanwhile neither repeat nor hide others.
    """
    engine = get_engine()
    engine.refresh()
    columns = engine.collection.columns
    constraints = engine.exclusion.from_constraints(constraints)
    mask = columns.mask(constraints, in_stock_only=get_settings().HIDE_OUT_OF_STOCK)
    rows = np.flatnonzero(mask)
    keys = _keys(engine, order, rows)
    picked = _smallest(engine, rows, keys, limit + 1, _key_of(start), start.item_id if start else "")
    more = len(picked) > limit
    last = picked[limit - 1] if more else None
    items = fresh_items([item_id for _, item_id in picked[:limit]])
    shown = engine.pipeline.still_fit({item.item_id: item for item in items}, constraints)
    after = Place(last[0] if np.isfinite(last[0]) else None, last[1]) if last else None
    return Listing(list(shown.values()), len(rows), after)


def fresh_items(item_ids: Sequence[str]) -> list[Item]:
    """The host's items in the order given, without those that are gone, completed with what was measured from photos."""
    engine = get_engine()
    fresh = engine.fetch(item_ids)
    return [engine.collection.completed(fresh[item_id]) for item_id in item_ids if item_id in fresh]


def first_rows(engine: Engine, order: Order, rows: NDArray[np.int64], k: int) -> list[str]:
    """Ids of the first k of these rows in an order."""
    return [item_id for _, item_id in _smallest(engine, rows, _keys(engine, order, rows), k, -np.inf, "")]


def _keys(engine: Engine, order: Order, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) ascending sort keys; infinity where the value is unknown."""
    values = engine.collection.columns.numbers(order.field)[rows]
    return np.where(np.isnan(values), np.inf, -values if order.descending else values)


def _key_of(start: Place | None) -> float:
    if start is None:
        return -np.inf
    return np.inf if start.value is None else start.value


def _smallest(
    engine: Engine, rows: NDArray[np.int64], keys: NDArray[np.float64], k: int, after_key: float, after_id: str
) -> list[tuple[float, str]]:
    """The k smallest (key, id) above the given place, in order."""
    open_rows = keys >= after_key
    rows, keys = rows[open_rows], keys[open_rows]
    # Ties with the place may lie on either side of it, so they must not use up the k.
    n_ties = int((keys == after_key).sum())
    if len(keys) > k + n_ties:
        threshold = np.partition(keys, k + n_ties - 1)[k + n_ties - 1]
        near = keys <= threshold
        rows, keys = rows[near], keys[near]
    named = ((float(key), engine.collection.id_of(int(row))) for row, key in zip(rows, keys, strict=True))
    place = (after_key, after_id)
    return sorted(pair for pair in named if pair[1] and pair > place)[:k]
