"""Bytes -> raw rows, one at a time. A row that cannot be read is handed on as a problem, never raised."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from shop.catalog.importing.report import FileUnreadable, Problem

MAX_LINE = 4 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the file has it: field names in lower case, values untouched."""

    number: int
    fields: dict[str, Any]


def read_rows(path: Path, *, required: str = "sku") -> Iterator[RawRow | Problem]:
    """Rows of a JSONL or CSV file in order. ``.csv`` and ``.tsv`` are CSV, a file that begins with "{" is JSONL.

    Raises:
        FileUnreadable: no such file, empty, neither format, or a CSV header without the ``required`` column.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(_BOM).lstrip()
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read ({error.strerror}). Give the path of a JSONL or CSV file.") from error
    if not head:
        raise FileUnreadable(f"{path} is empty. Expected JSONL (one object a line) or CSV with a header.")
    if head.startswith(b"["):
        raise FileUnreadable(f"{path} is one JSON array. Expected JSONL: one object a line, no brackets, no commas between.")
    if path.suffix.lower() in (".csv", ".tsv") and not head.startswith(b"{"):
        return _read_csv(path, required)
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json") or head.startswith(b"{"):
        return _read_jsonl(path)
    return _read_csv(path, required)


def count_lines(path: Path) -> int:
    """Lines of a file, read in blocks: what a progress bar expects."""
    with path.open("rb") as file:
        last, lines = b"\n", 0
        while block := file.read(1 << 20):
            last, lines = block[-1:], lines + block.count(b"\n")
        return lines + (last != b"\n")


def _read_jsonl(path: Path) -> Iterator[RawRow | Problem]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE and not line.endswith(b"\n"):
                _skip_line(file)
                yield Problem(number, "", f"the line is longer than {MAX_LINE // 1048576} MB")
            elif line := (line.removeprefix(_BOM) if number == 1 else line).strip():
                yield _json_row(number, line)


def _skip_line(file: BinaryIO) -> None:
    while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _json_row(number: int, line: bytes) -> RawRow | Problem:
    try:
        given = json.loads(line.decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        return Problem(number, "", f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8")
    except RecursionError:
        return Problem(number, "", "the JSON is nested too deeply")
    except ValueError as error:
        return Problem(number, "", f"not a JSON object on one line ({error})")
    if not isinstance(given, dict):
        return Problem(number, "", f"a JSON object is needed, this is a {type(given).__name__}")
    return RawRow(number, {name.strip().lower(): value for name, value in given.items()})


def _read_csv(path: Path, required: str) -> Iterator[RawRow | Problem]:
    """Checks the header at once, so that a wrong file is refused before anything is written."""
    csv.field_size_limit(MAX_LINE)
    # surrogateescape: a bad byte spoils its own row only, and is found again below.
    file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", skipinitialspace=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
    except (csv.Error, StopIteration) as error:
        file.close()
        raise FileUnreadable(f"{path} has no CSV header ({error}).") from error
    if required not in header:
        file.close()
        shown = ", ".join(name for name in header[:12]).encode("utf-8", "replace").decode()[:200]
        raise FileUnreadable(f"{path} has no column {required!r} (its first line reads: {shown}). Expected JSONL or CSV.")
    return _csv_rows(file, reader, header)


def _csv_rows(file: Any, reader: Any, header: list[str]) -> Iterator[RawRow | Problem]:
    number = 1
    with file:
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Problem(number, "", f"not a CSV row ({error}); at most {MAX_LINE // 1048576} MB a cell")
                continue
            if any(cell.strip() for cell in cells):
                yield _csv_row(number, header, cells)


def _csv_row(number: int, header: list[str], cells: list[str]) -> RawRow | Problem:
    cells = [cell.strip() for cell in cells]
    if any("\udc80" <= char <= "\udcff" for cell in cells for char in cell):
        return Problem(number, "", "not UTF-8; save the file as UTF-8")
    if any(cells[len(header) :]):
        return Problem(number, "", f"{len(cells)} cells for {len(header)} columns; put texts with commas in quotes")
    return RawRow(number, {name: _csv_value(cell) for name, cell in zip(header, cells, strict=False) if name})


def _csv_value(cell: str) -> Any:
    """A cell, or the list that a cell like ["S", "M"] spells."""
    if cell.startswith("[") and cell.endswith("]"):
        try:
            return json.loads(cell, parse_float=Decimal)
        except (ValueError, RecursionError):
            return cell
    return cell
