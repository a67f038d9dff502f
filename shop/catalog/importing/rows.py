"""Raw rows -> checked rows. Every refusal names the field, what was given and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings

from shop.catalog.importing.reading import RawRow
from shop.catalog.importing.report import RowRefused
from shop.catalog.models import MAX_DESCRIPTION, default_currency
from shop.catalog.money import to_minor

MAX_SKU, MAX_NAME, MAX_SEGMENT, MAX_LEVELS = 128, 300, 120, 10
MAX_PHOTOS, MAX_ATTRIBUTES, MAX_VALUES, MAX_VALUE, MAX_ATTRIBUTE_NAME = 12, 100, 200, 2000, 64
MAX_PRICE = Decimal(10) ** 12
MAX_STOCK = 2_147_483_647
KNOWN_FIELDS = ("sku", "name", "description", "category", "brand", "price", "currency", "stock", "image")
_TRANSLATION = re.compile(r"(name|description)_([a-z]{2})")


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A row that may go in.

    Attributes:
        given: known fields that the row has. The rest of a product that exists already stays as it is.
        photos: paths as the file has them.
        attributes: every other field, as lists of texts, names in lower case.
    """

    number: int
    sku: str
    name: str
    description: str = ""
    category: tuple[str, ...] = ()
    brand: str = ""
    price_minor: int | None = None
    currency: str = ""
    stock: int | None = None
    photos: tuple[str, ...] = ()
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    given: frozenset[str] = frozenset()


def parse_row(raw: RawRow) -> ProductRow:
    """Check one row.

    Raises:
        RowRefused: with the reason.
    """
    fields = dict(raw.fields)
    translations = _translations(fields)
    known = {name: fields.pop(name) for name in KNOWN_FIELDS if name in fields}
    currency = _currency(known.get("currency"))
    given = frozenset(known) | ({"translations"} if translations else frozenset())
    return ProductRow(
        number=raw.number,
        sku=_required(_text("sku", known.get("sku"), MAX_SKU), "sku"),
        name=_required(_text("name", known.get("name"), MAX_NAME), "name"),
        description=_text("description", known.get("description"), MAX_DESCRIPTION, lines=True),
        category=_category(known.get("category")),
        brand=_text("brand", known.get("brand"), MAX_SEGMENT),
        price_minor=_price(known.get("price"), currency),
        currency=currency,
        stock=_stock(known.get("stock")),
        photos=_photos(known.get("image")),
        attributes=_attributes(fields),
        translations=translations,
        given=given,
    )


def _required(text: str, name: str) -> str:
    if not text:
        raise RowRefused(f"{name} is missing")
    return text


def _shown(value: object) -> str:
    text = str(value)
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


def _text(name: str, value: Any, maximum: int, *, lines: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise RowRefused(f"{name} is a {type(value).__name__}; it must be text")
    text = str(value).strip() if lines else " ".join(str(value).split())
    if len(text) > maximum:
        raise RowRefused(f"{name} has {len(text):,} characters; at most {maximum:,} are allowed")
    if any(char < " " and not (lines and char in "\n\r\t") for char in text) or any(
        "\ud800" <= char <= "\udfff" for char in text
    ):
        raise RowRefused(f"{name} {_shown(text.encode('unicode_escape').decode())} has control characters")
    return text


def _category(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else _text("category", value, MAX_SEGMENT * MAX_LEVELS).split("/")
    path = tuple(part for part in (_text("category", part, MAX_SEGMENT) for part in parts) if part)
    if len(path) > MAX_LEVELS:
        raise RowRefused(f"category has {len(path)} levels; at most {MAX_LEVELS} are allowed")
    return path


def _number(name: str, value: Any, example: str) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value).strip()) if not isinstance(value, bool | list | dict) else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise RowRefused(f"{name} {_shown(value)} is not a number; write it like {example}")
    if number < 0:
        raise RowRefused(f"{name} {_shown(value)} is negative; it must be 0 or more")
    return number


def _price(value: Any, currency: str) -> int | None:
    amount = _number("price", value, "12.99 and put the currency in its own field")
    if amount is not None and amount > MAX_PRICE:
        raise RowRefused(f"price {_shown(value)} is too large; at most {MAX_PRICE:,} is allowed")
    return None if amount is None else to_minor(amount, currency)


def _currency(value: Any) -> str:
    code = _text("currency", value, 16).upper() or default_currency()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise RowRefused(f"currency {_shown(code)} is not an ISO 4217 code such as USD or CNY")
    return code


def _stock(value: Any) -> int | None:
    amount = _number("stock", value, "25, or leave it empty if stock is not tracked")
    if amount is None:
        return None
    if amount > MAX_STOCK or amount != amount.to_integral_value():
        raise RowRefused(f"stock {_shown(value)} must be a whole number of at most {MAX_STOCK:,}")
    return int(amount)


def _photos(value: Any) -> tuple[str, ...]:
    """Paths from a path, a list of paths, or a CSV cell with "|" between paths."""
    parts = value if isinstance(value, list) else _text("image", value, 4096).split("|")
    paths = tuple(dict.fromkeys(part for part in (_text("image", part, 1024) for part in parts) if part))
    if len(paths) > MAX_PHOTOS:
        raise RowRefused(f"image names {len(paths)} photos; at most {MAX_PHOTOS} are allowed")
    return paths


def _translations(fields: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Takes ``translations`` and ``name_zh``, ``description_zh`` out of the fields, for the shop's own languages."""
    codes = {code.split("-")[0] for code, _ in settings.LANGUAGES}
    given = fields.pop("translations", None) or {}
    if not isinstance(given, dict) or not all(isinstance(words, dict) for words in given.values()):
        raise RowRefused('translations must look like {"zh": {"name": "…", "description": "…"}}')
    found: dict[str, dict[str, Any]] = {code.split("-")[0]: dict(words) for code, words in given.items()}
    for name in list(fields):
        match = _TRANSLATION.fullmatch(name)
        if match and match[2] in codes:
            found.setdefault(match[2], {})[match[1]] = fields.pop(name)
    limits = {"name": MAX_NAME, "description": MAX_DESCRIPTION}
    checked = {
        code: {
            name: text
            for name, maximum in limits.items()
            if (text := _text(f"{name}_{code}", words.get(name), maximum, lines=True))
        }
        for code, words in found.items()
    }
    return {code: words for code, words in checked.items() if words}


def _attributes(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every field the shop has no column for. A single value becomes a list of one, a nested object dotted names."""
    values: dict[str, list[str]] = {}
    for name, value in _flat(fields):
        for text in _attribute_values(name, value):
            known = values.setdefault(name, [])
            if text not in known:
                known.append(text)
    if len(values) > MAX_ATTRIBUTES:
        raise RowRefused(f"{len(values)} attributes; at most {MAX_ATTRIBUTES} are allowed")
    return values


def _flat(fields: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for given, value in fields.items():
        name = prefix + str(given).strip().lower()
        if len(name) > MAX_ATTRIBUTE_NAME:
            raise RowRefused(
                f"the field name {_shown(name)} has {len(name)} characters; at most {MAX_ATTRIBUTE_NAME} are allowed"
            )
        if isinstance(value, dict):
            yield from _flat(value, "" if name == "attributes" and not prefix else f"{name}.")
        elif name:
            yield name, value


def _attribute_values(name: str, value: Any) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    if len(parts) > MAX_VALUES:
        raise RowRefused(f"{name} has {len(parts)} values; at most {MAX_VALUES} are allowed")
    words = [{True: "yes", False: "no"}[part] if isinstance(part, bool) else part for part in parts]
    return [text for text in (_text(name, word, MAX_VALUE, lines=True) for word in words) if text]
