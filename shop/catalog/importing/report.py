"""What an import did, for people to read."""

from __future__ import annotations

from dataclasses import dataclass, field


class FileUnreadable(Exception):
    """Nothing at all can be read from the file; the message says why and what is expected."""


class RowRefused(ValueError):
    """One row cannot go in; the message says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to look at. ``row`` is the line of a JSONL file, or the record of a CSV file with the header as row 1."""

    row: int
    sku: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}{f' ({self.sku})' if self.sku else ''}: {self.reason}"


@dataclass(slots=True)
class ImportReport:
    """Counts of products and photos, refused rows, and photos that rows had to go in without."""

    rows: int = 0
    readable: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    photos_added: int = 0
    photos_removed: int = 0
    refused: list[Problem] = field(default_factory=list)
    photo_problems: list[Problem] = field(default_factory=list)

    @property
    def n_changes(self) -> int:
        return self.created + self.updated

    def __str__(self) -> str:
        return (
            f"{self.rows} rows: {self.created} created, {self.updated} updated, {self.unchanged} unchanged, "
            f"{len(self.refused)} refused; photos: {self.photos_added} added, {self.photos_removed} removed, "
            f"{len(self.photo_problems)} not usable"
        )
