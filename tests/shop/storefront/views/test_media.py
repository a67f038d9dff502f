import pytest

from shop.storefront.cards import picture_of

pytestmark = pytest.mark.django_db


def test_product_photos_are_served_for_a_year_and_never_sniffed(client, products):
    picture = picture_of(products[0].images.get())
    response = client.get(picture.src)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["query-photos/x.jpg", "products/../db.sqlite3", "../secret_key", "products/none.jpg", "", "products/%00.jpg"]
)
def test_nothing_else_is_served(client, products, media_root, path):
    (media_root / "query-photos").mkdir(parents=True)
    (media_root / "query-photos" / "x.jpg").write_bytes(b"a shopper's photo")
    assert client.get(f"/media/{path}").status_code == 404
