"""The published suite of requests over two vocabularies. How they are scored: fusion.instructions.evaluation.

``requests``, ``opened`` and ``opened2`` are the published suite, ``development`` is for working on the parser, ``sealed`` is
for neither and run once: README.md beside this one. ``python -m tests.instructions.suite`` prints the table and every miss of
the published files, or of the files that are named.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from fusion.instructions.evaluation import Expectation, Reading, Score, read_expectations, read_with, rows_of, score, table_of
from fusion.instructions.parser import LexiconParser
from fusion.instructions.tagger import RequestTagger
from fusion.types import Vocabulary

HERE = Path(__file__).parent
PUBLISHED = ("requests", "opened", "opened2")
SEALED = "sealed"


def load_requests(*names: str) -> list[Expectation]:
    """The requests of the named files, of the published ones where none is named."""
    lines = [line for name in names or PUBLISHED for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    requests, bad = read_expectations(lines)
    assert not bad, bad
    return requests


def load_vocabulary(name: str) -> Vocabulary:
    data = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return Vocabulary(data["values"], data["currency"], dict.fromkeys(data["titles"].split(), 1))


def strange_slots(slots: Iterable[str], catalogue: str) -> list[str]:
    """Slots with a field or a value that the vocabulary does not have; a category may stand for what lies below it."""
    values = json.loads((HERE / f"{catalogue}.json").read_text(encoding="utf-8"))["values"]
    return [slot for slot in slots if not _is_known(slot, values)]


def _is_known(slot: str, values: dict[str, dict[str, int]]) -> bool:
    name, _, wanted = re.split(r"(!=|<=|>=|=)", slot, maxsplit=1)
    if name == "price":
        return bool(re.fullmatch(r"(\d+(\.\d+)?(\.\.\d+(\.\d+)?)?)?", wanted))
    if name == "in_stock":
        return wanted == "true"
    known = set(values.get(name, {}))
    if name == "category":
        known |= {"/".join(path.split("/")[:depth]) for path in known for depth in range(1, path.count("/") + 1)}
    return set(wanted.split("|")) <= known


def fitted_parsers(tagger: RequestTagger | None = None) -> dict[str, LexiconParser]:
    parsers = {}
    for name in ("demo", "clothes"):
        parsers[name] = LexiconParser(tagger=tagger)
        parsers[name].fit(load_vocabulary(name))
    return parsers


def read_all(requests: Iterable[Expectation], parsers: dict[str, LexiconParser]) -> list[Reading]:
    return [read_with(parsers[request.catalogue], request) for request in requests]


def tally(requests: Iterable[Expectation], parsers: dict[str, LexiconParser]) -> Score:
    return score(read_all(requests, parsers))


def report(*names: str) -> str:
    """The table of files of the suite, by language and kind, with every miss."""
    readings = read_all(load_requests(*names), fitted_parsers())
    return "\n".join([*table_of(rows_of(readings)), "", *score(readings).wrong])


if __name__ == "__main__":
    print(report(*sys.argv[1:]))
