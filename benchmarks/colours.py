"""Are measured colours right? 100 plainly single-coloured products of a fashion catalogue, chosen by a seed.

    python benchmarks/colours.py DATA [--seed 7] [--rest]

DATA holds products.jsonl (fields name, color, category, image) and the photos. A product counts as single-coloured when its
name says its colour, no other colour and no pattern, and its photo shows little else (no watches, glasses, jewellery, underwear
on skin, bottles). ``--rest`` measures the single-coloured products that were not chosen: thresholds are tuned on those only.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# The label -> the names that a fair person would accept for it.
ACCEPTED = {
    "Black": {"black"}, "White": {"white"}, "Grey": {"gray"}, "Red": {"red"}, "Maroon": {"red"}, "Burgundy": {"red"},
    "Orange": {"orange"}, "Yellow": {"yellow"}, "Mustard": {"yellow"}, "Green": {"green"}, "Olive": {"green"},
    "Blue": {"blue"}, "Navy Blue": {"blue"}, "Turquoise Blue": {"blue"}, "Purple": {"purple"}, "Lavender": {"purple"},
    "Pink": {"pink"}, "Magenta": {"pink"}, "Brown": {"brown"}, "Tan": {"brown", "beige"}, "Beige": {"beige"},
    "Cream": {"beige", "white"}, "Off White": {"white", "beige"}, "Khaki": {"beige", "brown"}, "Charcoal": {"gray", "black"},
}  # fmt: skip
WORDS = {word.lower() for label in ACCEPTED for word in label.split()} | {"silver", "gold", "golden", "multi", "peach", "rust"}
PATTERN = re.compile(
    r"\b(print\w*|strip\w*|check\w*|multi\w*|pack|dial|combo|colou?r\w*|floral|graphic\w*|camo\w*|dot\w*|tie|dye|set|&|and)\b",
    re.I,
)
SHOWS_MORE = {"Eyewear", "Watches", "Jewellery", "Innerwear", "Fragrance", "Makeup", "Lips", "Nails", "Skin"}
N_CHOSEN = 100


def single_coloured(product: dict[str, str]) -> bool:
    words = re.findall(r"[a-z]+", product["name"].lower())
    label = product["color"]
    said = {word for word in words if word in WORDS}
    if SHOWS_MORE & set(product["category"].split("/")):
        return False
    return label in ACCEPTED and bool(said) and said <= set(label.lower().split()) and not PATTERN.search(product["name"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rest", action="store_true", help="measure the products that were not chosen")
    parser.add_argument("--wrong", action="store_true", help="list what was wrong")
    args = parser.parse_args()
    from PIL import Image

    from fusion.colours import measure_colours

    products = [json.loads(line) for line in (args.data / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    plain = sorted((p for p in products if single_coloured(p)), key=lambda p: p["sku"])
    chosen = random.Random(args.seed).sample(plain, N_CHOSEN)
    taken = {p["sku"] for p in chosen}
    measured = [p for p in plain if p["sku"] not in taken] if args.rest else chosen
    n, first, among, confusions, spent = Counter(), Counter(), Counter(), Counter(), 0.0
    for product in measured:
        image = Image.open(args.data / product["image"]).convert("RGB")
        started = time.perf_counter()
        names = measure_colours(image)
        spent += time.perf_counter() - started
        label = product["color"]
        n[label] += 1
        first[label] += names[0] in ACCEPTED[label]
        among[label] += bool(ACCEPTED[label] & set(names))
        if names[0] not in ACCEPTED[label]:
            confusions[label, names[0]] += 1
            if args.wrong:
                print(product["sku"], label, "->", ", ".join(names), "|", product["category"], "|", product["name"])
    print(f"{'label':16}{'n':>5}{'first':>8}{'among':>8}   first named instead")
    for label, count in n.most_common():
        wrong = ", ".join(f"{name} {k}" for (given, name), k in confusions.most_common() if given == label)
        print(f"{label:16}{count:5}{first[label] / count:8.2f}{among[label] / count:8.2f}   {wrong}")
    total = len(measured)
    print(f"{'all':16}{total:5}{sum(first.values()) / total:8.3f}{sum(among.values()) / total:8.3f}")
    print(f"{1000 * spent / total:.1f} ms a photo")


if __name__ == "__main__":
    main()
