"""The worker's loop with the bundled models: what a real catalogue's text and photos become."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.types import Item
from recommender.encoders import get_encoders
from recommender.models import IndexedItem, ItemEmbedding
from recommender.services.indexing import drain, mark_stale

pytestmark = [pytest.mark.models, pytest.mark.django_db]


def vectors(block: str) -> dict[str, np.ndarray]:
    rows = ItemEmbedding.objects.filter(block=block).values_list("item_id", "vector")
    return {item_id: np.frombuffer(given, dtype="<f2").astype(np.float32) for item_id, given in rows}


def test_words_find_their_product_in_both_languages(host, make_photo, settings):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "MEASURE_COLOURS": True}
    host.items = {
        "chair": Item("chair", "Comfortable armchair", photos=(make_photo("black"),)),
        "camera": Item("camera", "Digital camera with lens"),
        "plant": Item("plant", "Green potted plant"),
    }
    mark_stale(host.items)
    report = drain()
    assert dict(report.encoded) == {"text": 3, "image": 1, "look": 1}
    texts = vectors("text")
    for words, item_id in (("a comfy chair", "chair"), ("一把舒服的椅子", "chair"), ("something to take photos", "camera")):
        query = get_encoders()[0].encode_instructions([words])["text"][0]
        assert max(texts, key=lambda key, query=query: float(texts[key] @ query)) == item_id
    assert IndexedItem.objects.get(pk="chair").derived == {"color": ["black"]}
