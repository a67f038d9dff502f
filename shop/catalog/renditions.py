"""The sizes in which a photo is shown, as AVIF and as WebP; each is made when somebody first asks for it, then kept."""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files.storage import default_storage
from imagekit.processors import ResizeToFit
from imagekit.specs import ImageSpec
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

logger = logging.getLogger(__name__)

SQUARES = (160, 400, 800)  # cut to a square: cards, rows, thumbnails
WHOLES = (800, 1600)  # the longest side of the whole photo: product page, zoom
FORMATS: Mapping[str, Mapping[str, Any]] = {
    # Speed 10 of 10: as fast as WebP and a fifth smaller; 8 takes three times as long for another 7 %.
    "avif": {"quality": 60, "speed": 10, "max_threads": 1},
    "webp": {"quality": 80},
}
FOLDER = "sizes/"
_SOURCE = re.compile(r"products/([0-9a-f]{2})/([0-9a-f]{32})\.jpg")
_NAME = re.compile(r"sizes/([0-9a-f]{2})/([0-9a-f]{32})-([sw])(\d{3,4})\.(avif|webp)")


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of one photo. ``shape`` is "s" (square) or "w" (whole), ``kind`` a key of FORMATS, ``source`` a storage name."""

    source: str
    shape: str
    side: int
    kind: str

    @property
    def name(self) -> str:
        """Its storage name: short, since a page of 24 cards holds hundreds."""
        folder, stem = _SOURCE.fullmatch(self.source).groups()  # type: ignore[union-attr]
        return f"{FOLDER}{folder}/{stem}-{self.shape}{self.side}.{self.kind}"

    @property
    def url(self) -> str:
        return default_storage.url(self.name)

    def make(self) -> bool:
        """Make the file unless it is there. False where the photo is gone or damaged."""
        path = Path(default_storage.path(self.name))
        if path.exists():
            return True
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            with default_storage.open(self.source) as photo:
                data = _spec(self, photo).generate().read()
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.replace(part, path)  # two requests at once: the same bytes twice, never half a file
        except (
            OSError,
            ValueError,
            SyntaxError,
            Image.DecompressionBombError,
        ) as error:  # Pillow says SyntaxError of some files
            logger.warning("event=photo_unusable photo=%s error=%r", self.source, error)
            part.unlink(missing_ok=True)
            return False
        return True


def renditions(source: str, shape: str, kind: str) -> list[Rendition]:
    """All sizes of a photo in one shape and format, smallest first; none for a file that this shop did not encode."""
    if not _SOURCE.fullmatch(source):
        return []
    return [Rendition(source, shape, side, kind) for side in (SQUARES if shape == "s" else WHOLES)]


def rendition_named(name: str) -> Rendition | None:
    """The rendition with this storage name; None for any other name, so that nobody can ask for sizes of their own."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    folder, stem, shape, side, kind = found.groups()
    if int(side) not in (SQUARES if shape == "s" else WHOLES):
        return None
    return Rendition(f"products/{folder}/{stem}.jpg", shape, int(side), kind)


def all_renditions(source: str) -> Iterator[Rendition]:
    for shape in ("s", "w"):
        for kind in FORMATS:
            yield from renditions(source, shape, kind)


def _spec(rendition: Rendition, photo: Any) -> ImageSpec:
    spec = ImageSpec(photo)
    whole = ResizeToFit(rendition.side, rendition.side, upscale=False)
    spec.processors = [_Square(rendition.side) if rendition.shape == "s" else whole]
    spec.format, spec.options = rendition.kind.upper(), dict(FORMATS[rendition.kind])
    return spec


@dataclass(frozen=True, slots=True)
class _Square:
    """Cuts the square around what there is to see; imagekit's own crop knows the middle only, and may leave a photo oblong."""

    side: int

    def process(self, image: Image.Image) -> Image.Image:
        side = min(self.side, *image.size)
        return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS, centering=_centre(image))


def _centre(image: Image.Image) -> tuple[float, float]:
    """Where the detail of a photo is densest, as ``ImageOps.fit`` wants it: 0 cuts the far end only, 1 the near end only.

    The mean place of its edges, each weighed by its squared strength, so that a soft background does not count.
    """
    small = image.convert("L")
    small.thumbnail((96, 96))
    strength = np.asarray(small.filter(ImageFilter.FIND_EDGES), dtype=np.float64)[1:-1, 1:-1] ** 2
    if not strength.sum():
        return 0.5, 0.5
    places = [_place(strength.sum(axis=axis), image.size[axis], min(image.size)) for axis in (0, 1)]
    return places[0], places[1]


def _place(weight: NDArray[np.float64], length: int, side: int) -> float:
    """Which share of what is cut lies before the window of ``side`` whose middle is the mean place of ``weight``."""
    if length <= side:
        return 0.5
    middle = float((weight @ (np.arange(len(weight)) + 0.5)) / weight.sum() / len(weight)) * length
    return min(1.0, max(0.0, (middle - side / 2) / (length - side)))
