from __future__ import annotations

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from fusion.exceptions import InvalidQuery
from fusion.photos import open_photo, reencode, sniff

LIMITS = {"max_bytes": 8 * 1024 * 1024, "max_pixels": 40_000_000}


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def code_of(data: bytes, **limits: int) -> str:
    with pytest.raises(InvalidQuery) as caught:
        open_photo(data, **{**LIMITS, **limits})
    assert caught.value.pointer == "/query/photo"
    return caught.value.code


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes could inflate to."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_every_allowed_format_opens_as_rgb(kind):
    photo = open_photo(encoded(Image.new("RGB", (40, 30), (200, 20, 20)), kind), **LIMITS)
    assert (photo.mode, photo.size) == ("RGB", (40, 30))
    assert np.abs(np.asarray(photo)[15, 20].astype(int) - [200, 20, 20]).max() < 12


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"<!DOCTYPE html><script>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"II*\x00rest", "TIFF"),
        (b"%!PS-Adobe", "PostScript"),
        (b"just some words", ""),
    ],
)
def test_other_types_are_refused_by_their_first_bytes_and_named(data, kind):
    assert sniff(data) == kind
    assert code_of(data) == "photo_type"


def test_a_bmp_is_refused_whatever_it_is_called():
    assert code_of(encoded(Image.new("RGB", (4, 4)), "BMP")) == "photo_type"


def test_nothing_and_too_many_bytes_are_refused():
    assert code_of(b"") == "photo_empty"
    assert code_of(encoded(Image.new("RGB", (40, 30)), "PNG"), max_bytes=20) == "photo_too_large"


def test_a_bomb_is_refused_from_its_header_at_once():
    started = time.perf_counter()
    assert code_of(png_that_claims(12_000, 12_000)) == "photo_too_large"
    assert code_of(png_that_claims(60_000, 60_000)) == "photo_too_large"
    assert time.perf_counter() - started < 0.5


def test_damaged_files_are_unreadable_never_another_error():
    rng = np.random.default_rng(0)
    photo = Image.effect_noise((90, 70), 60).convert("RGB")
    codes = set()
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        whole = encoded(photo, kind)
        for _ in range(60):
            broken = bytearray(whole[: rng.integers(12, len(whole))] if rng.random() < 0.5 else whole)
            for position in rng.integers(8, len(broken), 12):
                broken[position] = rng.integers(256)
            try:
                assert open_photo(bytes(broken), **LIMITS).mode == "RGB"
            except InvalidQuery as error:
                codes.add(error.code)
    assert codes <= {"photo_unreadable", "photo_too_large", "photo_type"}
    assert "photo_unreadable" in codes


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation):
    upright = Image.new("RGB", (40, 20), "white")
    upright.paste("red", (0, 0, 20, 10))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpose that a camera held this way records
    stored = upright if orientation == 1 else upright.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encoded(stored, "PNG", exif=exif), **LIMITS)
    assert photo.size == (40, 20)
    assert photo.getpixel((5, 4)) == (255, 0, 0)
    assert photo.getpixel((35, 15)) == (255, 255, 255)


def test_transparency_becomes_white_in_rgba_and_in_palettes():
    clear = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    assert open_photo(encoded(clear, "PNG"), **LIMITS).getpixel((5, 5)) == (255, 255, 255)
    palette = Image.new("P", (10, 10), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert open_photo(encoded(palette, "PNG", transparency=0), **LIMITS).getpixel((5, 5)) == (255, 255, 255)


def test_cmyk_sixteen_bit_and_bilevel_photos_open():
    cmyk = open_photo(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), **LIMITS)
    assert cmyk.getpixel((4, 4))[0] > 180
    grey = Image.fromarray(np.full((8, 8), 32768, dtype=np.uint16))
    assert open_photo(encoded(grey, "PNG"), **LIMITS).getpixel((4, 4)) == (128, 128, 128)
    assert open_photo(encoded(Image.new("1", (8, 8), 1), "PNG"), **LIMITS).getpixel((4, 4)) == (255, 255, 255)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_photo(data, **LIMITS).getpixel((4, 4)) == (255, 0, 0)


def test_a_big_jpeg_is_decoded_smaller_and_a_crop_of_it_is_not():
    data = encoded(Image.new("RGB", (6400, 4800), "red"), "JPEG")
    assert open_photo(data, **LIMITS).size == (1600, 1200)
    assert open_photo(data, **LIMITS, crop=(0.5, 0.5, 1, 1)).size == (3200, 2400)


def test_a_crop_keeps_the_part_and_at_least_a_pixel():
    photo = Image.new("RGB", (100, 50), "white")
    photo.paste("red", (50, 0, 100, 50))
    data = encoded(photo, "PNG")
    assert set(open_photo(data, **LIMITS, crop=(0.5, 0, 1, 1)).get_flattened_data()) == {(255, 0, 0)}
    assert open_photo(data, **LIMITS, crop=(0.999, 0.999, 1, 1)).size == (1, 1)
    with pytest.raises(InvalidQuery, match="not a box") as caught:
        open_photo(data, **LIMITS, crop=(0.6, 0, 0.5, 1))
    assert caught.value.code == "photo_crop"


def test_reencoding_keeps_the_picture_and_nothing_else():
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    data = encoded(Image.new("RGB", (32, 32), "green"), "JPEG", exif=exif, comment=b"SECRET-COMMENT")
    clean = reencode(open_photo(data + b"<script>SECRET-TAIL</script>", **LIMITS))
    assert b"SECRET" not in clean
    assert b"Exif" not in clean
    assert open_photo(clean, **LIMITS).size == (32, 32)
