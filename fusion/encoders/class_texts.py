"""What the photo network's 1,000 classes are called, in the words that a shopper would use."""

from __future__ import annotations

import json
from pathlib import Path


def class_texts(clean_names: Path, names: Path) -> list[list[str]]:
    """Texts per class, in class order: its clean name, its other names, and "a photo of a NAME"."""
    clean: list[str] = json.loads(clean_names.read_text(encoding="utf-8"))
    others: dict[str, dict[str, list[str]]] = json.loads(names.read_text(encoding="utf-8"))
    return [_texts(clean[row], others.get(str(row), {"name": []})["name"]) for row in range(len(clean))]


def _texts(clean: str, others: list[str]) -> list[str]:
    plain = clean.split(" (")[0]
    return list(dict.fromkeys([plain, *others, f"a photo of a {plain}"]))
