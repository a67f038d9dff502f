from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fusion.collection import ItemCollection
from fusion.nearness import NEAR
from fusion.pipeline import RecommendationPipeline
from fusion.types import Answer, Item, Query, Vector
from tests.fusion.items import GivenParser, collection_of, make_item, unit

SHOES, LAMPS = ("Sport", "Shoes"), ("Home", "Lamps")


def shop(*, shoes: int, lamps: int) -> tuple[list[Item], dict[str, dict[str, Vector]]]:
    """Shoes that look and read alike, lamps that look and read alike; each item a little of its own."""
    rng = np.random.default_rng(3)
    items, vectors = [], {"text": {}, "look": {}}
    for n in range(shoes + lamps):
        shoe = n < shoes
        item = make_item(f"{'shoe' if shoe else 'lamp'}-{n}", category=SHOES if shoe else LAMPS)
        items.append(item)
        for block in vectors.values():
            block[item.item_id] = unit(*([1.0, 0.0] if shoe else [0.0, 1.0]), *rng.normal(0, 0.3, 6))
    return items, vectors


def answer(collection: ItemCollection, query: Query) -> Answer:
    def fetch(ids):
        return {i: collection.item(i) for i in ids}

    return RecommendationPipeline(collection, [], GivenParser(), fetch).recommend(query)


def kinds(found: Answer) -> set[str]:
    return {r.item.item_id.split("-")[0] for r in found.items}


@pytest.mark.parametrize("blocks", [("look",), ("text",), ()])
def test_a_row_ends_where_items_are_no_nearer_than_usual(blocks):
    items, vectors = shop(shoes=5, lamps=30)
    query = Query(liked=("shoe-0",), seed_blocks=blocks, limit=8)
    assert kinds(answer(collection_of(items, vectors), query)) == {"shoe", "lamp"}
    near = answer(collection_of(items, vectors), replace(query, near=True))
    assert kinds(near) == {"shoe"}
    assert near.total == len(near.ranking) == len(near.items)


def test_the_cut_takes_nothing_from_a_row_where_the_catalogue_has_many_of_the_kind():
    items, vectors = shop(shoes=40, lamps=400)
    query = Query(liked=("shoe-0",), seed_blocks=("look",), limit=8)
    ids = [[r.item.item_id for r in answer(collection_of(items, vectors), replace(query, near=near)).items] for near in (0, 1)]
    assert ids[0] == ids[1]
    assert len(ids[1]) == 8


def test_what_looks_alike_and_is_described_as_something_else_stays_out():
    items, vectors = shop(shoes=6, lamps=30)
    vectors["look"]["lamp-20"] = vectors["look"]["shoe-0"]
    vectors["text"]["lamp-20"] = unit(0, 1, 0, 0, 0, 0, 0, 0)
    near = answer(collection_of(items, vectors), Query(liked=("shoe-0",), seed_blocks=("look",), limit=8, near=True))
    assert "lamp-20" not in [r.item.item_id for r in near.items]


def test_its_own_category_is_near_when_it_is_not_further_than_usual():
    items, vectors = shop(shoes=6, lamps=30)
    for block in vectors.values():  # half a shoe: above the average, and below NEAR
        block["shoe-5"] = block["lamp-35"] = unit(*(0.3 * block["shoe-0"] + 0.7 * block["lamp-20"]))
    near = {r.item.item_id for r in answer(collection_of(items, vectors), Query(liked=("shoe-0",), near=True)).items}
    assert "shoe-5" in near
    assert "lamp-35" not in near


def test_an_item_without_a_photo_is_judged_by_its_description():
    items, vectors = shop(shoes=6, lamps=30)
    del vectors["look"]["shoe-3"]
    collection = collection_of(items, vectors)
    assert "shoe-3" in {r.item.item_id for r in answer(collection, Query(liked=("shoe-0",), near=True)).items}
    by_look = answer(collection, Query(liked=("shoe-0",), seed_blocks=("look",), near=True))
    assert "shoe-3" not in {r.item.item_id for r in by_look.items}


def test_where_nothing_can_be_compared_nothing_is_cut():
    items, _vectors = shop(shoes=3, lamps=3)
    found = answer(collection_of(items), Query(liked=("shoe-0",), near=True))
    assert len(found.items) == 5


def test_the_cut_is_in_standard_deviations_of_the_catalogue():
    items, vectors = shop(shoes=5, lamps=30)
    collection = collection_of(items, vectors)
    near = answer(collection, Query(liked=("shoe-0",), seed_blocks=("look",), near=True, limit=35))
    everything = answer(collection, Query(liked=("shoe-0",), seed_blocks=("look",), limit=35))
    z = {r.item.item_id: next(t.z for t in r.terms if t.source == "liked") for r in everything.items if r.terms}
    assert {r.item.item_id for r in near.items} <= {i for i, value in z.items() if value >= NEAR}
