"""Do words find photos with the text block switched off? English and Chinese nouns against a catalogue's photos.

    python benchmarks/photo_space.py CATALOGUE.jsonl IMAGES [--models var/models] [--nouns FILE] [--wrong]

CATALOGUE.jsonl has a product a line with "name" and "image" (a path or a list, below IMAGES). The nouns file lists, per noun,
its English and Chinese word and the names of the products that a person would accept.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def average_precision(hits: np.ndarray) -> float:
    """Of one ranked list of relevant (True) and other (False) products."""
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--nouns", type=Path, default=Path(__file__).with_name("photo_space_nouns.json"))
    parser.add_argument("--options", default="{}", help="the encoder's OPTIONS as JSON")
    parser.add_argument("--wrong", action="store_true", help="list the nouns whose first product is not accepted")
    args = parser.parse_args()
    from fusion.encoders.registry import build_encoder
    from fusion.photos import open_photo

    encoder = build_encoder({"BACKEND": "bundled", "OPTIONS": json.loads(args.options)}, models_dir=args.models)
    products = [json.loads(line) for line in args.catalogue.read_text(encoding="utf-8").splitlines()]
    products = [p for p in products if p.get("image")]
    paths = [args.images / (p["image"] if isinstance(p["image"], str) else p["image"][0]) for p in products]
    photos = [open_photo(path.read_bytes(), max_bytes=1 << 26, max_pixels=80_000_000) for path in paths]
    vectors = encoder.encode_photos(photos)["image"]
    nouns = json.loads(args.nouns.read_text(encoding="utf-8"))["nouns"]
    accepted = np.array([[p["name"] in noun["accept"] for p in products] for noun in nouns])
    if not accepted.any(axis=1).all():
        parser.error(
            "the catalogue has no accepted product for: " + ", ".join(n["en"] for n in np.array(nouns)[~accepted.any(axis=1)])
        )
    print(f"{len(products)} photos, {len(nouns)} nouns; chance P@1 {accepted.mean():.2f}")
    print(f"{'language':10}{'P@1':>6}{'mAP':>6}")
    for language in ("en", "zh"):
        words = encoder.encode_instructions([noun[language] for noun in nouns])["image"]
        order = np.argsort(-(words @ vectors.T), axis=1, kind="stable")
        hits = np.take_along_axis(accepted, order, axis=1)
        print(f"{language:10}{hits[:, 0].mean():6.2f}{np.mean([average_precision(row) for row in hits]):6.2f}")
        if args.wrong:
            for noun, row in zip(nouns, order, strict=True):
                if products[row[0]]["name"] not in noun["accept"]:
                    print("   ", noun[language], "->", ", ".join(products[i]["name"] for i in row[:3]))


if __name__ == "__main__":
    main()
