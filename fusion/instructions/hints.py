"""Situations, recipients and ages -> what is likely wanted, by a small readable table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.constraints import Read
from fusion.instructions.lexicon import load, words
from fusion.instructions.phrase_table import Kind, Link
from fusion.instructions.pieces import Piece
from fusion.types import Strength

# Of these the first concept that the catalogue has is meant; of the others all.
_FIRST_ONLY = frozenset({"gender", "category"})


def hint_wants(pieces: Iterable[Piece], values: CatalogueValues, taken: Collection[str]) -> list[Read]:
    """Wants that a situation, a recipient or an age suggests.

    Args:
        taken: fields that the request itself speaks of; hints leave them alone.
    """
    reads: list[Read] = []
    taken = set(taken)
    for piece in sorted(pieces, key=lambda p: p.kind is Kind.AGE):  # a daughter of 8 is a girl: what the age says comes second
        if piece.kind in {Kind.HINT, Kind.AGE} and not piece.negated:
            for weight, hint in _hints_of(piece):
                for role, line in hint.items():
                    for link in _links(role, words(str(line)), values):
                        if link.field not in taken:
                            reads.append(Read(link, Strength.WANT, False, weight, (piece.start, piece.end)))
        taken |= {read.link.field for read in reads if read.link.role == "gender"}
    return reads


def _hints_of(piece: Piece) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """(weight, role -> concepts) of every hint that a piece gives."""
    table = load("hints")
    if piece.kind is Kind.AGE:
        in_months = any(unit in piece.words for unit in ("month", "月"))
        age = 0.0 if in_months else float(piece.refs[0])
        rows = [row for row in table["age"] if age <= row["up_to"]][:1]
        yield from ((table["weights"]["age"], _roles(row)) for row in rows)
        return
    for ref in piece.refs:
        group, _, name = ref.partition(".")
        yield table["weights"][group], _roles(table[group][name])


def _roles(hint: Mapping[str, Any]) -> Mapping[str, Any]:
    return {role: line for role, line in hint.items() if role not in {"en", "zh", "up_to"}}


def situations(values: CatalogueValues) -> Iterator[tuple[str, list[Link]]]:
    """("situation.gym", the values of this catalogue that suit it), of every situation that suits any."""
    for name, hint in load("hints")["situation"].items():
        links = [link for role, line in _roles(hint).items() for link in _links(role, words(str(line)), values)]
        if links:
            yield f"situation.{name}", links


def situation_name(name: str, language: str) -> str:
    """What "situation.gym" is called: "gym", "健身房"."""
    group, _, ident = name.partition(".")
    return next(iter(words(load("hints")[group][ident][language])), ident)


def _links(role: str, concepts: Sequence[str], values: CatalogueValues) -> list[Link]:
    """One link a field, to every value that is one of the concepts or a kind of it."""
    found: dict[str, Link] = {}
    for name in concepts:
        if found and role in _FIRST_ONLY:
            break  # "girls, kids": kids where the catalogue has no girls
        for link in values.concepts.get(f"{role}:{name}", ()):
            if link.fit != "broader" and link.role in {role, "age"}:
                known = found[link.field].values if link.field in found else ()
                found[link.field] = Link(link.field, link.role, tuple(dict.fromkeys(known + link.values)), link.fit, link.count)
    return list(found.values())
