"""``manage.py evaluate_instructions FILE``: how well this shop's parser reads requests whose meaning is written down."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.exceptions import FusionError
from fusion.instructions.evaluation import (
    BadLine,
    Expectation,
    Row,
    read_expectations,
    read_with,
    rows_of,
    score,
    table_of,
    unknown_fields,
)
from recommender.engine import Engine, get_engine
from recommender.tagging import load_tagger

# Fields that every catalogue has beside its own columns.
ALWAYS = ("price", "in_stock", "category")
SHOWN_BAD_LINES = 20


class Command(BaseCommand):
    help = "Reads requests with the shop's own parser and says how many were read as meant. A model loads only for a tagger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="JSONL of {text, lang?, kind?, musts: [...], wants: [...], avoids?, order?, avoid?}"
        )
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the table, the misses and the bad lines here, too")
        parser.add_argument("--misses", type=int, default=20, metavar="N", help="how many misses to list (default: 20)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["misses"] < 0:
            raise CommandError(f"--misses is {options['misses']}; give 0 or more.")
        expectations, bad = self._read(options["file"])
        engine = get_engine()
        engine.refresh()
        self._warn(engine, expectations)
        self._load_tagger(engine)
        engine.parser.parse("warm up 预热")  # what is loaded on first use is not a request's time
        readings = [read_with(engine.parser, expected) for expected in expectations]
        rows, misses = rows_of(readings), score(readings).wrong
        self.stdout.write("\n".join(table_of(rows)))
        self._list(misses, options["misses"])
        if options["json"]:
            _write(options["json"], {"rows": [_row(r) for r in rows], "misses": misses, "bad_lines": [asdict(b) for b in bad]})

    def _load_tagger(self, engine: Engine) -> None:
        if engine.tagger is not None:
            try:
                load_tagger(engine.tagger)
            except FusionError as error:
                self.stderr.write(self.style.WARNING(f"The tagger is left out: {error}"))

    def _read(self, path: Path) -> tuple[list[Expectation], list[BadLine]]:
        try:
            # split at line ends only: a request may hold U+2028 and the like
            lines = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read as UTF-8 text ({error}).") from error
        expectations, bad = read_expectations(lines)
        for line in bad[:SHOWN_BAD_LINES]:
            self.stderr.write(self.style.WARNING(f"{path}, line {line.number}: {line.reason}; left out."))
        if len(bad) > SHOWN_BAD_LINES:
            self.stderr.write(self.style.WARNING(f"... and {len(bad) - SHOWN_BAD_LINES} more lines left out."))
        if not expectations:
            raise CommandError(
                f'{path} has no line that could be read; a line is {{"text": "black shoes", "musts": ["color=black"]}}.'
            )
        return expectations, bad

    def _warn(self, engine: Engine, expectations: Sequence[Expectation]) -> None:
        if not len(engine.collection):
            self.stderr.write(self.style.WARNING("The index is empty, so no value can be recognised: run manage.py index."))
        known = {*engine.collection.columns.vocabulary().values, *ALWAYS}
        if unknown := unknown_fields(expectations, known):
            said = (
                f"No product has the field {', '.join(unknown)}, so it can only be missed; known: {', '.join(sorted(known))}."
            )
            self.stderr.write(self.style.WARNING(said))

    def _list(self, misses: Sequence[str], shown: int) -> None:
        for miss in misses[:shown]:
            self.stdout.write(miss)
        if len(misses) > shown:
            self.stdout.write(f"{len(misses) - shown} more misses: --misses {len(misses)} lists all.")


def _row(row: Row) -> dict[str, Any]:
    counts = row.score
    return {
        "lang": row.lang,
        "kind": row.kind,
        "n": counts.n,
        "slot_precision": round(counts.precision, 4),
        "slot_recall": round(counts.recall, 4),
        "slot_f1": round(counts.f1, 4),
        "musts_exact": round(counts.exactness, 4),
        "median_ms": round(counts.ms(0.5), 3),
        "p95_ms": round(counts.ms(0.95), 3),
    }


def _write(path: Path, report: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror or error}).") from error
