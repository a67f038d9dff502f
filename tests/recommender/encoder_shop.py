"""A shop whose words go with colours that no encoder knows of, and versions of heads for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fusion.encoders.base import Encoder
from fusion.encoders.heads import Heads
from fusion.types import Item, Money, Photo
from recommender.models import ModelVersion
from recommender.services import versions
from tests.encoders import DIM
from tests.recommender.conftest import photo_bytes

BETTER = {"validation": {"metric": "recall@10", "value": 0.6, "default": 0.2, "lift": 0.4, "low": 0.3, "high": 0.5, "n": 100}}
NAMES = ("karmin", "zaffre", "verdis", "aurel", "perse", "cinna", "teal", "ochra", "mauvo", "ivor")
SHADES = ("crimson", "blue", "green", "gold", "purple", "orange", "teal", "peru", "violet", "ivory")


def coloured(n: int, colours: int = len(NAMES)) -> dict[str, Item]:
    """Products named after the colour of their photo, each photo a little different."""
    draw, made = np.random.default_rng(3), {}
    from PIL import ImageColor

    for number in range(n):
        which = number % colours
        shade = np.clip(np.array(ImageColor.getrgb(SHADES[which])) + draw.integers(-12, 13, 3), 0, 255)
        data = photo_bytes(f"#{bytes(shade.astype(np.uint8)).hex()}")
        photo = Photo(f"photo-{number}", lambda data=data: data)
        made[f"p{number}"] = Item(
            f"p{number}", f"{NAMES[which]} vase {number}", category=("Vases",), price=Money(1000 + number, "USD"),
            attributes={"shade": (NAMES[which],)}, photos=(photo,),
        )  # fmt: skip
    return made


def random_heads(encoder: Encoder, seed: int = 0) -> Heads:
    """Heads of another space; nothing was learnt, but they are whole."""
    draw = np.random.default_rng(seed)
    shapes = {"words.weight": (DIM, DIM), "words.bias": (DIM,), "photo.weight": (DIM, DIM + 48), "photo.bias": (DIM,)}
    tensors: Mapping[str, np.ndarray] = {name: draw.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    base = {block: encoder.identity(block).id for block in ("image", "look")}
    return Heads("image", ("image", "look"), base, tensors, {"seed": seed})


def version_of(encoder: Encoder, seed: int = 0) -> ModelVersion:
    return versions.store("encoder", f"heads {seed}", random_heads(encoder, seed).to_bytes(), metrics=BETTER)
