"""Facets: what the products of an answer have, counted, so that a shopper can narrow it without losing the request.

A count is what the answer would hold if that value alone were chosen. It is taken over the products that are related to the
words and meet every other must: a facet's own choice is not applied to itself, so that several of its values can be chosen,
and any of them then fits. What the request excludes stays excluded. A value that no such product has is not told, unless it
is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from fusion.columns import Columns, normalise_value
from fusion.index.base import Mask
from fusion.instructions.labels import field_name, format_money
from fusion.instructions.lexicon import role_of
from fusion.messages import say
from fusion.musts import as_applied
from fusion.price_ranges import ranges_of
from fusion.types import Constraint, Operator

MAX_VALUES = 12
MAX_NODES = 14
MAX_ATTRIBUTES = 5
# An attribute that fewer of the products have narrows an answer by what the catalogue forgot to say.
LEAST_COVERED = 0.1

ValueName = Callable[[str, str, str], str]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value, or one range of prices.

    Attributes:
        value: as a filter names it: the catalogue's spelling, a category's whole path; "" for a range.
        n: how many products have it.
        depth: of a category, how far below the first ones that are told, from 0.
        low, high: of a range, inclusive, in minor units of the facet's currency; None where it is open.
    """

    value: str
    label: str
    n: int
    selected: bool = False
    depth: int = 0
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """One field. ``kind`` is "values", "tree" (of categories, parents before children) or "ranges" (of prices).

    Attributes:
        low, high: of ranges, the lowest and the highest price there is, in minor units of ``currency``.
        gain: how many bits choosing a value tells of which product is meant, over all products of the answer.
        covered: the share of the products that have any value.
    """

    field: str
    label: str
    kind: str
    values: tuple[FacetValue, ...]
    currency: str = ""
    low: int | None = None
    high: int | None = None
    gain: float = 0.0
    covered: float = 0.0

    @property
    def is_chosen(self) -> bool:
        return any(value.selected for value in self.values)


class FacetCounter:
    """Counts the facets of one answer.

    Args:
        base: (n_rows,) rows that may be shown and are related to the words, whatever the musts.
        musts: in force.
        currency: of price ranges; "" means the catalogue's own.
    """

    def __init__(
        self,
        columns: Columns,
        base: Mask,
        musts: Sequence[Constraint],
        value_name: ValueName,
        language: str,
        currency: str = "",
    ) -> None:
        self.columns = columns
        self.base = base
        self.musts = tuple(musts)
        self.value_name = value_name
        self.language = "zh" if language.split("-")[0].lower() == "zh" else "en"
        self.currency = currency or columns.currency
        self._codes = columns.codes()
        self._met = {c: columns.meets(as_applied(c))[: len(base)] for c in self.musts}

    def facets(self) -> tuple[Facet, ...]:
        """Category, price and brand, then the attributes that tell most, then stock where the shop shows what it lacks."""
        attributes = [self._values(field) for field in self._attributes()]
        ranked = sorted((f for f in attributes if f), key=lambda f: (not f.is_chosen, -f.gain, f.field))
        chosen = sum(f.is_chosen for f in ranked)
        fixed = (self._categories(), self._prices(), self._values("brand"))
        stock = self._stock()
        return tuple(f for f in (*fixed, *ranked[: max(MAX_ATTRIBUTES, chosen)], stock) if f)

    # -- what is counted -----------------------------------------------------------------------------------------------

    def _own(self, field: str) -> list[Constraint]:
        """The choice that a facet shows as its own; what is excluded is no choice."""
        return [c for c in self.musts if c.field == field and c.operator is not Operator.NOT_IN]

    def _rows(self, field: str) -> Mask:
        """Rows that meet every must but the facet's own, (n_rows,)."""
        own = self._own(field)
        rows = self.base.copy()
        for constraint in self.musts:
            if constraint not in own:
                rows &= self._met[constraint]
        return rows

    def _attributes(self) -> Iterator[str]:
        skipped = {"category", "brand", "in_stock"}
        yield from (field for field in sorted(self.columns.listed_fields) if field not in skipped)

    def _chosen(self, field: str) -> set[str]:
        return {normalise_value(value) for c in self._own(field) for value in c.values}

    # -- one field -----------------------------------------------------------------------------------------------------

    def _values(self, field: str) -> Facet | None:
        rows, chosen = self._rows(field), self._chosen(field)
        n = int(rows.sum())
        counts = self._counts(field, rows)
        known = {normalise_value(value) for value, _n in counts}
        counts += [(v, 0) for c in self._own(field) for v in c.values if normalise_value(v) not in known]
        having = sum(count for _value, count in counts) if field == "brand" else self.columns.listed(field).n_any(rows)
        gain, covered = _gain([count for _value, count in counts], having, n)
        if not chosen and (len(counts) < 2 or covered < LEAST_COVERED):
            return None
        counts.sort(key=lambda pair: (-pair[1], pair[0]))
        kept = [pair for place, pair in enumerate(counts) if place < MAX_VALUES or normalise_value(pair[0]) in chosen]
        if role_of(field) == "size":
            kept.sort(key=lambda pair: _natural(pair[0]))
        told = [
            FacetValue(value, self.value_name(field, value, self.language), count, normalise_value(value) in chosen)
            for value, count in kept
        ]
        return Facet(field, field_name(field, self.language), "values", tuple(told), gain=gain, covered=covered)

    def _counts(self, field: str, rows: Mask) -> list[tuple[str, int]]:
        if field == "brand":
            codes, names = self._codes.get("brand", (np.zeros(0, np.int32), ()))
            return _by_name(codes[rows[: len(codes)]], names)
        listed = self.columns.listed(field)
        counts = listed.counts(rows)
        if role_of(field) != "gender":
            return counts
        # What is made for everybody is also for her: a choice admits it, so its count does.
        admitted = [(value, as_applied(Constraint(field, Operator.IN, (value,)))) for value, _n in counts]
        return [(value, listed.n_having(rows, c.values)) for value, c in admitted]

    def _stock(self) -> Facet | None:
        """Only what is in stock, where the shop also shows what is not."""
        rows = self._rows("in_stock")
        there = self.columns.meets(Constraint("in_stock", Operator.NOT_IN, ("false",)))[: len(rows)]
        n, selected = int((rows & there).sum()), bool(self._chosen("in_stock"))
        if not selected and n in (0, int(rows.sum())):
            return None
        name = field_name("in_stock", self.language)
        return Facet("in_stock", name, "values", (FacetValue("true", name, n, selected),))

    def _prices(self) -> Facet | None:
        rows, own = self._rows("price"), self._own("price")
        values = self.columns.numbers("price")[: len(rows)][rows]
        values = values[~np.isnan(values)]
        exchange = self.columns.exchange
        found = ranges_of(values, self.currency, exchange) if len(values) else []
        told = []
        for low, high in found:
            operator = Operator.LTE if low is None else Operator.GTE if high is None else Operator.BETWEEN
            range_ = Constraint("price", operator, low=low, high=high, currency=self.currency)
            n = int((self.columns.meets(range_)[: len(rows)] & rows).sum())
            selected = any((c.low, c.high, c.currency or self.columns.currency) == (low, high, self.currency) for c in own)
            if n or selected:
                told.append(FacetValue("", self._range(low, high), n, selected, low=low, high=high))
        if (len(told) < 2 and not own) or not len(values):
            return None
        lowest, highest = (round(exchange.amount(float(v), self.currency)) for v in (values.min(), values.max()))
        gain, covered = _gain([value.n for value in told], len(values), int(rows.sum()))
        name = field_name("price", self.language)
        return Facet("price", name, "ranges", tuple(told), self.currency, lowest, highest, gain, covered)

    def _range(self, low: int | None, high: int | None) -> str:
        code = "up_to" if low is None else "from" if high is None else "between"
        low_text, high_text = (
            "" if bound is None else format_money(bound, self.currency, self.language) for bound in (low, high)
        )
        return say(code, self.language, low=low_text, high=high_text)

    # -- categories ----------------------------------------------------------------------------------------------------

    def _categories(self) -> Facet | None:
        rows, chosen = self._rows("category"), self._chosen("category")
        tree = self._tree(rows)
        shown = list(_shown(tree, lambda path: _names(path) & chosen != set()))
        if not chosen and len(shown) < 2:
            return None
        first = min((len(path) for path in shown), default=1)
        told = [
            FacetValue(
                "/".join(path), self.value_name("category", "/".join(path), self.language), tree[path],
                bool(_names(path) & chosen), len(path) - first,
            )
            for path in shown
        ]  # fmt: skip
        known = {name for path in shown for name in _names(path)}
        missing = [v for c in self._own("category") for v in c.values if normalise_value(v) not in known]
        told += [FacetValue(v, self.value_name("category", v, self.language), 0, True) for v in missing]
        parents = {path[:-1] for path in tree}
        leaves = [n for path, n in tree.items() if path not in parents]
        gain, _covered = _gain(leaves, sum(leaves), int(rows.sum()))
        return Facet("category", field_name("category", self.language), "tree", tuple(told), gain=gain)

    def _tree(self, rows: Mask) -> dict[Path, int]:
        """Every category and the ones above it -> how many of the rows are in it."""
        codes, names = self._codes.get("category", (np.zeros(0, np.int32), ()))
        tree: dict[Path, int] = {}
        for path, n in _by_name(codes[rows[: len(codes)]], names):
            parts = tuple(path.split("/"))
            for depth in range(1, len(parts) + 1):
                tree[parts[:depth]] = tree.get(parts[:depth], 0) + n
        return tree


def _by_name(codes: NDArray[np.int32], names: Sequence[str]) -> list[tuple[str, int]]:
    """(name, count) of main values; spellings of one value count together, under the most frequent of them."""
    found = np.bincount(codes[codes >= 0], minlength=len(names))
    spelt: dict[str, tuple[str, int]] = {}
    for code in np.argsort(-found, kind="stable")[: np.count_nonzero(found)]:
        key = normalise_value(names[code])
        name, n = spelt.get(key, (names[code], 0))
        spelt[key] = name, n + int(found[code])
    return list(spelt.values())


def _names(path: Path) -> set[str]:
    """What a category may be chosen by: its name or its path."""
    return {normalise_value(path[-1]), normalise_value("/".join(path))}


def _shown(tree: Mapping[Path, int], is_chosen: Callable[[Path], bool]) -> Iterator[Path]:
    """The categories that are told: below what all products share, opened where one is chosen and while there is room."""
    children: dict[Path, list[Path]] = {}
    for path in tree:
        children.setdefault(path[:-1], []).append(path)
    for listed in children.values():
        listed.sort(key=lambda path: (-tree[path], path))
    root: Path = ()
    while len(children.get(root, ())) == 1 and children.get(children[root][0]) and not is_chosen(children[root][0]):
        root = children[root][0]
    opened = {root}
    for path in tree:
        if is_chosen(path):
            opened |= {path[:depth] for depth in range(len(root), len(path) + 1)}
    n = sum(len(children.get(path, ())) for path in opened)
    for path in sorted(children.get(root, ()), key=lambda path: (-tree[path], path)):
        if path not in opened and n + len(children.get(path, ())) <= MAX_NODES:
            opened.add(path)
            n += len(children.get(path, ()))

    def walk(path: Path) -> Iterator[Path]:
        listed = children.get(path, [])
        kept = [child for place, child in enumerate(listed) if place < MAX_NODES or is_chosen(child)]
        for child in kept:
            yield child
            if child in opened:
                yield from walk(child)

    yield from walk(root)


def _gain(counts: Sequence[int], having: int, n: int) -> tuple[float, float]:
    """(bits that an answer tells of which of n products is meant, share of them that has any value).

    Of the products that have values, log2(those / those with the value) bits, over the values as often as they occur: the
    entropy where each has one value, and less where they have several. Products without a value tell nothing.
    """
    total = sum(counts)
    if not n or not total:
        return 0.0, 0.0
    bits = sum(c / total * log2(having / c) for c in counts if 0 < c <= having)
    return having / n * bits, having / n


def _natural(value: str) -> tuple[float, str]:
    """Sizes as people order them: by their number, letters by the usual ladder."""
    ladder = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
    text = normalise_value(value)
    if text in ladder:
        return float(ladder.index(text)), text
    digits = "".join(letter if letter.isdigit() or letter == "." else " " for letter in text).split()
    try:
        return 100.0 + float(digits[0]), text
    except (IndexError, ValueError):
        return 1e9, text
