"""The published suite of requests over two vocabularies. How they are scored: fusion.instructions.evaluation.

``python -m tests.instructions.suite [requests|sealed]`` prints the table and every miss.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from fusion.instructions.evaluation import Expectation, Reading, Score, read_expectations, read_with, rows_of, score, table_of
from fusion.instructions.parser import LexiconParser
from fusion.types import Vocabulary

HERE = Path(__file__).parent


def load_requests(name: str = "requests") -> list[Expectation]:
    requests, bad = read_expectations((HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    assert not bad, bad
    return requests


def load_vocabulary(name: str) -> Vocabulary:
    data = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return Vocabulary(data["values"], data["currency"], dict.fromkeys(data["titles"].split(), 1))


def fitted_parsers() -> dict[str, LexiconParser]:
    parsers = {}
    for name in ("demo", "clothes"):
        parsers[name] = LexiconParser()
        parsers[name].fit(load_vocabulary(name))
    return parsers


def read_all(requests: Iterable[Expectation], parsers: dict[str, LexiconParser]) -> list[Reading]:
    return [read_with(parsers[request.catalogue], request) for request in requests]


def tally(requests: Iterable[Expectation], parsers: dict[str, LexiconParser]) -> Score:
    return score(read_all(requests, parsers))


def report(name: str = "requests") -> str:
    """The table of a file of the suite, by language and kind, with every miss."""
    readings = read_all(load_requests(name), fitted_parsers())
    return "\n".join([*table_of(rows_of(readings)), "", *score(readings).wrong])


if __name__ == "__main__":
    print(report(*sys.argv[1:2]))
