import pytest
from django.core.files.base import ContentFile

from shop.catalog.models import Product, ProductImage
from shop.catalog.renditions import all_renditions
from tests.shop.makers import make_product, photo_bytes

pytestmark = pytest.mark.django_db


def add_photo(product: Product, data: bytes) -> ProductImage:
    return ProductImage.objects.create(product=product, image=ContentFile(data, "holiday in Rome.png"))


def test_two_products_with_one_name_get_two_addresses():
    slugs = [make_product(sku, name="Red Shirt").slug for sku in ("A1", "A2", "a-1")]
    assert slugs[:2] == ["red-shirt", "red-shirt-a2"]
    assert len(set(slugs)) == 3


def test_chinese_name_stays_readable_in_the_address():
    assert make_product("c1", name="红色 连衣裙").slug == "红色-连衣裙"


def test_saved_photo_is_our_own_encoding_under_a_random_name():
    image = add_photo(make_product(), photo_bytes("red", (300, 200)))
    assert "holiday" not in image.image.name
    assert image.image.read()[:3] == b"\xff\xd8\xff"
    assert (image.width, image.height, len(image.checksum)) == (300, 200, 64)


@pytest.mark.django_db(transaction=True)
def test_files_go_with_the_product(media_root):
    product = make_product()
    image = add_photo(product, photo_bytes())
    assert all(rendition.make() for rendition in all_renditions(image.image.name))
    product.delete()
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_words_of_a_language_fall_back_to_the_catalogues_own():
    product = make_product(name="Chair", description="Soft.", translations={"zh": {"name": "椅子"}})
    assert (product.name_in("zh-hans"), product.description_in("zh-hans"), product.name_in("fr")) == ("椅子", "Soft.", "Chair")
