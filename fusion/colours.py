"""Names the colours of the thing in a photo, measured from its pixels, so that a red jacket is red even where no text says so.

The steps: shrink; tell the thing from its background by the colour of the photo's border; hush skin, which worn clothes come
with; name every remaining pixel in CIELAB; weigh pixels near the centre more; report the names that cover enough of the thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

NAMES = ("black", "white", "gray", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige")
MAX_COLOURS = 3

SIDE = 96  # pixels of the long side that is measured; more does not change the answer
MIN_SHARE = 0.14  # of the thing, for a colour after the first to be named
MIN_FOREGROUND = 0.06  # of the photo; below it the border told us nothing and the middle is measured whole
DISTINCT = 8.0  # CIELAB units from the background's colour
SKIN_WEIGHT = 0.03
CENTRE_WIDTH = 0.20  # of the side: standard deviation of the centre's weight

# D65 white point and the sRGB matrix (IEC 61966-2-1), linear RGB -> XYZ relative to white.
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
_WHITE = np.array([0.95047, 1.0, 1.08883])
_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)

Mask = NDArray[np.bool_]


def measure_colours(image: Image) -> tuple[str, ...]:
    """Up to MAX_COLOURS of NAMES, the dominant one first; never empty.

    Args:
        image: an RGB photo of one thing, at any size.
    """
    shares = colour_shares(image)
    order = np.argsort(-shares, kind="stable")
    kept = [int(order[0]), *(int(row) for row in order[1:MAX_COLOURS] if shares[row] >= MIN_SHARE)]
    return tuple(NAMES[row] for row in kept)


def colour_shares(image: Image) -> Matrix:
    """(len(NAMES),) share of the thing that each colour covers; they add up to 1."""
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    rgb = np.asarray(small)
    lab = to_lab(rgb)
    weights = _weights(rgb, lab)
    counts = np.bincount(name_pixels(lab).ravel(), weights=weights.ravel(), minlength=len(NAMES))
    shares: Matrix = (counts / counts.sum()).astype(np.float32)
    return shares


def to_lab(rgb: NDArray[np.uint8]) -> Matrix:
    """(..., 3) 8-bit sRGB -> CIELAB (D65): L 0 to 100, a and b about -100 to 100."""
    xyz = _LINEAR[rgb] @ _TO_XYZ.T.astype(np.float32) / _WHITE.astype(np.float32)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lab = [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])]
    return np.stack(lab, axis=-1).astype(np.float32)


def name_pixels(lab: Matrix) -> NDArray[np.intp]:
    """(..., 3) CIELAB -> row of NAMES for every pixel: greys by lightness, the rest by hue, then lightness and chroma.

    The thresholds were tuned on the products that benchmarks/colours.py does not measure.
    """
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma = np.hypot(a, b)
    hue = (np.degrees(np.arctan2(b, a)) % 360.0).astype(np.float32)
    pale = np.where(light > 63, _row("beige"), _row("brown"))
    ochre = np.where(hue < 100, pale, np.where(light > 63, _row("beige"), _row("green")))
    choices: list[tuple[Mask, int | NDArray[np.intp]]] = [
        (light < 9, _row("black")),
        (chroma < _grey_limit(light, hue), _grey(light)),
        # Signal colours: the hue of a vivid red and of a vivid blue lies where duller things are orange and purple.
        ((chroma > 60) & (hue >= 15) & (hue < 50) & (light < 63), _row("red")),
        ((chroma > 75) & (hue >= 299) & (hue < 309), _row("blue")),
        (hue >= 356, _pink_or_red(light)),
        (hue < 15, _pink_or_red(light)),
        (hue < 39, np.where(chroma > 15, np.where(light > 63, _row("pink"), _row("red")), pale)),
        (hue < 81, np.where((chroma > 39) & (light > 47), _row("orange"), pale)),
        (hue < 121, np.where((chroma > 22) & (light > 65), _row("yellow"), ochre)),
        (hue < 192, _row("green")),
        (hue < 299, _row("blue")),
        (hue < 342, np.where(light > 88, _row("pink"), _row("purple"))),
    ]
    conditions = [condition for condition, _ in choices]
    rows = [np.broadcast_to(np.asarray(row, dtype=np.intp), light.shape) for _, row in choices]
    named: NDArray[np.intp] = np.select(conditions, rows, default=np.intp(_row("pink")))
    return named


def _grey_limit(light: Matrix, hue: Matrix) -> Matrix:
    """The chroma below which a pixel has no hue: dark browns keep theirs at 2.6, lit greys lean blue up to 9."""
    warm = (hue < 130) | (hue > 335)
    dark, middle, pale = np.where(warm, 2.6, 5.5), np.where(warm, 5.5, 9.4), np.where(warm, 6.3, 5.4)
    limit: Matrix = np.where(light < 46, dark, np.where(light < 81, middle, pale)).astype(np.float32)
    return limit


def _grey(light: Matrix) -> NDArray[np.intp]:
    return np.where(light < 39, _row("black"), np.where(light > 78, _row("white"), _row("gray")))


def _pink_or_red(light: Matrix) -> NDArray[np.intp]:
    return np.where(light < 38, _row("red"), _row("pink"))


def _row(name: str) -> int:
    return NAMES.index(name)


def _weights(rgb: NDArray[np.uint8], lab: Matrix) -> Matrix:
    """(h, w): how much each pixel counts: the thing's pixels, those near the centre most, skin hardly at all."""
    centre = _centre_weights(*lab.shape[:2])
    thing = foreground(lab)
    if thing.mean() < MIN_FOREGROUND:
        return centre
    weights = np.where(thing, centre, 0.0).astype(np.float32)
    skin = _skin(rgb) & thing
    # Nearly all skin-like: then it is the thing itself, a tan shoe or a wooden desk.
    if weights[skin].sum() < 0.8 * weights.sum():
        weights[skin] *= SKIN_WEIGHT
    # Holes in the thing and the halo around it show the background. A white thing on white is left alone.
    distinct = np.linalg.norm(lab - _background(lab), axis=-1) > DISTINCT
    if weights[distinct].sum() > 0.35 * weights.sum():
        weights[~distinct] = 0.0
    return weights


def _background(lab: Matrix) -> Matrix:
    """(3,): the border's median colour."""
    colour: Matrix = np.median(_edge(lab), axis=0)
    return colour


def _edge(lab: Matrix) -> Matrix:
    return np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])


def foreground(lab: Matrix) -> Mask:
    """(h, w): pixels that are not joined to the border through the border's own colour."""
    from skimage.measure import label

    background = _background(lab)
    spread = np.median(np.linalg.norm(_edge(lab) - background, axis=1))
    near = np.linalg.norm(lab - background, axis=-1) < np.clip(3.0 + 2.0 * spread, 3.0, 16.0)
    regions = label(near, connectivity=1)  # type: ignore[no-untyped-call]
    touching = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    outside: Mask = np.isin(regions, touching[touching > 0])
    return ~outside


def _skin(rgb: NDArray[np.uint8]) -> Mask:
    """Skin by Cb and Cr (Chai and Ngan 1999), which hold over light and dark skin better than RGB does."""
    red, green, blue = (rgb[..., i].astype(np.float32) for i in range(3))
    cb = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue
    cr = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue
    mask: Mask = (cb >= 77) & (cb <= 127) & (cr >= 136) & (cr <= 173) & (red > 70)
    return mask


def _centre_weights(height: int, width: int) -> Matrix:
    """(h, w): a bell around the middle; a photo's subject is there."""
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    bell: Matrix = np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / (2 * CENTRE_WIDTH**2)).astype(np.float32)
    return bell
