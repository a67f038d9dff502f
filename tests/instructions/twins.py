"""Requests with their negated twins, and requests said in English and in Chinese: what is to be told apart, and what is not.

A twin is {text, negated, lang, catalogue, musts, wants, ...}, and of the second ``negated_musts``, ``negated_avoid`` and so on.
A pair is {en, zh, catalogue}. ``python -m tests.instructions.twins`` prints the shares and every miss.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from fusion.instructions.evaluation import Expectation, Reading, order_of, read_expectation, read_with, slots_of
from fusion.instructions.parser import LexiconParser
from fusion.types import Instruction, Strength
from tests.instructions.suite import HERE, fitted_parsers

NEGATED = "negated_"


@dataclass(frozen=True, slots=True)
class Twin:
    """A request and the one that refuses what the first asks for."""

    plain: Expectation
    negated: Expectation


@dataclass(frozen=True, slots=True)
class Pair:
    """One request in both languages."""

    en: str
    zh: str
    catalogue: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many of ``n`` were right, and a line about each that was not."""

    n: int
    misses: list[str]

    @property
    def right(self) -> float:
        return 1 - len(self.misses) / self.n if self.n else 1.0


def load_twins() -> list[Twin]:
    return [_twin(row) for row in _rows("twins")]


def load_pairs() -> list[Pair]:
    return [Pair(**row) for row in _rows("pairs")]


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def _twin(row: dict[str, Any]) -> Twin:
    common = {"lang": row["lang"], "catalogue": row["catalogue"], "kind": "twin"}
    ours = {f.name for f in fields(Expectation)}
    plain = {key: value for key, value in row.items() if key in ours}
    negated = {key.removeprefix(NEGATED): value for key, value in row.items() if key.startswith(NEGATED)}
    lines = ({**plain, **common}, {**negated, **common, "text": row["negated"]})
    return Twin(*(read_expectation(json.dumps(line)) for line in lines))


def twins_right(twins: Iterable[Twin], parsers: dict[str, LexiconParser]) -> Share:
    """Both sides of a right twin have exactly the expected musts, order, avoids and words to avoid.

    Wants are not compared: a twin is about what is refused.
    """
    twins = list(twins)
    misses = []
    for twin in twins:
        readings = [read_with(parsers[side.catalogue], side) for side in (twin.plain, twin.negated)]
        if wrong := [reading.miss for reading in readings if not _is_right(reading)]:
            misses.append("; ".join(wrong))
    return Share(len(twins), misses)


def _is_right(reading: Reading) -> bool:
    expected, found = reading.expected, reading.instruction
    hard, soft = (frozenset(slots_of(found, strength)) for strength in (Strength.MUST, Strength.AVOID))
    return (hard, soft, order_of(found), found.avoid) == (expected.musts, expected.avoids, expected.order, expected.avoid)


def pairs_equal(pairs: Iterable[Pair], parsers: dict[str, LexiconParser]) -> Share:
    """An equal pair has the same slots in both languages, and at least one; see comparable_slots."""
    pairs = list(pairs)
    misses = []
    for pair in pairs:
        en, zh = (comparable_slots(parsers[pair.catalogue].parse(text)) for text in (pair.en, pair.zh))
        if en != zh or not en:
            misses.append(f"[{pair.catalogue}] {pair.en} / {pair.zh}: only en {sorted(en - zh)}, only zh {sorted(zh - en)}")
    return Share(len(pairs), misses)


def comparable_slots(found: Instruction) -> frozenset[str]:
    """The slots of a reading; words to avoid differ by language, so only that there are some."""
    slots = {f"{strength.value} {slot}" for strength in Strength for slot in slots_of(found, strength)}
    order, avoid = order_of(found), bool(found.avoid)
    return frozenset(slots | ({f"order {order}"} if order else set()) | ({"words"} if avoid else set()))


def report() -> str:
    parsers = fitted_parsers()
    twins = load_twins()
    shares = {f"twins, {lang}": twins_right([t for t in twins if t.plain.lang == lang], parsers) for lang in ("en", "zh")}
    shares["pairs"] = pairs_equal(load_pairs(), parsers)
    table = [f"{'':12}{'n':>5}{'right':>8}", *(f"{name:12}{share.n:>5}{share.right:>8.3f}" for name, share in shares.items())]
    return "\n".join([*table, "", *(miss for share in shares.values() for miss in share.misses)])


if __name__ == "__main__":
    print(report())
