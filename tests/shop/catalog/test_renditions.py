from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from shop.catalog.models import ProductImage
from shop.catalog.renditions import all_renditions, rendition_named, renditions
from tests.shop.makers import make_product, photo_bytes

pytestmark = pytest.mark.django_db


def stored(size: tuple[int, int]) -> ProductImage:
    return ProductImage.objects.create(product=make_product(), image=ContentFile(photo_bytes("red", size), "x.png"))


def made(rendition) -> Image.Image:
    assert rendition.make()
    with default_storage.open(rendition.name) as file:
        return Image.open(BytesIO(file.read()))


def test_squares_are_cut_wholes_keep_their_shape_and_nothing_is_enlarged():
    name = stored((900, 450)).image.name
    squares, wholes = renditions(name, "s", "webp"), renditions(name, "w", "avif")
    assert [made(r).size for r in squares] == [(160, 160), (400, 400), (450, 450)]
    assert [made(r).size for r in wholes] == [(800, 400), (900, 450)]
    assert (made(squares[0]).format, made(wholes[0]).format) == ("WEBP", "AVIF")


def test_each_rendition_is_found_by_its_name_and_by_no_other():
    name = stored((80, 60)).image.name
    assert [rendition_named(r.name) for r in all_renditions(name)] == list(all_renditions(name))
    wanted = renditions(name, "s", "webp")[0].name
    for other in (wanted.replace("s160", "s161"), wanted.replace("webp", "png"), wanted + "x", "sizes/../x", "sizes/"):
        assert rendition_named(other) is None


def test_a_damaged_or_missing_photo_has_no_renditions_and_leaves_no_file(media_root):
    image = stored((80, 60))
    (media_root / image.image.name).write_bytes(b"\xff\xd8\xff torn")
    assert [r.make() for r in all_renditions(image.image.name)] == [False] * 10
    (media_root / image.image.name).unlink()
    assert not renditions(image.image.name, "s", "avif")[0].make()
    assert not [path for path in (media_root / "sizes").rglob("*") if path.is_file()]


def test_a_square_is_cut_around_what_there_is_to_see():
    photo = Image.new("RGB", (400, 900), "white")
    photo.paste("black", (120, 700, 280, 860))
    data = BytesIO()
    photo.save(data, "PNG")
    image = ProductImage.objects.create(product=make_product(), image=ContentFile(data.getvalue(), "x.png"))
    square = made(renditions(image.image.name, "s", "webp")[1])
    dark = [y for y in range(400) if square.getpixel((200, y))[0] < 60]
    assert (square.size, len(dark) > 150) == ((400, 400), True)  # the middle of the photo would show white paper
