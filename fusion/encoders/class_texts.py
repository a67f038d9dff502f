"""What the photo network's 1,000 classes are called, in the words that a shopper would use, English and Chinese."""

from __future__ import annotations

import json
from pathlib import Path

# Ours, beside the packages' names. The Chinese words took Chinese nouns -> photos from P@1 .56 to .67 (see benchmarks/).
SHOP_WORDS = Path(__file__).with_name("class_words.txt")


def class_texts(clean_names: Path, names: Path) -> list[list[str]]:
    """Texts per class, in class order: its clean name, its other names, "a photo of a NAME", and shops' words for it."""
    clean: list[str] = json.loads(clean_names.read_text(encoding="utf-8"))
    others: dict[str, dict[str, list[str]]] = json.loads(names.read_text(encoding="utf-8"))
    words = shop_words()
    texts = []
    for row, name in enumerate(clean):
        plain = name.split(" (")[0]
        known = others.get(str(row), {"name": []})["name"]
        texts.append(list(dict.fromkeys([plain, *known, f"a photo of a {plain}", *words.get(row, ())])))
    return texts


def shop_words() -> dict[int, tuple[str, ...]]:
    """Class number -> shops' words for it, from lines of ``number|english;english|chinese;chinese``."""
    lines = SHOP_WORDS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if line and not line.startswith("#")]
    return {int(number): tuple(word for word in f"{en};{zh}".split(";") if word) for number, en, zh in rows}
