"""The catalogue's columns: masks for hard constraints, counts for facets, and the vocabulary that a parser learns.

Hard constraints are never in a vector. They are applied here before the search and re-checked by ``satisfies`` on fresh
items before the answer, by the same rules.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from fusion.exchange import Exchange
from fusion.index.base import Mask, Rows
from fusion.types import Constraint, Item, Operator, Vocabulary

_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?")  # "27 inch", "27-inch" and "1.5kg" are 27, 27 and 1.5
NUMERIC_FIELDS = frozenset({"price", "rating", "popularity", "stock"})
# For so long a product is new: that few took it yet says nothing of it.
NEW_DAYS = 30.0


@lru_cache(maxsize=65536)
def normalise_value(value: str) -> str:
    """How two spellings of one value are compared: width, case and outer spaces do not count, and grey is gray."""
    folded = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    return folded.replace("grey", "gray").replace("colour", "color")


def category_keys(path: tuple[str, ...]) -> set[str]:
    """What a category may be asked for by: each node's name and each path from the root."""
    names = [normalise_value(name) for name in path]
    return set(names) | {"/".join(names[: i + 1]) for i in range(len(names))}


def item_values(item: Item, field: str) -> set[str]:
    """An item's normalised values of one field."""
    if field == "category":
        return category_keys(item.category)
    if field == "brand":
        return {normalise_value(item.brand)} if item.brand else set()
    if field == "in_stock":
        return {"true" if item.in_stock else "false"}
    return {normalise_value(v) for v in item.attributes.get(field, ())}


def bounds(constraint: Constraint, exchange: Exchange, currency: str) -> tuple[float, float]:
    """Inclusive (low, high) of a numeric constraint on the scale that the column uses."""
    low = -np.inf if constraint.low is None else constraint.low
    high = np.inf if constraint.high is None else constraint.high
    if constraint.field == "price":
        unit = constraint.currency or currency
        low = low if np.isinf(low) else exchange.value(low, unit)
        high = high if np.isinf(high) else exchange.value(high, unit)
    tolerance = 1e-9 * max(1.0, abs(high) if np.isfinite(high) else 1.0)
    return low - tolerance, high + tolerance


def _number(item: Item, field: str, exchange: Exchange) -> float:
    if field == "price":
        return exchange.of(item.price)
    if field in NUMERIC_FIELDS:
        value = getattr(item, field)
        return float("nan") if value is None else float(value)
    for text in item.attributes.get(field, ()):
        if found := _NUMBER.search(text):
            return float(found.group())
    return float("nan")


def satisfies(item: Item, constraint: Constraint, exchange: Exchange, currency: str = "") -> bool:
    """Whether a fresh item meets one constraint. An unknown value meets no bound and no IN, and every NOT_IN."""
    if constraint.operator is Operator.NOT_IN:
        return not item_values(item, constraint.field) & {normalise_value(v) for v in constraint.values}
    if constraint.operator is Operator.IN:
        return bool(item_values(item, constraint.field) & {normalise_value(v) for v in constraint.values})
    low, high = bounds(constraint, exchange, currency)
    return low <= _number(item, constraint.field, exchange) <= high


@dataclass(frozen=True, slots=True)
class Listed:
    """One attribute's values over all rows: (m,) rows and (m,) codes, a pair for each value of each row, and names by code."""

    rows: Rows
    codes: NDArray[np.int64]
    names: tuple[str, ...]

    def counts(self, mask: Mask) -> list[tuple[str, int]]:
        """(name, how many rows of the mask have it), without those that none has."""
        inside = self.rows < len(mask)
        found = np.bincount(self.codes[inside][mask[self.rows[inside]]], minlength=len(self.names))
        return [(self.names[code], int(found[code])) for code in np.flatnonzero(found)]

    def n_any(self, mask: Mask) -> int:
        """How many rows of the mask have any value."""
        inside = self.rows[self.rows < len(mask)]
        return len(np.unique(inside[mask[inside]]))

    def n_having(self, mask: Mask, values: Iterable[str]) -> int:
        """How many rows of the mask have any of some values."""
        wanted = {normalise_value(value) for value in values}
        codes = np.asarray([normalise_value(name) in wanted for name in self.names], bool)
        having = np.zeros(len(mask), bool)
        having[self.rows[codes[self.codes] & (self.rows < len(mask))]] = True
        return int((having & mask).sum())


F = TypeVar("F", bound=Callable[..., object])


def _locked(method: F) -> F:
    @wraps(method)
    def run(self: Columns, *args: object, **kwargs: object) -> object:
        with self._lock:
            return method(self, *args, **kwargs)

    return cast(F, run)


class Columns:
    """Postings and numeric columns over rows. Safe to read and write from several threads."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self._lock = threading.RLock()
        self.exchange = exchange or Exchange()
        self._rows: dict[int, Item] = {}
        self._postings: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._spellings: dict[str, dict[str, str]] = defaultdict(dict)
        self._currencies: Counter[str] = Counter()
        self._size = 0
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._new_since = np.nan
        self._alive = np.zeros(0, bool)
        self._codes: dict[str, NDArray[np.int32]] = {}
        self._code_of: dict[str, dict[str, int]] = defaultdict(dict)
        self._listed: dict[str, Listed] = {}

    @property
    def currency(self) -> str:
        """The catalogue's own currency: the most frequent one."""
        return self._currencies.most_common(1)[0][0] if self._currencies else ""

    @property
    def fields(self) -> frozenset[str]:
        """Every field that an item has a value of, and the numbers that any item may have."""
        return frozenset(field for field, postings in list(self._postings.items()) if postings) | NUMERIC_FIELDS

    @property
    def listed_fields(self) -> frozenset[str]:
        """The fields that items have values of, numbers apart."""
        return frozenset(self._postings)

    @property
    def n_rows(self) -> int:
        """One more than the largest row that was ever used."""
        return self._size

    def __len__(self) -> int:
        return len(self._rows)

    def item(self, row: int) -> Item | None:
        return self._rows.get(row)

    @_locked
    def put(self, row: int, item: Item) -> None:
        """Set a row; what it held before is forgotten."""
        self._forget_listed(self._rows.get(row), item)
        self._drop(row)
        self._rows[row] = item
        self._size = max(self._size, row + 1)
        self._reserve(self._size)
        self._alive[row] = True
        if item.price:
            self._currencies[item.price.currency] += 1
        self._numbers["popularity"][row] = item.popularity
        for name in ("price", "rating"):
            self._numbers[name][row] = _number(item, name, self.exchange)
        self._numbers["created_at"][row] = item.created_at.timestamp() if item.created_at else np.nan
        for field, key, spelling in _entries(item):
            self._postings[field][key].add(row)
            self._spellings[field].setdefault(key, spelling)
        for field, value in _main_values(item):
            if field not in self._codes:
                self._codes[field] = np.full(len(self._alive), -1, np.int32)
            self._codes[field][row] = self._code_of[field].setdefault(value, len(self._code_of[field]))

    @_locked
    def drop(self, row: int) -> None:
        """Forget a row; one that is not there is no error."""
        self._forget_listed(self._rows.get(row), None)
        self._drop(row)

    def _forget_listed(self, before: Item | None, after: Item | None) -> None:
        """Drop the lists of attributes that an item brings or takes: a new price leaves them as they are."""
        was, now = (item.attributes if item else {} for item in (before, after))
        for field in {*was, *now}:
            if was.get(field) != now.get(field):
                self._listed.pop(field, None)

    def _drop(self, row: int) -> None:
        item = self._rows.pop(row, None)
        if item is None:
            return
        self._alive[row] = False
        for field, _value in _main_values(item):
            self._codes[field][row] = -1
        if item.price:
            self._currencies[item.price.currency] -= 1
        for field, key, _spelling in _entries(item):
            rows = self._postings[field][key]
            rows.discard(row)
            if not rows:
                del self._postings[field][key]

    @_locked
    def set_popularity(self, popularity: Mapping[int, float], at: float = np.nan) -> None:
        """Replace the popularity of every row; a row that is not named has 0.

        Args:
            at: the moment that it is of, as a timestamp; what is younger than NEW_DAYS then counts as new.
        """
        self._new_since = at - NEW_DAYS * 86400
        column = np.zeros(len(self._alive))
        for row, value in popularity.items():
            column[row] = value
        self._numbers["popularity"] = column

    def is_new(self) -> Mask:
        """Rows of which nobody can know yet how popular they will be, (n_rows,). One without a date is not new."""
        return self.numbers("created_at") > self._new_since

    def numbers(self, field: str) -> NDArray[np.float64]:
        """A numeric column, (n_rows,), nan where unknown. Prices on the common scale, measures as they are written."""
        return self._numbers[field][: self._size] if field in self._numbers else self._parsed(field)

    @_locked
    def codes(self) -> dict[str, tuple[NDArray[np.int32], tuple[str, ...]]]:
        """Each field's main value of every row as a number: field -> ((n_rows,), names by number), -1 where there is none.

        A category is its whole path, of several values the first counts, and names are the catalogue's own spellings.
        """
        return {field: (codes[: self._size], tuple(self._code_of[field])) for field, codes in self._codes.items()}

    @_locked
    def listed(self, field: str) -> Listed:
        """Every value of an attribute of every row, for counting; kept until an item's values of it change."""
        if field not in self._listed:
            postings = self._postings.get(field, {})
            parts = [self._posting(field, key) for key in postings]
            codes = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
            rows = np.concatenate(parts) if parts else np.zeros(0, np.int64)
            spellings = tuple(self._spellings[field][key] for key in postings)
            self._listed[field] = Listed(rows, codes.astype(np.int64), spellings)
        return self._listed[field]

    @_locked
    def mask(self, constraints: Iterable[Constraint], *, in_stock_only: bool = True) -> Mask:
        """Rows that meet every constraint, (n_rows,)."""
        result = self._alive[: self._size].copy()
        if in_stock_only:
            result[self._posting("in_stock", "false")] = False
        for constraint in constraints:
            result &= self.meets(constraint)
        return result

    @_locked
    def meets(self, constraint: Constraint) -> Mask:
        """Rows that meet one constraint, (n_rows,)."""
        if constraint.operator in (Operator.IN, Operator.NOT_IN):
            found = np.zeros(self._size, bool)
            for value in constraint.values:
                found[self._posting(constraint.field, normalise_value(value))] = True
            return ~found if constraint.operator is Operator.NOT_IN else found
        low, high = bounds(constraint, self.exchange, self.currency)
        column = self.values_of(constraint.field)
        return (column >= low) & (column <= high)

    @_locked
    def values_of(self, field: str) -> NDArray[np.float64]:
        """A field as numbers, (n_rows,), nan where an item has none; attributes are read from their texts."""
        return self.numbers(field) if field in self._numbers else self._parsed(field)

    @_locked
    def facets(self, mask: Mask, fields: Iterable[str] | None = None, limit: int = 12) -> dict[str, list[tuple[str, int]]]:
        """Counts of each value among the rows of a mask: field -> [(value, count)], most frequent first."""
        result = {}
        for field in fields if fields is not None else [f for f in self._postings if f != "in_stock"]:
            counts = []
            for key in list(self._postings.get(field, {})):
                rows = self._posting(field, key)
                n = int(mask[rows[rows < len(mask)]].sum())
                if n:
                    counts.append((self._spellings[field][key], n))
            if counts:
                result[field] = sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:limit]
        return result

    @_locked
    def vocabulary(self) -> Vocabulary:
        """The values, spellings and counts that a parser links words to."""
        values = {
            field: {self._spellings[field][key]: len(rows) for key, rows in postings.items()}
            for field, postings in list(self._postings.items())
            if field not in ("in_stock", "category") and postings
        }
        paths: Counter[str] = Counter("/".join(item.category) for item in self._rows.values() if item.category)
        titles: Counter[str] = Counter()
        for item in self._rows.values():
            titles.update(set(item.title.lower().split()))
        return Vocabulary(
            values={**values, "category": dict(paths)},
            currency=self.currency or "USD",
            titles=dict(titles),
            names=category_names(self._rows.values()),
        )

    def _posting(self, field: str, key: str) -> NDArray[np.int64]:
        rows = self._postings.get(field, {}).get(key, ())
        return np.fromiter(rows, np.int64, len(rows))

    def _parsed(self, field: str) -> NDArray[np.float64]:
        return np.array(
            [_number(self._rows[row], field, self.exchange) if row in self._rows else np.nan for row in range(self._size)]
        )

    def _reserve(self, size: int) -> None:
        if size <= len(self._alive):
            return
        capacity = max(size, 2 * len(self._alive), 64)
        for name in ("price", "rating", "popularity", "created_at"):
            column = np.full(capacity, np.nan)
            column[: len(self._alive)] = self._numbers.get(name, np.zeros(0))[: len(self._alive)]
            self._numbers[name] = column
        for name, codes in self._codes.items():
            self._codes[name] = np.concatenate([codes, np.full(capacity - len(codes), -1, np.int32)])
        alive = np.zeros(capacity, bool)
        alive[: len(self._alive)] = self._alive
        self._alive = alive


def category_names(items: Iterable[Item]) -> dict[str, dict[str, str]]:
    """Language -> category path -> what the catalogue calls it there."""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        for code, names in item.category_names.items():
            known = found.setdefault(code.split("-")[0].lower(), {})
            for depth, name in enumerate(names[: len(item.category)], start=1):
                if name:
                    known.setdefault("/".join(item.category[:depth]), name)
    return found


def _entries(item: Item) -> Iterable[tuple[str, str, str]]:
    """(field, normalised value, spelling) of everything an item may be asked for by."""
    names = {normalise_value(name): name for name in item.category}
    for depth in range(len(item.category)):
        path = "/".join(item.category[: depth + 1])
        names.setdefault(normalise_value(path), path)
    for key in category_keys(item.category):
        yield "category", key, names.get(key, key)
    if item.brand:
        yield "brand", normalise_value(item.brand), item.brand
    yield "in_stock", "true" if item.in_stock else "false", "true" if item.in_stock else "false"
    for field, values in item.attributes.items():
        for value in values:
            if value:
                yield field, normalise_value(value), value


def _main_values(item: Item) -> Iterable[tuple[str, str]]:
    if item.category:
        yield "category", "/".join(item.category)
    if item.brand:
        yield "brand", item.brand
    for field, values in item.attributes.items():
        if values:
            yield field, values[0]
