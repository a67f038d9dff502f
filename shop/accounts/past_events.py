"""What shoppers did in another system, from a file: raw rows -> checked events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shop.catalog.importing.reading import RawRow
from shop.catalog.importing.report import Problem, RowRefused
from shop.catalog.selectors import chunked

CHUNK = 1000
MAX_USER, MAX_SKU = 64, 128
# What other systems call the same thing.
_KINDS = {"buy": "purchase", "order": "purchase", "bought": "purchase", "cart": "add_to_cart", "add-to-cart": "add_to_cart"}


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One thing a shopper did. ``user`` is that system's own id, kept as text; ``at`` is aware."""

    row: int
    user: str
    sku: str
    kind: str
    at: datetime
    quantity: int = 1

    @property
    def event_id(self) -> str:
        """The same for the same user, sku, kind and time, so that a file may be imported again."""
        key = "\x1f".join((self.user, self.sku, self.kind, self.at.astimezone(UTC).isoformat()))
        return f"past-{hashlib.sha256(key.encode()).hexdigest()[:48]}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the receiver of a chunk did. ``refused`` holds (place in the chunk, reason)."""

    accepted: int
    duplicates: int
    refused: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class EventReport:
    """Counts, unknown skus with how often each occurred, and refused rows."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    unknown_skus: dict[str, int] = field(default_factory=dict)
    refused: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        unknown = sum(self.unknown_skus.values())
        return (
            f"{self.rows} rows: {self.accepted} events added, {self.duplicates} known already, "
            f"{unknown} with an unknown sku ({len(self.unknown_skus)} skus), {len(self.refused)} refused"
        )


def parse_event(raw: RawRow) -> PastEvent:
    """Check one row.

    Raises:
        RowRefused: with the reason.
    """
    fields = raw.fields
    kind = _text("type", fields.get("type"), 24).lower()
    return PastEvent(
        row=raw.number,
        user=_text("user", fields.get("user"), MAX_USER),
        sku=_text("sku", fields.get("sku"), MAX_SKU),
        kind=_KINDS.get(kind, kind),
        at=_time(fields.get("at")),
        quantity=_quantity(fields.get("quantity")),
    )


def import_past_events(
    rows: Iterable[RawRow | Problem],
    record: Callable[[Sequence[PastEvent]], Recorded],
    on_progress: Callable[[int], None] | None = None,
) -> EventReport:
    """Hand the good rows to ``record`` in chunks and collect what became of all of them.

    Args:
        on_progress: called after every chunk with the number of the last row that was read.
    """
    report = EventReport()
    for chunk in chunked(rows, CHUNK):
        report.rows += len(chunk)
        events = [event for raw in chunk if (event := _checked(raw, report))]
        recorded = record(events)
        report.accepted += recorded.accepted
        report.duplicates += recorded.duplicates
        for place, reason in recorded.refused:
            event = events[place]
            if reason == "unknown_product":
                report.unknown_skus[event.sku] = report.unknown_skus.get(event.sku, 0) + 1
            else:
                report.refused.append(Problem(event.row, event.sku, f"{reason.replace('_', ' ')} (type is “{event.kind}”)"))
        if on_progress:
            on_progress(chunk[-1].number if isinstance(chunk[-1], RawRow) else chunk[-1].row)
    return report


def _checked(raw: RawRow | Problem, report: EventReport) -> PastEvent | None:
    if isinstance(raw, Problem):
        report.refused.append(raw)
        return None
    try:
        return parse_event(raw)
    except RowRefused as refusal:
        report.refused.append(Problem(raw.number, str(raw.fields.get("sku") or "")[:60], str(refusal)))
        return None


def _text(name: str, value: Any, maximum: int) -> str:
    if isinstance(value, bool | list | dict):
        raise RowRefused(f"{name} is a {type(value).__name__}; it must be text")
    text = "" if value is None else str(value).strip()
    if not text:
        raise RowRefused(f"{name} is missing")
    if len(text) > maximum or not text.isprintable():
        raise RowRefused(f"{name} must be printable text of at most {maximum} characters")
    return text


def _time(value: Any) -> datetime:
    """ISO 8601 (without a zone it is UTC) or seconds since 1970."""
    text = _text("at", value, 40)
    try:
        if isinstance(value, int | Decimal):
            return datetime.fromtimestamp(float(value), UTC)
        given = datetime.fromisoformat(text)
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise RowRefused(f"at “{text}” is not a time; write it like 2026-03-14T09:30:00Z") from None


def _quantity(value: Any) -> int:
    if value in (None, ""):
        return 1
    try:
        quantity = int(str(value))
    except ValueError:
        quantity = 0
    if not 1 <= quantity <= 1_000_000:
        raise RowRefused(f"quantity “{str(value)[:40]}” must be a whole number from 1 to 1,000,000")
    return quantity
