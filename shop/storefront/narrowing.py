"""What the answer page offers to narrow a request by: facets, and chips that can be edited in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. ``key`` names it as a filter; ``n`` is what the answer then holds, None where nobody counted."""

    key: str
    value: str
    label: str
    n: int | None = None
    selected: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FacetBox:
    """One facet as the page shows it.

    Attributes:
        kind: "values", "tree" or "ranges".
        is_open: whether its list is shown without a tap.
        low, high: what stands in the fields of a price, in major units; "" where open.
        least, most: the lowest and the highest price there is, whole major units.
        was: key of the chosen price, "" for none. is_other: whether that is none of the ranges.
    """

    field: str
    label: str
    kind: str
    options: Sequence[Option]
    is_open: bool = False
    n_chosen: int = 0
    symbol: str = ""
    low: str = ""
    high: str = ""
    least: str = ""
    most: str = ""
    was: str = ""
    was_label: str = ""


@dataclass(frozen=True, slots=True)
class ChipEdit:
    """How a chip can be changed. ``kind`` is "values" or "price"; ``hows`` are (code, words, whether it says so now)."""

    kind: str
    hows: Sequence[tuple[str, str, bool]]
    options: Sequence[Option] = ()
    symbol: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Options of one field, to be added by hand."""

    label: str
    options: Sequence[Option]
