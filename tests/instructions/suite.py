"""The published suite of requests: how an expectation is written, and how far a parser meets it.

An expectation is a list of slots, written as a shopper would read a chip: "base colour=Black|White", "brand!=Nike",
"price<=300", "price>=200", "price=20..30" (major units), "price<=" (cheaper, no bound).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fusion.instructions.parser import LexiconParser
from fusion.types import Constraint, Instruction, Operator, Strength, Vocabulary, minor_unit_exponent

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Request:
    text: str
    lang: str
    kind: str
    catalogue: str
    musts: frozenset[str]
    wants: frozenset[str]
    avoids: frozenset[str] = frozenset()
    order: str = ""
    avoid: str = ""


@dataclass
class Tally:
    right: int = 0
    found: int = 0
    expected: int = 0
    exact_musts: int = 0
    n: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.expected) if self.found + self.expected else 1.0

    @property
    def exactness(self) -> float:
        """Share of requests whose musts are exactly the expected ones."""
        return self.exact_musts / self.n if self.n else 1.0


def load_requests(name: str = "requests") -> list[Request]:
    rows = [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row.update({key: frozenset(_ordered(slot) for slot in row.get(key, ())) for key in ("musts", "wants", "avoids")})
    return [Request(**row) for row in rows]


def load_vocabulary(name: str) -> Vocabulary:
    data = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return Vocabulary(data["values"], data["currency"], dict.fromkeys(data["titles"].split(), 1))


def fitted_parsers() -> dict[str, LexiconParser]:
    parsers = {}
    for name in ("demo", "clothes"):
        parsers[name] = LexiconParser()
        parsers[name].fit(load_vocabulary(name))
    return parsers


def slot_of(constraint: Constraint) -> str:
    """A constraint in the suite's notation."""
    if constraint.low is not None or constraint.high is not None or constraint.operator in {Operator.LTE, Operator.GTE}:
        low, high = _major(constraint.low, constraint.currency), _major(constraint.high, constraint.currency)
        if constraint.operator is Operator.BETWEEN:
            return f"{constraint.field}={low}..{high}"
        return f"{constraint.field}{'<=' if constraint.operator is Operator.LTE else '>='}{high or low}"
    sign = "!=" if constraint.operator is Operator.NOT_IN else "="
    return _ordered(f"{constraint.field}{sign}{'|'.join(constraint.values)}")


def _major(minor: float | None, currency: str) -> str:
    return "" if minor is None else f"{minor / 10 ** minor_unit_exponent(currency):g}"


def _ordered(slot: str) -> str:
    """The slot with its alternatives in alphabetical order."""
    sign = "!=" if "!=" in slot else "="
    name, _, values = slot.partition(sign)
    return slot if name[-1:] in "<>" else f"{name}{sign}{'|'.join(sorted(values.split('|')))}"


def slots_of(instruction: Instruction, strength: Strength) -> set[str]:
    return {slot_of(c) for c in instruction.constraints if c.strength is strength}


def order_of(instruction: Instruction) -> str:
    order = instruction.order
    return f"{order.field} {'desc' if order.descending else 'asc'}" if order else ""


def tally(requests: Iterable[Request], parsers: dict[str, LexiconParser]) -> Tally:
    """Slot counts over musts, wants, avoids, order and avoided words; a request's musts must be right to the last slot."""
    total = Tally()
    for request in requests:
        instruction = parsers[request.catalogue].parse(request.text)
        found = _all_slots(
            slots_of(instruction, Strength.MUST), slots_of(instruction, Strength.WANT), slots_of(instruction, Strength.AVOID),
            order_of(instruction), instruction.avoid,
        )  # fmt: skip
        expected = _all_slots(request.musts, request.wants, request.avoids, request.order, request.avoid)
        total.right += len(found & expected)
        total.found += len(found)
        total.expected += len(expected)
        total.n += 1
        total.exact_musts += slots_of(instruction, Strength.MUST) == request.musts
        if found != expected:
            missing, extra = sorted(expected - found), sorted(found - expected)
            total.wrong.append(f"[{request.catalogue}/{request.kind}] {request.text}: missing {missing}, extra {extra}")
    return total


def _all_slots(musts: Iterable[str], wants: Iterable[str], avoids: Iterable[str], order: str, avoid: str) -> set[str]:
    slots = {f"must {slot}" for slot in musts} | {f"want {slot}" for slot in wants} | {f"avoid {slot}" for slot in avoids}
    return slots | ({f"order {order}"} if order else set()) | ({f"words {avoid}"} if avoid else set())


def report() -> str:
    """The table of the suite, by language and kind, with every miss."""
    parsers, requests, lines, misses = fitted_parsers(), load_requests(), [], []
    for lang in ("en", "zh"):
        for kind in (*dict.fromkeys(r.kind for r in requests), "all"):
            result = tally([r for r in requests if r.lang == lang and kind in {r.kind, "all"}], parsers)
            lines.append(f"{lang} {kind:18} n={result.n:3} slot F1 {result.f1:.3f}  musts exact {result.exactness:.3f}")
            misses += result.wrong if kind == "all" else []
    return "\n".join([*lines, "", *misses])


if __name__ == "__main__":
    print(report())
