"""Measures as bounds and as orders: "under 2 kg", "the biggest screen", where the catalogue measures a field in one unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fusion.instructions.closed_class import closed_class_table
from fusion.instructions.lexicon import load, load_concepts, load_roles, role_of
from fusion.instructions.measures import measure_key, unit_at
from fusion.instructions.normalise import normalise
from fusion.instructions.numerals import number_at
from fusion.instructions.prices import PriceMention, joint_at, opening_before, relation_around
from fusion.instructions.tokens import HAN, Token, stem, tokenise

# Unit -> what it measures, and how many of the first unit of that kind it is.
_UNITS: Mapping[str, tuple[str, Decimal]] = {
    "g": ("mass", Decimal(1)), "kg": ("mass", Decimal(1000)),
    "oz": ("mass", Decimal("28.349523")), "lb": ("mass", Decimal("453.59237")),
    "mm": ("length", Decimal(1)), "cm": ("length", Decimal(10)), "m": ("length", Decimal(1000)),
    "inch": ("length", Decimal("25.4")),
    "ml": ("volume", Decimal(1)), "l": ("volume", Decimal(1000)),
    "mb": ("memory", Decimal(1)), "gb": ("memory", Decimal(1000)), "tb": ("memory", Decimal(1_000_000)),
    "w": ("power", Decimal(1)), "mah": ("charge", Decimal(1)), "hz": ("frequency", Decimal(1)), "mp": ("pixels", Decimal(1)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dimension:
    """A field of the catalogue whose every value is one measure in the same unit, so that its numbers compare."""

    field: str
    unit: str
    count: int

    @property
    def kind(self) -> str:
        return _UNITS[self.unit][0]


def read_dimension(field: str, values: Mapping[str, int]) -> Dimension | None:
    """The dimension that a field is, or None: one value only, or a unit that is missing, unknown or not the same for all."""
    units = set()
    for value in values:
        keys = measure_key(tokenise(normalise(value).text))
        if len(keys) != 1:
            return None
        units.add(keys[0].rpartition(" ")[2])
    unit = next(iter(units)) if len(units) == 1 else ""
    return Dimension(field, unit, sum(values.values())) if unit in _UNITS and len(values) > 1 else None


def find_bounds(tokens: Sequence[Token], taken: Sequence[bool], dimensions: Sequence[Dimension]) -> list[PriceMention]:
    """Bounds and ranges of measures, in the unit of the field that they are about."""
    found: list[PriceMention] = []
    position = 0
    while dimensions and position < len(tokens):
        bound = None if taken[position] else _bound_at(tokens, position, found[-1].end if found else 0, dimensions)
        if bound and not any(taken[bound.start : bound.end]):
            found.append(bound)
        position = bound.end if bound else position + 1
    return found


def _bound_at(tokens: Sequence[Token], i: int, floor: int, dimensions: Sequence[Dimension]) -> PriceMention | None:
    first = number_at(tokens, i)
    if first is None or first.start != i:
        return None
    unit, end = unit_at(tokens, first.end)
    low = high = first.value
    joint = joint_at(tokens, end)
    second = number_at(tokens, end + joint) if joint else None
    if second is not None:
        unit, end = unit_at(tokens, second.end)
        high = second.value
    dimension = _meant(tokens, unit, dimensions)
    if dimension is None:
        return None
    factor = _UNITS[unit][1] / _UNITS[dimension.unit][1]
    relation, start, end = relation_around(tokens, i, end, floor)
    start -= opening_before(tokens, start, floor) if second is not None else 0
    if second is None and relation not in {"lte", "gte"}:
        return None
    least = low * factor if second is not None or relation == "gte" else None
    most = high * factor if second is not None or relation == "lte" else None
    return PriceMention(least, most, "", start, end, field=dimension.field)


def _meant(tokens: Sequence[Token], unit: str, dimensions: Sequence[Dimension]) -> Dimension | None:
    """The field that a unit is about: the one that the request names, else the one most products have."""
    fitting = [d for d in dimensions if unit in _UNITS and d.kind == _UNITS[unit][0]]
    return _named(tokens, fitting, _thing_names(tokens) if len(fitting) > 1 else ())


def _thing_names(tokens: Sequence[Token]) -> set[str]:
    """English names of the things that Chinese words name ("monitor" for 显示器)."""
    table, concepts = closed_class_table(), load_concepts()
    starts = (i for i, token in enumerate(tokens) if token.kind == HAN)
    entries = (entry for i in starts for found in table.matches(tokens, i).values() for entry in found)
    return {name for entry in entries if entry.ref.startswith("category:") for name in concepts[entry.ref].names["en"]}


def _named(tokens: Sequence[Token], fitting: Sequence[Dimension], names: Collection[str] = ()) -> Dimension | None:
    said = {token.key for token in tokens} | {stem(name) for name in names}
    han = "".join(token.word for token in tokens if token.kind == HAN)
    ranked = sorted(fitting, key=lambda d: (-len(said & {t.key for t in tokenise(d.field)}), not _is_said(d, han), -d.count))
    return ranked[0] if ranked else None


def _is_said(dimension: Dimension, han: str) -> bool:
    role = role_of(dimension.field)
    return any(alias in han for alias, known in load_roles().items() if known == role and not alias.isascii())


def superlative_field(name: str, tokens: Sequence[Token], names: Collection[str], dimensions: Sequence[Dimension]) -> str:
    """The field that a superlative orders by ("lightest": a mass), "" where the catalogue measures nothing of the kind.

    Args:
        names: English words for the things that the request names ("monitor" for 显示器).
    """
    kinds = load("cues")["superlative"][name]["kinds"].split(", ")
    for kind in kinds:
        if dimension := _named(tokens, [d for d in dimensions if d.kind == kind], names):
            return dimension.field
    return ""
