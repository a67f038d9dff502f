"""Product photos: only bytes that this module encoded itself are ever stored and served."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

ALLOWED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
SMALL_SIDE = 400

# Our own limit is stricter, and says what to do. Set once: catch_warnings is not safe in threads.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class PhotoError(ValueError):
    """A file that is not a photo this shop takes; the message says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class EncodedPhoto:
    """A clean JPEG without metadata.

    Attributes:
        checksum: SHA-256 (hex) of the file as it was given, so that the same file is recognised again.
        width, height: of the clean photo, in pixels.
    """

    data: bytes
    checksum: str
    width: int
    height: int


def checksum_of(data: bytes) -> str:
    """SHA-256 (hex) of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def clean_photo(data: bytes) -> EncodedPhoto:
    """Decode a photo, turn it upright, flatten it on white, shrink it to MAX_SIDE and encode it anew.

    Raises:
        PhotoError: empty, too many bytes or pixels, not an allowed format, or not decodable.
    """
    image = _upright(_opened(data))
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    small = max(image.size) <= SMALL_SIDE  # chroma subsampling would smear the colours of a tiny photo
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95 if small else 88, subsampling=0 if small else 2, optimize=True)
    return EncodedPhoto(buffer.getvalue(), checksum_of(data), *image.size)


def _opened(data: bytes) -> Image.Image:
    if not data:
        raise PhotoError(_("The photo is empty."))
    if len(data) > MAX_BYTES:
        raise PhotoError(
            _("The photo has %(given).1f MB; at most %(max)d MB are allowed. Save it smaller.")
            % {"given": len(data) / 1048576, "max": MAX_BYTES // 1048576}
        )
    try:
        image = Image.open(BytesIO(data), formats=ALLOWED_FORMATS)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise PhotoError(_("This is not a photo that can be read. Allowed: JPEG, PNG, WebP, GIF, AVIF.")) from error
    if image.width * image.height > MAX_PIXELS:
        raise PhotoError(
            _("The photo is %(width)d x %(height)d pixels; at most %(max)d megapixels are allowed.")
            % {"width": image.width, "height": image.height, "max": MAX_PIXELS // 1_000_000}
        )
    return image


def _upright(image: Image.Image) -> Image.Image:
    """RGB, EXIF rotation applied, transparency on white, first frame only."""
    try:
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG: decode at a fraction of the size, several times faster
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            layer = image.convert("RGBA")
            image = Image.new("RGBA", layer.size, "white")
            image.alpha_composite(layer)
        return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, IndexError, Image.DecompressionBombError) as error:
        raise PhotoError(_("The photo cannot be decoded (%(reason)s). Save it again as JPEG.") % {"reason": error}) from error
