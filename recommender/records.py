"""Answers to and from JSON: what an impression keeps, so that paging and learning read what was really shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusion.types import Alternative, Constraint, Instruction, Operator, Order, Relaxation, Strength, Term


def constraint_to_json(constraint: Constraint) -> dict[str, Any]:
    """A chip as stored."""
    return {
        "field": constraint.field,
        "op": constraint.operator.value,
        "values": list(constraint.values),
        "low": constraint.low,
        "high": constraint.high,
        "currency": constraint.currency,
        "strength": constraint.strength.value,
        "weight": constraint.weight,
        "span": list(constraint.span) if constraint.span else None,
        "label": constraint.label,
        "source": constraint.source,
        "note": constraint.note,
    }


def constraint_from_json(stored: Mapping[str, Any]) -> Constraint:
    """The chip that ``constraint_to_json`` stored."""
    return Constraint(
        field=stored["field"],
        operator=Operator(stored["op"]),
        values=tuple(stored["values"]),
        low=stored["low"],
        high=stored["high"],
        currency=stored["currency"],
        strength=Strength(stored["strength"]),
        weight=stored["weight"],
        span=(stored["span"][0], stored["span"][1]) if stored["span"] else None,
        label=stored["label"],
        source=stored["source"],
        note=stored["note"],
    )


def order_to_json(order: Order | None) -> dict[str, Any] | None:
    if order is None:
        return None
    return {"field": order.field, "descending": order.descending, "span": order.span, "label": order.label}


def order_from_json(stored: Mapping[str, Any] | None) -> Order | None:
    if not stored:
        return None
    span = stored.get("span")
    return Order(stored["field"], stored["descending"], (span[0], span[1]) if span else None, stored.get("label", ""))


def instruction_to_json(instruction: Instruction) -> dict[str, Any]:
    """A parse as stored."""
    return {
        "text": instruction.text,
        "language": instruction.language,
        "constraints": [constraint_to_json(c) for c in instruction.constraints],
        "order": order_to_json(instruction.order),
        "rest": instruction.rest,
        "avoid": instruction.avoid,
        "expansions": list(instruction.expansions),
        "unparsed": list(instruction.unparsed),
        "themes": list(instruction.themes),
    }


def instruction_from_json(stored: Mapping[str, Any]) -> Instruction:
    """The parse that ``instruction_to_json`` stored."""
    return Instruction(
        text=stored["text"],
        language=stored["language"],
        constraints=tuple(constraint_from_json(c) for c in stored["constraints"]),
        order=order_from_json(stored["order"]),
        rest=stored["rest"],
        avoid=stored["avoid"],
        expansions=tuple(stored.get("expansions", ())),
        unparsed=tuple(stored["unparsed"]),
        themes=tuple(stored.get("themes", ())),
    )


def relaxation_to_json(relaxation: Relaxation) -> dict[str, Any]:
    return {
        "dropped": [constraint_to_json(c) for c in relaxation.dropped],
        "message": relaxation.message,
        "n_results": relaxation.n_results,
        "added": [constraint_to_json(c) for c in relaxation.added],
        "alternatives": [
            {
                "dropped": [constraint_to_json(c) for c in way.dropped],
                "added": [constraint_to_json(c) for c in way.added],
                "n_results": way.n_results,
                "label": way.label,
            }
            for way in relaxation.alternatives
        ],
    }


def relaxation_from_json(stored: Mapping[str, Any]) -> Relaxation:
    if not stored:
        return Relaxation()
    return Relaxation(
        dropped=_constraints(stored["dropped"]),
        message=stored["message"],
        n_results=stored["n_results"],
        added=_constraints(stored.get("added", ())),
        alternatives=tuple(
            Alternative(_constraints(way["dropped"]), _constraints(way["added"]), way["n_results"], way["label"])
            for way in stored.get("alternatives", ())
        ),
    )


def _constraints(stored: Sequence[Mapping[str, Any]]) -> tuple[Constraint, ...]:
    return tuple(constraint_from_json(c) for c in stored)


def terms_to_json(terms: Mapping[str, Sequence[Term]]) -> dict[str, list[list[Any]]]:
    """Item id -> [[block, source, weight, z], ...]; six decimals keep the sum exact to 1e-5."""
    return {i: [[t.block, t.source, round(t.weight, 6), round(t.z, 6)] for t in addends] for i, addends in terms.items()}


def terms_from_json(stored: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, tuple[Term, ...]]:
    """The terms that ``terms_to_json`` stored."""
    return {i: tuple(Term(*addend) for addend in addends) for i, addends in stored.items()}
