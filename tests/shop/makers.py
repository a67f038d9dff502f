"""Rows and files that the shop's tests need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

from shop.catalog.importing.reading import read_rows
from shop.catalog.importing.report import ImportReport
from shop.catalog.importing.writing import CatalogImport
from shop.catalog.models import Product
from shop.orders.models import Order
from shop.orders.services import Contact

CONTACT = Contact(email="lin@example.com", name="Lin", address="1 Long Road", city="Hangzhou", country="CN")
_numbers = count(1)


def photo_bytes(colour: str = "red", size: tuple[int, int] = (80, 60), kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def make_product(sku: str = "", **fields: Any) -> Product:
    sku = sku or f"sku-{next(_numbers)}"
    return Product.objects.create(**{"sku": sku, "name": f"Product {sku}", "price_minor": 1000, "stock": 10, **fields})


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any] | str]) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows), "utf-8"
    )
    return path


def import_file(path: Path, *, dry_run: bool = False) -> ImportReport:
    return CatalogImport(path.parent, dry_run=dry_run).run(read_rows(path))


def make_order(**fields: Any) -> Order:
    """An order without lines."""
    given = {"email": "lin@example.com", "name": "Lin", "owner": "visitor:guest", "idempotency_key": f"key-{next(_numbers)}"}
    return Order.objects.create(**{**given, "subtotal_minor": 0, "total_minor": 0, **fields})
