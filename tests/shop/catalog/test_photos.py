import hashlib
from io import BytesIO

import pytest
from PIL import Image

from shop.catalog.photos import MAX_SIDE, PhotoError, clean_photo
from tests.shop.makers import photo_bytes


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_photo_becomes_a_jpeg_without_metadata_and_keeps_the_checksum_of_what_was_given():
    exif = Image.Exif()
    exif[0x010E] = "somebody's address"
    given = photo_bytes("red", (640, 480), "JPEG", exif=exif)
    photo = clean_photo(given)
    assert opened(photo.data).format == "JPEG"
    assert not opened(photo.data).getexif()
    assert photo.checksum == hashlib.sha256(given).hexdigest()
    assert (photo.width, photo.height) == (640, 480)


def test_rotated_photo_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = clean_photo(photo_bytes("red", (80, 60), "JPEG", exif=exif))
    assert (photo.width, photo.height) == (60, 80)


def test_large_photo_is_shrunk_to_the_longest_side_allowed():
    photo = clean_photo(photo_bytes("blue", (3200, 1000), "JPEG"))
    assert (photo.width, photo.height) == (MAX_SIDE, 500)


def test_transparent_pixels_become_white():
    out = BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(clean_photo(out.getvalue()).data).getpixel((10, 10)) == (255, 255, 255)


def test_bytes_hidden_behind_the_picture_are_gone():
    photo = clean_photo(photo_bytes("red", kind="JPEG") + b"<script>alert(1)</script>")
    assert b"script" not in photo.data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not a photo", "Allowed: JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Allowed: JPEG"),
        (photo_bytes("red", (200, 200), "PNG")[:120], "cannot be decoded"),
        (photo_bytes("red", (50, 50), "BMP"), "Allowed: JPEG"),
    ],
)
def test_what_is_not_a_photo_is_refused_with_the_reason(data, reason):
    with pytest.raises(PhotoError, match=reason):
        clean_photo(data)


def test_photo_with_too_many_pixels_is_refused_before_it_is_decoded():
    out = BytesIO()
    Image.new("1", (12000, 12000)).save(out, "PNG")
    with pytest.raises(PhotoError, match="12000 x 12000 pixels; at most 40 megapixels"):
        clean_photo(out.getvalue())
