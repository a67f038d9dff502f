"""A request as the parser reads it now, for the page that teaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fusion.instructions.evaluation import order_of, slot_of, slots_of
from fusion.types import Constraint, Instruction, Operator, Strength
from recommender.engine import get_engine
from recommender.models import Correction
from recommender.services.serving import clean_text


@dataclass(frozen=True, slots=True)
class Chip:
    """One recognised piece: its words in the request, and what they were taken for."""

    label: str
    slot: str
    strength: str
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole request, for a table."""

    instruction: Instruction
    chips: tuple[Chip, ...]
    order: str


def read_request(text: str, language: str = "") -> Reading:
    """What the next shopper who asks this would be understood to mean."""
    instruction = _parse(text, language)
    chips = tuple(
        Chip(c.label or c.field, slot_of(c), c.strength.value, _words(instruction.text, c), c.note)
        for c in instruction.constraints
    )
    order = instruction.order
    return Reading(instruction, chips, (order.label or order_of(instruction)) if order else "")


def initial_correction(text: str) -> dict[str, Any]:
    """The fields of a correction as the request is read now."""
    read = _parse(text)
    refused = [c for c in read.constraints if c.operator is Operator.NOT_IN or c.strength is Strength.AVOID]
    asked = [c for c in read.constraints if c not in refused and c.values]
    order = order_of(read)
    return {
        "text": text,
        "musts": sorted(slots_of(read, Strength.MUST)),
        "wants": sorted(slots_of(read, Strength.WANT)),
        "avoids": sorted(slots_of(read, Strength.AVOID)),
        "order": order if order in Correction.Order.values else "",
        "rest": read.rest,
        "avoid": read.avoid,
        "wanted": _distinct(_words(read.text, c) for c in asked),
        "unwanted": _distinct([*(_words(read.text, c) for c in refused), read.avoid if read.avoid in read.text else ""]),
        "active": True,
    }


def _parse(text: str, language: str = "") -> Instruction:
    engine = get_engine()
    engine.refresh()
    return engine.parser.parse(clean_text(text), language=language)


def _words(text: str, constraint: Constraint) -> str:
    return text[slice(*constraint.span)] if constraint.span else ""


def _distinct(words: Any) -> list[str]:
    return [word for word in dict.fromkeys(words) if word]
