"""How far a parser reads requests as they were meant: slots right, musts right to the last one, and how long it takes.

An expectation is a list of slots, written as a shopper would read a chip: "base colour=Black|White", "brand!=Nike",
"price<=300", "price>=200", "price=20..30" (major units), "price<=" (cheaper, no bound).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from fusion.instructions.base import InstructionParser
from fusion.types import Constraint, Instruction, Operator, Strength, minor_unit_exponent

SLOT = re.compile(r"[^=<>!|]+(!=|<=|>=|=).*", re.DOTALL)
ORDER = re.compile(r"(price|created_at|rating|popularity) (asc|desc)")
_SLOT_LISTS = ("musts", "wants", "avoids")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A request and what it means.

    Attributes:
        lang: of the request, "" where the file does not say.
        catalogue: which vocabulary the slots are written in, where a file mixes several.
        order: "price asc", "created_at desc", ...; "" for relevance.
        avoid: words that are not wanted and that no attribute knows.
    """

    text: str
    lang: str = ""
    kind: str = "any"
    catalogue: str = ""
    musts: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()
    avoids: frozenset[str] = frozenset()
    order: str = ""
    avoid: str = ""

    @property
    def slots(self) -> frozenset[str]:
        return _all_slots(self.musts, self.wants, self.avoids, self.order, self.avoid)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is no expectation, counted from 1, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One expectation, what the parser made of it, and the wall milliseconds that took."""

    expected: Expectation
    instruction: Instruction
    ms: float

    @property
    def lang(self) -> str:
        return self.expected.lang or self.instruction.language or "?"

    @property
    def slots(self) -> frozenset[str]:
        found = self.instruction
        musts, wants, avoids = (slots_of(found, strength) for strength in (Strength.MUST, Strength.WANT, Strength.AVOID))
        return _all_slots(musts, wants, avoids, order_of(found), found.avoid)

    @property
    def miss(self) -> str:
        """What is missing and what is too much, in words; "" when all was right."""
        found, expected = self.slots, self.expected.slots
        if found == expected:
            return ""
        where = "/".join(part for part in (self.lang, self.expected.catalogue, self.expected.kind) if part)
        missing, extra = sorted(expected - found), sorted(found - expected)
        return f"[{where}] {self.expected.text}: missing {missing}, extra {extra}"


@dataclass
class Score:
    """Counts over readings. Slots are musts, wants, avoids, the order and avoided words; all weigh alike."""

    right: int = 0
    found: int = 0
    expected: int = 0
    exact_musts: int = 0
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        return len(self.times)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.expected) if self.found + self.expected else 1.0

    @property
    def exactness(self) -> float:
        """Share of requests whose musts are exactly the expected ones."""
        return self.exact_musts / self.n if self.n else 1.0

    def ms(self, share: float) -> float:
        """The parse time that ``share`` of the requests stay within, by nearest rank; 0 without requests."""
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; kind "all" sums up a language."""

    lang: str
    kind: str
    score: Score


def read_expectations(lines: Iterable[str]) -> tuple[list[Expectation], list[BadLine]]:
    """JSON lines of {text, lang?, kind?, musts?, wants?, avoids?, order?, avoid?}; empty lines are skipped."""
    expectations: list[Expectation] = []
    bad: list[BadLine] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            expectations.append(read_expectation(line))
        except ValueError as error:
            bad.append(BadLine(number, str(error)))
    return expectations, bad


def read_expectation(line: str) -> Expectation:
    """Raises: ValueError: the line is no JSON object, has no text, or a slot or an order that cannot be read."""
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair could not be printed or stored
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON in UTF-8 ({error})") from error
    if not isinstance(row, dict):
        raise ValueError('not an object like {"text": "black shoes", "musts": ["color=black"]}')
    known = {f.name for f in fields(Expectation)}
    if unknown := sorted(row.keys() - known):
        raise ValueError(f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    for key in known - set(_SLOT_LISTS):
        if not isinstance(row.get(key, ""), str):
            raise ValueError(f"{key} is {row[key]!r}, not a text")
    if not row.get("text"):
        raise ValueError("no text")
    if row.get("order") and not ORDER.fullmatch(row["order"]):
        raise ValueError(f'order is {row["order"]!r}; write "price asc", "created_at desc", "rating desc", "popularity desc"')
    return Expectation(**{**row, **{key: _slots(row, key) for key in _SLOT_LISTS}})


def _slots(row: dict[str, Any], key: str) -> frozenset[str]:
    slots = row.get(key, [])
    if not isinstance(slots, list):
        raise ValueError(f"{key} is {slots!r}, not a list")
    for slot in slots:
        if not isinstance(slot, str) or not SLOT.fullmatch(slot):
            raise ValueError(f'{key} has {slot!r}; write "color=Red|Blue", "brand!=Nike", "price<=50" or "price=20..30"')
    return frozenset(ordered_slot(slot) for slot in slots)


def unknown_fields(expectations: Iterable[Expectation], known: Collection[str]) -> list[str]:
    """Fields that expectations name and a catalogue does not have: their slots can only be missed."""
    slots = (slot for e in expectations for slot in (*e.musts, *e.wants, *e.avoids))
    return sorted({re.split(r"!=|<=|>=|=", slot, maxsplit=1)[0] for slot in slots} - set(known))


def ordered_slot(slot: str) -> str:
    """The slot with its alternatives in alphabetical order."""
    sign = "!=" if "!=" in slot else "="
    name, _, values = slot.partition(sign)
    return slot if name[-1:] in "<>" else f"{name}{sign}{'|'.join(sorted(values.split('|')))}"


def slot_of(constraint: Constraint) -> str:
    """A constraint in the notation of the expectations."""
    if constraint.low is not None or constraint.high is not None or constraint.operator in {Operator.LTE, Operator.GTE}:
        exponent = minor_unit_exponent(constraint.currency) if constraint.field == "price" else 0
        low, high = _scaled(constraint.low, exponent), _scaled(constraint.high, exponent)
        if constraint.operator is Operator.BETWEEN:
            return f"{constraint.field}={low}..{high}"
        return f"{constraint.field}{'<=' if constraint.operator is Operator.LTE else '>='}{high or low}"
    sign = "!=" if constraint.operator is Operator.NOT_IN else "="
    return ordered_slot(f"{constraint.field}{sign}{'|'.join(constraint.values)}")


def _scaled(number: float | None, exponent: int) -> str:
    return "" if number is None else f"{number / 10**exponent:g}"


def slots_of(instruction: Instruction, strength: Strength) -> set[str]:
    return {slot_of(c) for c in instruction.constraints if c.strength is strength}


def order_of(instruction: Instruction) -> str:
    order = instruction.order
    return f"{order.field} {'desc' if order.descending else 'asc'}" if order else ""


def _all_slots(musts: Iterable[str], wants: Iterable[str], avoids: Iterable[str], order: str, avoid: str) -> frozenset[str]:
    slots = {f"must {slot}" for slot in musts} | {f"want {slot}" for slot in wants} | {f"avoid {slot}" for slot in avoids}
    return frozenset(slots | ({f"order {order}"} if order else set()) | ({f"words {avoid}"} if avoid else set()))


def read_with(parser: InstructionParser, expected: Expectation) -> Reading:
    started = time.perf_counter()
    instruction = parser.parse(expected.text)
    return Reading(expected, instruction, (time.perf_counter() - started) * 1000)


def score(readings: Iterable[Reading]) -> Score:
    """Slot counts over all readings; a request's musts must be right to the last slot to count as exact."""
    total = Score()
    for reading in readings:
        found, expected = reading.slots, reading.expected.slots
        total.right += len(found & expected)
        total.found += len(found)
        total.expected += len(expected)
        total.exact_musts += slots_of(reading.instruction, Strength.MUST) == reading.expected.musts
        total.times.append(reading.ms)
        if found != expected:
            total.wrong.append(reading.miss)
    return total


def rows_of(readings: Sequence[Reading]) -> list[Row]:
    """A row per language and kind, and per language one for all of its kinds, in the order of the file."""
    rows = []
    for lang in dict.fromkeys(reading.lang for reading in readings):
        spoken = [reading for reading in readings if reading.lang == lang]
        for kind in dict.fromkeys(reading.expected.kind for reading in spoken):
            rows.append(Row(lang, kind, score(r for r in spoken if r.expected.kind == kind)))
        rows.append(Row(lang, "all", score(spoken)))
    return rows


def table_of(rows: Iterable[Row]) -> list[str]:
    """The rows as lines of text under a heading."""
    lines = [
        f"{'':3}{'kind':18}{'n':>5}{'precision':>11}{'recall':>8}{'F1':>7}{'musts exact':>13}{'median ms':>11}{'p95 ms':>8}"
    ]
    for row in rows:
        s = row.score
        lines.append(
            f"{row.lang:3}{row.kind:18}{s.n:>5}{s.precision:>11.3f}{s.recall:>8.3f}{s.f1:>7.3f}"
            f"{s.exactness:>13.3f}{s.ms(0.5):>11.2f}{s.ms(0.95):>8.2f}"
        )
    return lines
