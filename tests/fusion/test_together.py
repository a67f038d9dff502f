"""Behaviour in the served score: what shoppers chose together, beside words and likeness."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.behaviour.lists import NeighbourLists
from fusion.collection import ItemCollection, ItemRecord
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.profile import Profile
from fusion.types import Answer, Query
from fusion.weights import DEFAULT_WEIGHTS, share_out
from tests.encoders import HashedWords
from tests.fusion.items import GivenParser, collection_of, make_item, unit

TITLES = {
    "tent": "red tent",
    "stove": "gas stove",
    "mug": "tin mug",
    "sofa": "grey sofa",
    "cold": "blue tent",
    "colder": "oak bed",
}
VECTORS = {
    "tent": unit(1, 0, 0),
    "stove": unit(0, 1, 0.1),
    "mug": unit(0.1, 1, 0),
    "sofa": unit(0, 0.2, 1),
    "cold": unit(1, 0.2, 0),
    "colder": unit(0.3, 0, 1),
}


def lists(**pairs: dict[str, float]) -> NeighbourLists:
    ids = tuple(sorted({*pairs, *(other for near in pairs.values() for other in near)}))
    near = [sorted(pairs.get(item_id, {}).items()) for item_id in ids]
    return NeighbourLists(
        ids,
        np.cumsum([0, *map(len, near)]).astype(np.int64),
        np.asarray([ids.index(other) for row in near for other, _ in row], np.int32),
        np.asarray([weight for row in near for _, weight in row], np.float16),
        np.asarray([other != "mug" for row in near for other, _ in row], bool),
    )


CAMPING = lists(tent={"stove": 0.5, "mug": 0.2, "sofa": 0.0}, stove={"tent": 0.5})


def shop(neighbours: NeighbourLists | None = CAMPING) -> ItemCollection:
    collection = collection_of([make_item(i, title) for i, title in TITLES.items()], {"text": VECTORS})
    collection.set_neighbours(neighbours)
    return collection


def answer(collection: ItemCollection, query: Query | None = None, *liked: str, language: str = "en") -> Answer:
    pipeline = RecommendationPipeline(
        collection,
        [],
        GivenParser(),
        lambda ids: {i: item for i in ids if (item := collection.item(i))},
        PipelineOptions(diversity=0.0),
    )
    profile = Profile(liked=tuple((i, 1.0) for i in liked), purchased=liked, kinds=tuple((i, "purchase") for i in liked))
    return pipeline.recommend(query or Query(language=language), profile)


def scores(given: Answer) -> dict[str, float]:
    return dict(given.ranking)


def test_what_others_bought_with_it_comes_first_and_says_so_truly() -> None:
    given = answer(shop(), None, "tent")
    assert given.items[0].item.item_id == "stove"
    labels = {ranked.item.item_id: [reason.label for reason in ranked.reasons] for ranked in given.items}
    assert labels["stove"][0] == "People who bought red tent also bought this"
    assert "People who chose red tent also chose this" in labels["mug"]  # too few bought both
    assert not any("bought this" in label for item, said in labels.items() for label in said if item != "stove")
    chinese = answer(shop(), None, "tent", language="zh").items[0]
    assert chinese.reasons[0].label == "买过red tent的人也买了它"


def test_terms_with_behaviour_still_add_up_to_the_score() -> None:
    for ranked in answer(shop(), None, "tent", "stove").items:
        assert sum(term.contribution for term in ranked.terms) == pytest.approx(ranked.score, abs=1e-5)


def test_an_item_without_behaviour_counts_as_average_and_keeps_its_place_by_likeness() -> None:
    with_block, without = answer(shop(), None, "tent"), answer(shop(None), None, "tent")
    terms = {item_id: {term.block for term in found} for item_id, found in with_block.terms.items()}
    assert "behaviour" not in terms["cold"] | terms["colder"]
    order = [i for i, _ in without.ranking if i.startswith("cold")]
    assert [i for i, _ in with_block.ranking if i.startswith("cold")] == order == ["cold", "colder"]
    share = with_block.weights["history/text"] / without.weights["history/text"]
    for item_id in order:
        assert scores(with_block)[item_id] == pytest.approx(scores(without)[item_id] * share, abs=1e-5)
    # Known here and never chosen with the tent says less for it than not being known.
    assert scores(with_block)["cold"] > scores(with_block)["sofa"]


def test_history_as_a_whole_weighs_the_same_with_and_without_behaviour() -> None:
    total = sum(w for (source, block), w in DEFAULT_WEIGHTS.items() if source == "history" and block != "behaviour")
    for present in ([("history", "text")], [("history", "text"), ("history", "behaviour")], [("history", "behaviour")]):
        assert sum(share_out(DEFAULT_WEIGHTS, present).values()) == pytest.approx(total)


def test_seeds_can_ask_for_what_goes_with_them_alone() -> None:
    given = answer(shop(), Query(liked=("tent",), seed_blocks=("behaviour",)))
    assert [(i, term.block) for i in ("stove", "mug") for term in given.terms[i] if term.source == "liked"] == [
        ("stove", "behaviour"),
        ("mug", "behaviour"),
    ]
    assert given.items[0].reasons[0].label == "People who bought red tent also bought this"


def test_rows_that_move_take_their_behaviour_along() -> None:
    collection = shop()
    collection.update([], removed=["tent", "mug"])
    collection.update([ItemRecord(make_item("lamp", "night lamp"), {"text": unit(0, 1, 1)})])  # takes a freed row
    collection.update([ItemRecord(make_item("tent", "red tent"), {"text": VECTORS["tent"]})])
    found = collection.chosen_with([("tent", 1.0)])
    assert found is not None
    known = {collection.id_of(row): value for row, value in enumerate(found) if not np.isnan(value)}
    assert known == {"stove": pytest.approx(0.5), "tent": 0.0, "sofa": 0.0}


def test_far_down_a_large_catalogue_what_goes_together_is_still_found() -> None:
    collection = collection_of(
        [make_item(i, title) for i, title in TITLES.items()] + [make_item(f"other-{n}") for n in range(40)],
        {"text": {**VECTORS, **{f"other-{n}": unit(1, 0.01 * n, 0.02) for n in range(40)}}},
    )
    collection.set_neighbours(CAMPING)
    pipeline = RecommendationPipeline(
        collection,
        [HashedWords()],
        GivenParser(),
        lambda ids: {i: item for i in ids if (item := collection.item(i))},
        PipelineOptions(diversity=0.0, n_candidates=2),
    )
    profile = Profile(liked=(("tent", 1.0),), purchased=("tent",))
    assert pipeline.recommend(Query(depth=2), profile).items[0].item.item_id == "stove"
