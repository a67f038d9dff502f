"""What to do when no item meets all musts: let go of the fewest and softest, and offer what there is near them.

Stock, and fields that a shop marks as safety, are never let go; what was set by hand goes last. A price bound moves to the
nearest prices, a colour to the colours that there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import ceil, floor

import numpy as np

from fusion.columns import Columns, bounds, normalise_value
from fusion.index.base import Mask, Rows
from fusion.instructions.lexicon import role_of
from fusion.musts import as_applied
from fusion.types import Alternative, Constraint, Operator

# What is let go first when nothing fits, by role. Anything that is not named is an attribute and goes first.
_KEEP = {"color": 1.0, "size": 2.0, "price": 3.0, "gender": 4.0, "brand": 5.0, "category": 6.0}
# A price this close to the bound, as a share of it, is nearer to what was asked for than any other change.
NEAR_PRICE = 0.25
# How many of the nearest prices a moved bound takes in: enough for a first row or two, and none that is far off.
N_NEAREST = 12
MAX_VALUES = 3
MAX_ALTERNATIVES = 3
# Beyond this many musts only single ones and pairs are tried: 2 ** n masks would not be real-time.
MAX_EXHAUSTIVE = 6
_LISTED = (Operator.IN, Operator.NOT_IN)

# Field -> the smallest and the largest value that items have, in the unit of the must's bounds.
Reach = Mapping[str, tuple[float, float]]
Describe = Callable[[Sequence[Constraint], Alternative, Reach], str]


class Relaxer:
    """The ways out of one request.

    Args:
        allowed: (n_rows,) rows that may be shown whatever is let go: in stock, not hidden, and on topic.
        never: fields whose musts are never let go.
    """

    def __init__(self, columns: Columns, allowed: Mask, musts: Sequence[Constraint], never: Collection[str] = ()) -> None:
        self.columns = columns
        self.allowed = allowed
        self.musts = tuple(musts)
        self.movable = [c for c in musts if c.field != "in_stock" and c.field not in never]
        self._masks = {c: columns.meets(as_applied(c)) for c in self.musts}

    def alternatives(self, describe: Describe, *, by_hand: bool = True) -> tuple[Alternative, ...]:
        """The smallest ways out, the softest first; none when even letting go of everything finds nothing.

        Args:
            by_hand: False never lets go of what was set by hand.
        """
        said = [c for c in self.movable if not c.by_hand]
        found = self._smallest(said) or (self._smallest(self.movable) if by_hand else [])
        ways = sorted((self._way(drop, rows) for drop, rows in found), key=lambda way: self._reluctance(*way))
        chosen = [way for way, _gap in ways[:MAX_ALTERNATIVES]]
        return tuple(replace(way, label=describe(self._kept(way.dropped), way, self._reaches(way))) for way in chosen)

    def rows(self, way: Alternative) -> Mask:
        """What fits once this way is taken, (n_rows,)."""
        mask = self._fitting(self._kept(way.dropped))
        for constraint in way.added:
            mask &= self.columns.meets(as_applied(constraint))
        return mask

    def _reaches(self, way: Alternative) -> Reach:
        rows = self.rows(way)
        moved = {c.field for c in way.added}
        return {c.field: self._reach(c, rows) for c in way.dropped if c.field in moved and c.operator not in _LISTED}

    def _reach(self, constraint: Constraint, mask: Mask) -> tuple[float, float]:
        """The smallest and the largest value of these rows, in the unit of the constraint's bounds."""
        values = self.columns.values_of(constraint.field)[mask]
        lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
        if constraint.field != "price":
            return lowest, highest
        currency = constraint.currency or self.columns.currency
        exchange = self.columns.exchange
        return floor(exchange.amount(lowest, currency) + 1e-6), ceil(exchange.amount(highest, currency) - 1e-6)

    def _kept(self, dropped: Collection[Constraint]) -> list[Constraint]:
        return [c for c in self.musts if c not in dropped]

    def _fitting(self, musts: Sequence[Constraint]) -> Mask:
        mask = self.allowed.copy()
        for constraint in musts:
            mask &= self._masks[constraint]
        return mask

    def _smallest(self, movable: Sequence[Constraint]) -> list[tuple[tuple[Constraint, ...], Mask]]:
        """Every smallest set of these musts without which something fits, and what fits then."""
        sizes = range(1, len(movable) + 1) if len(movable) <= MAX_EXHAUSTIVE else (1, 2, len(movable))
        for size in sizes:
            tried = ((drop, self._fitting(self._kept(drop))) for drop in combinations(movable, size))
            if found := [(drop, mask) for drop, mask in tried if mask.any()]:
                return found
        return []

    def _reluctance(self, way: Alternative, gap: float) -> tuple[list[tuple[bool, float]], int]:
        """What orders ways of one size: the firmest must first, then how many items there are."""
        near = {c for c in way.dropped if c.field == "price" and gap <= NEAR_PRICE}
        firm = [(c.by_hand, -1.0 if c in near else _KEEP.get(role_of(c.field), 0.0)) for c in way.dropped]
        return sorted(firm, reverse=True), -way.n_results

    # -- what takes a must's place -------------------------------------------------------------------------------------

    def _way(self, dropped: tuple[Constraint, ...], mask: Mask) -> tuple[Alternative, float]:
        """The way out that lets go of these musts, and how far the price moves as a share of its bound."""
        added: list[Constraint] = []
        gap = 0.0
        for constraint in sorted(dropped, key=lambda c: c.operator in _LISTED):
            moved, mask, distance = self._moved(constraint, mask)
            gap = max(gap, distance)
            added += [moved] if moved else []
        return Alternative(dropped, tuple(added), int(mask.sum())), gap

    def _moved(self, constraint: Constraint, mask: Mask) -> tuple[Constraint | None, Mask, float]:
        """What there is near a must, the rows that it leaves, and how far a bound moved."""
        if constraint.operator is Operator.NOT_IN:
            return None, mask, 0.0
        if constraint.operator is Operator.IN:
            values = tuple(self._other_values(constraint, mask))
            moved = replace(constraint, values=values, span=None, label="", source="chip") if values else None
            return moved, mask & self.columns.meets(as_applied(moved)) if moved else mask, 0.0
        return self._moved_bound(constraint, mask)

    def _other_values(self, constraint: Constraint, mask: Mask) -> Iterator[str]:
        """The field's other values among the rows, most items first; of a category, those beside it where there are any."""
        if constraint.field != "category":
            asked = {normalise_value(value) for value in constraint.values}
            found = self.columns.facets(mask, [constraint.field], limit=MAX_VALUES + len(asked)).get(constraint.field, [])
            yield from [value for value, _n in found if normalise_value(value) not in asked][:MAX_VALUES]
            return
        counts = Counter(
            item.category for row in np.flatnonzero(mask) if (item := self.columns.item(int(row))) and item.category
        )
        parents = {tuple(normalise_value(name) for name in value.split("/")[:-1]) for value in constraint.values}
        beside = {path: n for path, n in counts.items() if any(p and _starts_with(path, p) for p in parents)} or counts
        for path, _n in sorted(beside.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_VALUES]:
            yield "/".join(path)

    def _moved_bound(self, constraint: Constraint, mask: Mask) -> tuple[Constraint | None, Mask, float]:
        column = self.columns.values_of(constraint.field)
        low, high = bounds(constraint, self.columns.exchange, self.columns.currency)
        rows: Rows = np.flatnonzero(mask & ~np.isnan(column)).astype(np.int64)
        if not len(rows):
            return None, mask, 0.0
        away = np.maximum(column[rows] - high, low - column[rows])
        limit = np.sort(away)[min(N_NEAREST, len(rows)) - 1]
        near = np.zeros(len(mask), bool)
        near[rows[away <= limit]] = True
        lowest, highest = self._reach(constraint, near)
        moved = replace(
            constraint,
            low=None if constraint.low is None else min(constraint.low, lowest),
            high=None if constraint.high is None else max(constraint.high, highest),
            currency=constraint.currency or (self.columns.currency if constraint.field == "price" else ""),
            span=None, label="", note="", source="chip",
        )  # fmt: skip
        bound = abs(high if np.isfinite(high) else low) or 1.0
        return moved, mask & self.columns.meets(moved), float(max(0.0, away.min()) / bound)


def _starts_with(path: Sequence[str], parent: Sequence[str]) -> bool:
    return tuple(normalise_value(name) for name in path[: len(parent)]) == tuple(parent)
