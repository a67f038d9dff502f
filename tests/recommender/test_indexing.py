"""recommender.services.indexing: from a saved product to its vectors."""

import numpy as np
import pytest

from recommender.models import IndexedItem, IndexState, ItemEmbedding, StaleItem
from recommender.services.indexing import drain
from shop.catalog.models import Product
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db


def make_product(sku: str, **given) -> Product:
    return Product.objects.create(**{"sku": sku, "name": f"Lamp {sku}", "price_minor": 1000, "currency": "USD", **given})


def test_saved_product_is_embedded_with_its_facts():
    make_product("a", name="Red lamp")
    words = HashedWords()
    report = drain(encoders=[words, MeanColours()])
    assert (report.items, dict(report.encoded), report.revision) == (1, {"text": 1}, 1)
    vector = np.frombuffer(ItemEmbedding.objects.get(item_id="a").vector, dtype="<f2").astype(np.float32)
    assert vector == pytest.approx(words.encode_instructions(["Red lamp"])["text"][0], abs=1e-3)
    assert IndexedItem.objects.get(pk="a").facts["title"] == "Red lamp"
    assert not StaleItem.objects.exists()


def test_price_edit_touches_no_encoder_and_bumps_the_revision():
    product = make_product("a")
    drain(encoders=[HashedWords(), MeanColours()])
    product.price_minor = 2000
    product.save()
    words = HashedWords()
    report = drain(encoders=[words, MeanColours()])
    assert (words.loads, words.encoded, report.unchanged) == (0, [], 1)
    assert IndexedItem.objects.get(pk="a").facts["price_minor"] == 2000
    assert IndexState.objects.get(pk=1).revision == 2
