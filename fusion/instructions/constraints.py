"""Pieces -> constraints: which field, how strong, and what to merge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.phrase_table import Kind, Link
from fusion.instructions.pieces import ASIDE, HEAD, MODIFIER, MUST, THEME, WANT, Piece
from fusion.instructions.prices import PriceMention
from fusion.types import Constraint, Operator, Strength

# Roles that a plain mention makes a must: shoppers mean them literally.
_FIRM_ROLES = frozenset({"color", "brand", "gender", "size", "material"})
_ROLE_ORDER = ("color", "gender", "size", "material", "season", "occasion", "pattern", "age")
_SOFT_WEIGHT, _MENTION_WEIGHT, _BROADER_WEIGHT, _MODIFIER_WEIGHT, _THEME_WEIGHT, _CHEAP_WEIGHT = 0.6, 0.7, 0.6, 0.4, 0.3, 0.5

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Read:
    """One decided piece: a link, what is asked of it, and where it stands (token indices)."""

    link: Link
    strength: Strength
    negated: bool
    weight: float
    span: Span


def read_pieces(pieces: Sequence[Piece], values: CatalogueValues) -> list[Read]:
    """Decide every linked piece. Marks a negated piece that no field can express as unlinked (it becomes text to avoid)."""
    reads: list[Read] = []
    headed = any(p.is_thing and p.place is HEAD and p.links and not p.negated for p in pieces)
    for i, piece in enumerate(pieces):
        if piece.kind is Kind.MENTION and piece.links:
            if headed and piece.place is MODIFIER and not piece.negated and all(li.role == "category" for li in piece.links):
                continue  # "camera bag" where there are bags: no cameras wanted
            named = _named_field(pieces, i)
            for link in _chosen(piece, values, named):
                if read := _decide(piece, link, bool(named)):
                    reads.append(read)
    return reads


def _named_field(pieces: Sequence[Piece], i: int) -> tuple[str, ...]:
    """Roles named right before or after a mention: "color: black", "brand nike", 黑色的颜色."""
    for j in (i - 1, i - 2):
        if j >= 0 and pieces[j].kind is Kind.FIELD:
            return pieces[j].refs
        if j < 0 or pieces[j].words not in {":", "=", "is", "是", "为", "的"}:
            break
    return pieces[i + 1].refs if i + 1 < len(pieces) and pieces[i + 1].kind is Kind.FIELD else ()


def _chosen(piece: Piece, values: CatalogueValues, named: Iterable[str]) -> list[Link]:
    """The field that is meant: the one named, the category for a head, an attribute for a modifier."""
    by_name = [link for link in piece.links if link.role in named or link.field in named]
    if by_name:
        return by_name[:1]
    categories = [link for link in piece.links if link.role == "category"]
    others = sorted((link for link in piece.links if link.role != "category"), key=lambda link: _rank(link, values))
    if piece.negated and others and others[0].fit == "exact" and not piece.refs_name_a_thing:
        return others[:1]  # "no outdoor ones": not the whole of "Sports & Outdoor"
    if categories and (piece.place is HEAD or not others):
        if categories[0].fit == "broader" and others and others[0].fit != "broader":
            return others[:1]
        return categories[:1]
    if _is_measure(piece) and len(others) > 1:
        return others  # "8GB" of several fields: a want on each
    if others and others[0].fit == "broader" and categories:
        return categories[:1]
    return others[:1]


def _rank(link: Link, values: CatalogueValues) -> tuple[int, int, int]:
    role = _ROLE_ORDER.index(link.role) if link.role in _ROLE_ORDER else 50 if link.role == "brand" else 20
    fields = values.fields.get(link.role, [])
    return (link.fit == "broader", role, fields.index(link.field) if link.field in fields else 0)


def _is_measure(piece: Piece) -> bool:
    return not piece.refs and any(c.isdigit() for c in piece.words)


def _decide(piece: Piece, link: Link, named: bool) -> Read | None:
    span = (piece.start, piece.end)
    if piece.negated:
        if link.fit == "broader":
            return None
        soft = piece.mood is WANT
        return Read(link, Strength.AVOID if soft else Strength.MUST, True, _SOFT_WEIGHT if soft else 1.0, span)
    if piece.place is ASIDE and link.role == "category":
        return None  # "a case for a camera" asks for no camera
    weight = _weight(piece, link, named)
    return Read(link, Strength.MUST if weight >= 1 else Strength.WANT, False, min(weight, 1.0), span)


def _weight(piece: Piece, link: Link, named: bool) -> float:
    """1.0 for a must, less for a want."""
    if piece.mood is WANT:
        return _SOFT_WEIGHT
    if _is_measure(piece) and link.role != "category":
        return 1.0 if len(piece.links) == 1 else _MENTION_WEIGHT
    if piece.place is ASIDE:
        return _THEME_WEIGHT
    if piece.place is THEME:
        return _MODIFIER_WEIGHT if link.role == "category" and link.fit != "broader" else _THEME_WEIGHT
    if link.fit == "broader" and link.role != "color":  # the nearest colour of the catalogue is what a shade is sold as
        return _BROADER_WEIGHT if piece.place is HEAD else _THEME_WEIGHT
    if piece.mood is MUST or named:
        return 1.0
    if link.role == "category":
        return 1.0 if piece.place is HEAD else _MODIFIER_WEIGHT
    if piece.plain and link.role == "size":
        return _MODIFIER_WEIGHT  # "a large bag"
    return 1.0 if link.role in _FIRM_ROLES else _MENTION_WEIGHT


def merge(reads: Iterable[Read]) -> list[Constraint]:
    """One constraint per field, role, polarity and strength; several values of one field are alternatives. In text order."""
    groups: dict[tuple[str, str, bool, Strength, float], list[Read]] = {}
    for read in reads:
        key = (read.link.field, read.link.role, read.negated, read.strength, read.weight)
        groups.setdefault(key, []).append(read)
    merged = []
    for (field, _, negated, strength, weight), group in groups.items():
        values = tuple(dict.fromkeys(value for read in group for value in read.link.values))
        operator = Operator.NOT_IN if negated and strength is Strength.MUST else Operator.IN
        values = values if negated else _narrowest(values)
        span = (min(r.span[0] for r in group), max(r.span[1] for r in group))
        merged.append(Constraint(field, operator, values, strength=strength, weight=weight, span=span))
    return sorted(_without_contradictions(merged), key=lambda c: c.span or (0, 0))


def _narrowest(values: Sequence[str]) -> tuple[str, ...]:
    """ "footwear: sandals" asks for sandals: a category that holds another one that is asked for adds nothing."""
    return tuple(value for value in values if not any(other.startswith(f"{value}/") for other in values))


def _without_contradictions(constraints: Sequence[Constraint]) -> list[Constraint]:
    """A value both asked for and refused is refused; a want that a must or a firmer want already says is dropped."""
    against = [c for c in constraints if c.operator is Operator.NOT_IN or c.strength is Strength.AVOID]
    refused = {(c.field, v) for c in against for v in c.values}
    asked = {(c.field, v) for c in constraints if c.operator is Operator.IN and c.strength is Strength.MUST for v in c.values}
    kept = []
    for constraint in constraints:
        if constraint.operator is Operator.IN and constraint.strength is not Strength.AVOID:
            firmer = {
                (c.field, v)
                for c in constraints
                if c.strength is constraint.strength is Strength.WANT and c.weight > constraint.weight
                for v in c.values
            }
            drop = refused if constraint.strength is Strength.MUST else refused | asked | firmer
            constraint = replace(constraint, values=tuple(v for v in constraint.values if (constraint.field, v) not in drop))
        if constraint.values:
            kept.append(constraint)
    return kept


def measure_constraint(mention: PriceMention) -> Constraint | None:
    """A bound on a measured field, in that field's unit; None for a price."""
    if mention.field == "price":
        return None
    low, high = (None if edge is None else float(edge) for edge in (mention.low, mention.high))
    operator = Operator.BETWEEN if low is not None and high is not None else Operator.LTE if high is not None else Operator.GTE
    return Constraint(mention.field, operator, low=low, high=high)


def cheap_wants(pieces: Iterable[Piece]) -> list[Constraint]:
    """ "cheap", "not too expensive" and "luxury": a want over the price without a bound."""
    wants = []
    for piece in pieces:
        if piece.kind in {Kind.CHEAP, Kind.DEAR}:
            operator = Operator.LTE if piece.kind is Kind.CHEAP else Operator.GTE
            span = (piece.start, piece.end)
            wants.append(Constraint("price", operator, strength=Strength.WANT, weight=_CHEAP_WEIGHT, span=span))
    return wants[:1]
