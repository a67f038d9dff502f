"""Results as tables: aligned text for a terminal, markdown for the documentation, plain values for JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """One result. ``key`` names its place in the documentation; ``notes`` say how it was measured."""

    key: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Table:
        return cls(given["key"], given["title"], given["columns"], given["rows"], given["notes"])

    def text(self) -> str:
        """Aligned columns; words to the left, numbers to the right."""
        shown = [[shown_cell(cell) for cell in row] for row in self.rows]
        lines = [list(self.columns), *shown]
        widths = [max(_width(line[i]) for line in lines) for i in range(len(self.columns))]
        right = [bool(self.rows) and all(not isinstance(row[i], str) for row in self.rows) for i in range(len(widths))]
        drawn = ["  ".join(_pad(line[i], widths[i], right[i]) for i in range(len(widths))).rstrip() for line in lines]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, drawn[0], rule, *drawn[1:], *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """A heading-less markdown table with its notes below."""
        align = ["---:" if self.rows and not isinstance(self.rows[0][i], str) else "---" for i in range(len(self.columns))]
        lines = [list(self.columns), align, *([shown_cell(cell) for cell in row] for row in self.rows)]
        table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        return "\n\n".join([f"**{self.title}**", table, *self.notes])


def shown_cell(cell: Cell) -> str:
    """A cell as people read it: three significant figures, thousands apart."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def update_document(path: Path, tables: Iterable[Table]) -> list[str]:
    """Put each table between ``<!-- bench:KEY -->`` and ``<!-- /bench -->`` of a document.

    Returns:
        The keys that the document has no place for.
    """
    text = path.read_text(encoding="utf-8")
    homeless = []
    for table in tables:
        place = re.compile(rf"(<!-- bench:{re.escape(table.key)} -->\n).*?(<!-- /bench -->)", re.DOTALL)
        body = table.markdown()
        text, n = place.subn(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text)  # type: ignore[misc]
        if not n:
            homeless.append(table.key)
    path.write_text(text, encoding="utf-8")
    return homeless


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
