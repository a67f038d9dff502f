import pytest

from shop.storefront.pictures import picture_of

pytestmark = pytest.mark.django_db


def test_product_photos_are_served_for_a_year_and_never_sniffed(client, products):
    picture = picture_of(products[0].images.get())
    response = client.get(picture.src)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"]


def test_a_size_is_made_when_it_is_asked_for_in_either_format(client, products, media_root):
    picture = picture_of(products[0].images.get())
    address = picture.avif.split()[0]
    assert not (media_root / address.removeprefix("/media/")).exists()
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/avif")
    assert b"".join(response.streaming_content)[4:12] == b"ftypavif"


def test_a_damaged_photo_costs_its_picture_and_not_the_page(client, products, media_root):
    image = products[0].images.get()
    (media_root / image.image.name).write_bytes(b"torn")
    assert client.get(products[0].get_absolute_url()).status_code == 200
    assert client.get(picture_of(image).src).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "query-photos/x.jpg",
        "products/../db.sqlite3",
        "../secret_key",
        "products/none.jpg",
        "",
        "products/%00.jpg",
        "sizes/aa/b-s160.webp",
    ],
)
def test_nothing_else_is_served(client, products, media_root, path):
    (media_root / "query-photos").mkdir(parents=True)
    (media_root / "query-photos" / "x.jpg").write_bytes(b"a shopper's photo")
    assert client.get(f"/media/{path}").status_code == 404
