"""Labelled requests: ``topic`` is the slug of the question that is asked, "" where products are asked for.

The threshold of ``recommender.services.text_matching`` was chosen on ``calibration.jsonl``; ``held_out.jsonl`` was written
beforehand and read by it once, for docs/faq.md. Neither repeats a phrasing of ``shop/faq/content.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Labelled:
    text: str
    language: str
    topic: str


@dataclass(frozen=True)
class Measured:
    """``precision``: of what was answered, what was a service question; ``recall``: of those, what was answered;
    ``right_topic``: of those answered, with the answer to what was asked."""

    n_service: int
    n_products: int
    precision: float
    recall: float
    right_topic: float
    wrong: tuple[str, ...]
    missed: tuple[str, ...]


def read(name: str, language: str = "") -> list[Labelled]:
    lines = (_FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [Labelled(**json.loads(line)) for line in lines]
    return [row for row in rows if language in ("", row.language)]


def measure(rows: Sequence[Labelled], topic_of: Callable[[str], str]) -> Measured:
    found = [(row, topic_of(row.text)) for row in rows]
    answered = [(row, topic) for row, topic in found if topic]
    true = [(row, topic) for row, topic in answered if row.topic]
    n_service = sum(bool(row.topic) for row in rows)
    return Measured(
        n_service=n_service,
        n_products=len(rows) - n_service,
        precision=len(true) / len(answered) if answered else 1.0,
        recall=len(true) / n_service if n_service else 0.0,
        right_topic=sum(row.topic == topic for row, topic in true) / len(true) if true else 0.0,
        wrong=tuple(row.text for row, _ in answered if not row.topic),
        missed=tuple(row.text for row, topic in found if row.topic and not topic),
    )
