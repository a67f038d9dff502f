"""A catalogue from a file, for a run that needs no shop: JSONL (.gz), one product a line, fields as in ``import_catalog``.

    {"sku": "a1", "name": "Trail jacket", "category": "Apparel/Jackets", "brand": "Crest", "price": 59.9, "image": "a1.jpg"}

``item_id``, ``title`` and ``median_price`` are read like ``sku``, ``name`` and ``price``. Other fields are attributes, apart
from OUTCOMES.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from fusion.evaluation.reading import MAX_ID, BadLine, read_lines
from fusion.types import Item, ItemText, Money, Photo

DEFAULT_CURRENCY = "USD"
_WORDS = ("name", "title", "description", "translations", "name_zh", "description_zh")
_KNOWN = frozenset({"sku", "item_id", "category", "brand", "price", "median_price", "currency", "image", *_WORDS})
# What became of a product later. As an attribute it would tell the future.
OUTCOMES = frozenset({"n_buyers", "n_sold", "popularity", "rating", "stock", "sales", "views"})


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """Items in the order of the file, without repeats, and what was left out."""

    items: tuple[Item, ...]
    bad: tuple[BadLine, ...]


def read_items(path: Path, images: Path | None = None) -> CatalogueFile:
    """Args: images: folder of the photos; the file's own where None.

    Raises:
        FileUnreadable: it is not there, or not JSONL.
    """
    found: dict[str, Item] = {}
    bad: list[BadLine] = []
    for number, given in read_lines(path):
        if isinstance(given, BadLine):
            bad.append(given)
            continue
        try:
            item = _item({name.strip().lower(): value for name, value in given.items()}, images or path.parent)
        except ValueError as error:
            bad.append(BadLine(number, str(error)))
            continue
        if item.item_id in found:
            bad.append(BadLine(number, f"sku {item.item_id} occurs twice; the first line counts"))
        else:
            found[item.item_id] = item
    return CatalogueFile(tuple(found.values()), tuple(bad))


def _item(given: Mapping[str, Any], images: Path) -> Item:
    item_id = _text(given, "sku", "item_id")
    if not item_id or len(item_id) > MAX_ID:
        raise ValueError(f"sku is {item_id[:40]!r}; it must have 1 to {MAX_ID} characters")
    category = given.get("category") or ""
    path = category if isinstance(category, list) else str(category).split("/")
    return Item(
        item_id=item_id,
        title=_text(given, "name", "title"),
        description=_text(given, "description"),
        category=tuple(str(part).strip() for part in path if str(part).strip()),
        brand=_text(given, "brand"),
        price=_price(given),
        attributes={name: values for name, value in given.items() if (values := _attribute(name, value))},
        translations=_translations(given),
        photos=tuple(_photo(images / name) for name in _paths(given.get("image"))),
    )


def _text(given: Mapping[str, Any], *names: str) -> str:
    value = next((given[name] for name in names if given.get(name) not in (None, "")), "")
    if isinstance(value, bool | list | dict | float):
        raise ValueError(f"{names[0]} is {str(value)[:40]!r}, not a text")
    return str(value).strip()


def _price(given: Mapping[str, Any]) -> Money | None:
    value = given.get("price", given.get("median_price"))
    if value in (None, ""):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("nan")
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ValueError(f"price is {str(value)[:40]!r}; write a number like 12.99")
    return Money.from_major(amount, _text(given, "currency").upper() or DEFAULT_CURRENCY)


def _attribute(name: str, value: Any) -> tuple[str, ...]:
    if name in _KNOWN or name in OUTCOMES:
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(str(v).strip() for v in values if isinstance(v, str | int) and not isinstance(v, bool) and str(v).strip())


def _translations(given: Mapping[str, Any]) -> dict[str, ItemText]:
    found = {}
    if isinstance(named := given.get("translations"), dict):
        for language, words in named.items():
            if isinstance(words, dict):
                found[str(language)] = ItemText(_text(words, "name", "title"), _text(words, "description"))
    if given.get("name_zh") or given.get("description_zh"):
        found["zh"] = ItemText(_text(given, "name_zh"), _text(given, "description_zh"))
    return found


def _paths(value: Any) -> Sequence[str]:
    if value in (None, ""):
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return value
    raise ValueError(f"image is {str(value)[:40]!r}; give a path or a list of paths")


def _photo(path: Path) -> Photo:
    try:
        stat = path.stat()
    except OSError as error:
        raise ValueError(f"the photo {path.name} cannot be read ({error.strerror})") from error
    return Photo(f"{path.name}:{stat.st_size}:{stat.st_mtime_ns}", path.read_bytes)
