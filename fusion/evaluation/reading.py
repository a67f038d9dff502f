"""Histories from files: shoppers with dated baskets, or one event a line as ``import_events`` reads them.

    {"user": "u1", "baskets": [{"at": "2026-03-14T09:30:00Z", "items": ["sku1", "sku2"], "text": "a warm jacket"}]}
    {"user": "u1", "sku": "sku1", "type": "purchase", "at": "2026-03-14T09:30:00Z"}

``user_id`` and ``t`` are read like ``user`` and ``at``; ``text`` is optional; ``"simulated": true`` marks a line. Purchases
of one shopper at the very same moment are one basket. Lines of both kinds may be mixed; a shopper may have many lines.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fusion.evaluation.histories import Basket, ShopperHistory
from fusion.profile import KIND_WEIGHT
from fusion.types import Interaction

MAX_ID = 128


class FileUnreadable(Exception):
    """A file cannot be read at all; the message says why and what is expected."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line, or a part of it, that was left out, and why."""

    number: int
    reason: str


@dataclass
class _Collected:
    """What the lines said so far, by shopper."""

    baskets: dict[str, dict[datetime, dict[str, None]]] = field(default_factory=lambda: defaultdict(dict))
    texts: dict[tuple[str, datetime], str] = field(default_factory=dict)
    others: dict[str, list[Interaction]] = field(default_factory=lambda: defaultdict(list))
    simulated: set[str] = field(default_factory=set)


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadLine]]:
    """(line number, object or why it is none) of a JSONL file, gzipped where its name ends in .gz; blank lines are skipped.

    Raises:
        FileUnreadable: it is not there, not gzip, or not a file.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _object(number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileUnreadable(
            f"{path} cannot be read ({reason}). Give a JSONL file: one object a line, or .jsonl.gz."
        ) from error


def _object(number: int, line: bytes) -> dict[str, Any] | BadLine:
    try:
        given = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return BadLine(number, f"not a JSON object in UTF-8 ({str(error)[:120]})")
    return given if isinstance(given, dict) else BadLine(number, f"a {type(given).__name__}, not a JSON object")


def read_histories(path: Path) -> tuple[list[ShopperHistory], list[BadLine]]:
    """Shoppers in the order of the file, and what could not be read. A bad basket leaves the rest of its line in.

    Raises:
        FileUnreadable: see ``read_lines``.
    """
    found, bad = _Collected(), []
    for number, given in read_lines(path):
        if isinstance(given, BadLine):
            bad.append(given)
            continue
        try:
            _line(given, found, lambda reason, number=number: bad.append(BadLine(number, reason)))
        except ValueError as error:
            bad.append(BadLine(number, str(error)))
    return _histories(found), bad


def _line(given: Mapping[str, Any], found: _Collected, complain: Any) -> None:
    shopper = _id(given, ("user", "user_id"), "user")
    if given.get("simulated") is True:
        found.simulated.add(shopper)
    if "baskets" not in given:
        _event(given, shopper, found)
        return
    if not isinstance(given["baskets"], list):
        raise ValueError(f'baskets is {_shown(given["baskets"])}, not a list like [{{"at": "2026-03-14", "items": ["sku1"]}}]')
    for place, basket in enumerate(given["baskets"], start=1):
        try:
            _basket(basket, shopper, found)
        except ValueError as error:
            complain(f"basket {place}: {error}")


def _basket(basket: Any, shopper: str, found: _Collected) -> None:
    if not isinstance(basket, dict) or not isinstance(basket.get("items"), list):
        raise ValueError(f'{_shown(basket)} is not {{"at": "2026-03-14T09:30:00Z", "items": ["sku1"]}}')
    at = _moment(basket)
    items = [_id({"item": item}, ("item",), "an item") for item in basket["items"]]
    if not items:
        raise ValueError("no items")
    found.baskets[shopper].setdefault(at, {}).update(dict.fromkeys(items))
    if text := basket.get("text", ""):
        if not isinstance(text, str):
            raise ValueError(f"text is {_shown(text)}, not a text")
        found.texts[shopper, at] = text


def _event(given: Mapping[str, Any], shopper: str, found: _Collected) -> None:
    if "type" not in given:
        raise ValueError('neither "baskets" nor "type"; a line is a shopper with baskets, or one event')
    kind, item = given["type"], _id(given, ("sku", "item_id"), "sku")
    if not isinstance(kind, str) or kind not in KIND_WEIGHT:
        raise ValueError(f"type is {_shown(kind)}; known are {', '.join(KIND_WEIGHT)}")
    if kind == "purchase":
        found.baskets[shopper].setdefault(_moment(given), {})[item] = None
    else:
        found.others[shopper].append(Interaction(item, kind, _moment(given)))


def _id(given: Mapping[str, Any], names: Sequence[str], what: str) -> str:
    value = next((given[name] for name in names if given.get(name) not in (None, "")), None)
    if value is None or isinstance(value, bool | list | dict | float):
        raise ValueError(f"{what} is {_shown(value)}; it must be a text or a whole number")
    text = str(value).strip()
    if not text or len(text) > MAX_ID or not text.isprintable():
        raise ValueError(f"{what} must be printable text of 1 to {MAX_ID} characters, not {_shown(value)}")
    return text


def _moment(given: Mapping[str, Any]) -> datetime:
    """ISO 8601 (without a zone it is UTC) or seconds since 1970."""
    value = given.get("at", given.get("t"))
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(str(value))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"at is {_shown(value)}; write a time like 2026-03-14T09:30:00Z") from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _histories(found: _Collected) -> list[ShopperHistory]:
    return [
        ShopperHistory(
            shopper,
            tuple(
                Basket(at, tuple(items), found.texts.get((shopper, at), ""))
                for at, items in sorted(found.baskets.get(shopper, {}).items())
            ),
            tuple(sorted(found.others.get(shopper, ()), key=lambda act: act.at)),
            shopper in found.simulated,
        )
        for shopper in dict.fromkeys([*found.baskets, *found.others])
    ]
