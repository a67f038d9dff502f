"""A photo as a page shows it: addresses of its sizes in two formats, and the place to keep for it. Reads no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shop.catalog.models import ProductImage
from shop.catalog.renditions import SQUARES, Rendition, renditions

MAIN_SQUARE = 400


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo with its size in pixels, so that the page reserves its place.

    Attributes:
        src: a WebP for browsers that know nothing better.
        srcset, avif: the same sizes as WebP and as AVIF.
        full: the largest size, whole, to look at closely.
        thumb: the smallest square, for a row of thumbnails.
    """

    src: str
    srcset: str
    avif: str
    width: int
    height: int
    alt: str
    full: str = ""
    thumb: str = ""

    @property
    def card_avif(self) -> str:
        """Without the smallest size, which no card is drawn at: a page of cards must stay light."""
        sizes = self.avif.split(", ")
        return ", ".join(sizes[1:] or sizes)


def picture_of(image: ProductImage, alt: str = "", shape: str = "s") -> Picture | None:
    """A photo cut to a square ("s": cards and rows) or whole ("w": the product's page).

    None for a file that this shop did not encode. Sizes larger than the photo are left out.
    """
    side = min(image.width, image.height) if shape == "s" else max(image.width, image.height)
    name = image.image.name or ""
    webp = _useful(renditions(name, shape, "webp"), side)
    avif = _useful(renditions(name, shape, "avif"), side)
    if not webp:
        return None
    main = next((r for r in webp if r.side >= MAIN_SQUARE), webp[-1])
    width, height = _size(image, main)
    return Picture(
        src=main.url,
        srcset=_srcset(image, webp),
        avif=_srcset(image, avif),
        width=width,
        height=height,
        alt=image.alt or alt,
        full=renditions(name, "w", "webp")[-1].url,
        thumb=Rendition(name, "s", SQUARES[0], "webp").url,
    )


def _useful(sizes: Sequence[Rendition], side: int) -> list[Rendition]:
    """Up to the first that holds all the photo has."""
    smaller = [r for r in sizes if r.side < side]
    return [*smaller, *sizes[len(smaller) : len(smaller) + 1]]


def _srcset(image: ProductImage, sizes: Sequence[Rendition]) -> str:
    return ", ".join(f"{r.url} {_size(image, r)[0]}w" for r in sizes)


def _size(image: ProductImage, rendition: Rendition) -> tuple[int, int]:
    """Width and height in pixels; nothing is enlarged."""
    if rendition.shape == "s":
        side = max(1, min(rendition.side, image.width, image.height))
        return side, side
    scale = min(1.0, rendition.side / max(image.width, image.height, 1))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))
