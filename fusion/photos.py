"""Opens photos that strangers send, and writes clean ones.

A file is judged by its first bytes, its size is read from the header before anything is decoded, only a few formats are ever
given to a decoder, and whatever a decoder raises becomes one kind of error that a shopper understands.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from fusion.exceptions import InvalidQuery

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
ALLOWED = "JPEG, PNG, WebP, GIF or AVIF"
JPEG_QUALITY = 88
# A JPEG is decoded at a half, a quarter or an eighth where its short side stays above this. Encoders see about 260 pixels.
DRAFT_SIDE = 1024

Box = tuple[float, float, float, float]


def open_photo(data: bytes, *, max_bytes: int, max_pixels: int, crop: Box | None = None) -> Image:
    """The photo in an encoded file: RGB, upright, transparency on white, first frame, no metadata.

    Args:
        data: the file's bytes.
        max_bytes: the most that a file may have.
        max_pixels: the most that width x height in its header may be.
        crop: (left, top, right, bottom) of the part to keep, each 0 to 1, of the upright photo.

    Raises:
        InvalidQuery: code photo_empty, photo_too_large, photo_type, photo_unreadable or photo_crop.
    """
    if not data:
        raise InvalidQuery("The photo is empty (0 bytes). Choose another file.", code="photo_empty", pointer="/query/photo")
    if len(data) > max_bytes:
        raise _too_large(
            f"The photo has {len(data)} bytes; at most {max_bytes} are allowed.", bytes=len(data), max_bytes=max_bytes
        )
    _refuse_other_types(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is checked here; a bomb warning would only be noise
            photo = _decode(data, max_pixels, whole=crop is None)
    except InvalidQuery:
        raise
    except Exception as error:  # on damaged input decoders raise a dozen kinds, RuntimeError and SyntaxError among them
        raise _unreadable(error) from error
    return _cropped(photo, crop) if crop else photo


def reencode(image: Image) -> bytes:
    """A JPEG of the photo and nothing else: no EXIF, no place, no thumbnail, no comment, no colour profile."""
    out = io.BytesIO()
    bare = image.convert("RGB")
    bare.info = {}
    bare.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()


def cut_out(data: bytes, box: Box) -> bytes:
    """The part of a stored photo as a JPEG; ``box`` as ``open_photo`` takes it.

    Raises:
        InvalidQuery: code photo_crop.
    """
    from PIL import Image as PILImage

    with PILImage.open(io.BytesIO(data), formats=FORMATS) as photo:
        return reencode(_cropped(photo.convert("RGB"), box))


def _decode(data: bytes, max_pixels: int, *, whole: bool) -> Image:
    from PIL import Image as PILImage

    with PILImage.open(io.BytesIO(data), formats=FORMATS) as photo:
        width, height = photo.size
        if width * height > max_pixels:
            raise _too_large(
                f"The photo is {width} x {height} pixels; at most {max_pixels} in all are allowed.",
                width=width,
                height=height,
                max_pixels=max_pixels,
            )
        if whole:  # a part of a shrunken photo might be too little to see
            photo.draft("RGB", (DRAFT_SIDE, DRAFT_SIDE))  # only JPEG has it; a no-op elsewhere
        photo.load()
        return _flat_rgb(_upright(photo))


def _upright(photo: Image) -> Image:
    """Turned as its EXIF says. Broken EXIF says nothing."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(photo)
    except Exception:
        return photo


def _flat_rgb(photo: Image) -> Image:
    """Any mode as RGB: transparency on white, 16-bit grey scaled to 8 (a plain convert would clip it)."""
    from PIL import Image as PILImage

    if photo.mode.startswith("I"):
        return photo.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if photo.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in photo.info:
        layered = photo.convert("RGBA")
        white = PILImage.new("RGBA", layered.size, "white")
        return PILImage.alpha_composite(white, layered).convert("RGB")
    flat = photo.convert("RGB") if photo.mode != "RGB" else photo.copy()
    flat.info = {}
    return flat


def _cropped(photo: Image, crop: Box) -> Image:
    left, top, right, bottom = crop
    if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
        raise InvalidQuery(
            f"The crop {crop} is not a box; give left < right and top < bottom, each from 0 to 1.",
            code="photo_crop",
            pointer="/query/crop",
        )
    width, height = photo.size
    x0, y0 = min(int(left * width), width - 1), min(int(top * height), height - 1)
    return photo.crop((x0, y0, max(x0 + 1, round(right * width)), max(y0 + 1, round(bottom * height))))


def _refuse_other_types(data: bytes) -> None:
    """Say what the file is where its first bytes tell, so that the answer can be helpful."""
    found = sniff(data)
    if found in FORMATS:
        return
    named = f"The file is {found}" if found else "The file is not a photo that can be read"
    raise InvalidQuery(
        f"{named}; allowed are {ALLOWED}. Save it as JPEG and try again.",
        code="photo_type",
        pointer="/query/photo",
        params={"found": found, "allowed": ALLOWED},
    )


def sniff(data: bytes) -> str:
    """The kind of file by its first bytes: one of FORMATS, another kind's name, or "" when it is none that we know."""
    for kind, offset, magic in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        brands = data[8:64]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        return "HEIC" if any(brand in brands for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")) else "a video"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml")) or b"<svg" in head:
        return "SVG"
    return "HTML" if head.startswith((b"<!doctype", b"<html")) else ""


_MAGIC = (
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("BMP", 0, b"BM"),
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("PDF", 0, b"%PDF"),
    ("PostScript", 0, b"%!PS"),
    ("a Photoshop file", 0, b"8BPS"),
    ("an icon", 0, b"\x00\x00\x01\x00"),
    ("JPEG 2000", 0, b"\x00\x00\x00\x0cjP"),
    ("JPEG XL", 0, b"\x00\x00\x00\x0cJXL"),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("a ZIP archive", 0, b"PK\x03\x04"),
)


def _unreadable(error: Exception) -> InvalidQuery:
    from PIL import Image as PILImage

    if isinstance(error, PILImage.DecompressionBombError):
        return _too_large("The photo has far too many pixels.")
    return InvalidQuery(
        f"The photo cannot be read; the file is damaged or incomplete ({type(error).__name__}). Choose another file.",
        code="photo_unreadable",
        pointer="/query/photo",
    )


def _too_large(message: str, **params: object) -> InvalidQuery:
    return InvalidQuery(
        f"{message} Choose a smaller one.", code="photo_too_large", pointer="/query/photo", params=params
    )  # fmt: skip
