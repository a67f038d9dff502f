"""A small shop behind the pages: thirty lamps and chairs with photos, embedded for real by small encoders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.services.indexing import drain, mark_stale
from shop.catalog.models import Brand, Category, Product, ProductImage
from tests.encoders import HashedWords, MeanColours
from tests.shop.makers import make_product, photo_bytes

COLOURS = {"red": "红色", "blue": "蓝色", "green": "绿色"}
KINDS = {"lamp": "台灯", "chair": "椅子"}


def _shop_product(n: int, colour: str, kind: str, category: Category, brand: Brand) -> Product:
    product = make_product(
        f"sku-{n:02d}",
        name=f"{colour.title()} {kind} {n}",
        description=f"A {colour} {kind} for the living room.",
        category=category,
        brand=brand,
        price_minor=1000 + 100 * n,
        stock=3 if n == 1 else 20,
        attributes={"color": [colour]},
        translations={"zh": {"name": f"{COLOURS[colour]}{KINDS[kind]}{n}号", "description": "客厅用。"}},
    )
    photo = ContentFile(photo_bytes(colour, size=(60 + n, 60)), "photo.png")
    ProductImage.objects.create(product=product, image=photo)
    return product


@pytest.fixture(autouse=True)
def plain_static(settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def products(db, settings, tmp_path) -> Iterator[list[Product]]:
    """Thirty products in two categories, indexed."""
    settings.RECOMMENDER = {**settings.RECOMMENDER, "WARM_UP": False, "MEASURE_COLOURS": False}
    encoders = [HashedWords(), MeanColours()]
    set_encoders(encoders)
    reset_engine()
    home = Category.objects.add_root({"name": "Home"})
    parts = {
        kind: Category.objects.add_child(Category.objects.get(pk=home.pk), {"name": name})
        for kind, name in (("lamp", "Lighting"), ("chair", "Seats"))
    }
    brand = Brand.objects.create(name="Acme")
    made = []
    for n in range(30):
        kind = list(KINDS)[n % 2]
        made.append(_shop_product(n, list(COLOURS)[n % 3], kind, parts[kind], brand))
    mark_stale([product.sku for product in made])
    drain(encoders=encoders)
    yield made
    set_encoders(None)
    reset_engine()


@pytest.fixture
def chinese(client: Client) -> Client:
    """A browser that chose Chinese."""
    client.cookies["django_language"] = "zh-hans"
    return client
