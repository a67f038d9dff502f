"""Filters of the API -> the library's constraints, which are musts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fusion.types import Constraint, Operator, Order

_ORDERS = {
    "price": Order("price", descending=False),
    "-price": Order("price", descending=True),
    "newest": Order("created_at", descending=True),
    "rating": Order("rating", descending=True),
    "popularity": Order("popularity", descending=True),
}


def order_of(sort: str) -> Order | None:
    """The order that a sort name asks for; None is relevance."""
    return _ORDERS.get(sort)


def constraints_of(filters: Mapping[str, Any], currency: str = "") -> tuple[Constraint, ...]:
    """Constraints of validated filters. ``currency`` is what bounds without one are in; "" is the catalogue's own."""
    excluded = filters.get("exclude", {})
    return (
        *_price(filters.get("price", {}), currency),
        *_values(filters, Operator.IN),
        *([_of("in_stock", Operator.IN, ["true"])] if filters.get("in_stock") else ()),
        *_values(excluded, Operator.NOT_IN),
    )


def _price(price: Mapping[str, Any], currency: str) -> Iterator[Constraint]:
    low, high = price.get("gte"), price.get("lte")
    if low is None and high is None:
        return
    operator = Operator.LTE if low is None else Operator.GTE if high is None else Operator.BETWEEN
    unit = price.get("currency") or currency
    yield Constraint("price", operator, low=low, high=high, currency=unit, source="filter")


def _values(filters: Mapping[str, Any], operator: Operator) -> Iterator[Constraint]:
    named = [("category", filters.get("category")), ("brand", filters.get("brand")), *filters.get("attributes", {}).items()]
    for field, values in named:
        if values:
            yield _of(field, operator, values)


def _of(field: str, operator: Operator, values: Sequence[str]) -> Constraint:
    return Constraint(field, operator, values=tuple(values), source="filter", label=", ".join(values))
