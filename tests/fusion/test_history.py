from __future__ import annotations

import numpy as np
import pytest

from fusion.collection import ItemCollection
from fusion.history import History, HistoryColumn
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.profile import Profile
from fusion.types import Query
from tests.fusion.items import GivenParser, collection_of, make_item, unit

TENT, COAT = unit(1, 0, 0, 0), unit(0, 1, 0, 0)
NEAR_TENT, NEAR_COAT, BETWEEN = unit(1, 0.2, 0, 0), unit(0.2, 1, 0, 0), unit(1, 1, 0, 0)
WEIGHTS = {("history", "text"): 1.0, ("history", "lexical"): 0.5}


@pytest.fixture
def collection() -> ItemCollection:
    draw = np.random.default_rng(7)
    vectors = {"tent": TENT, "coat": COAT, "tarp": NEAR_TENT, "jacket": NEAR_COAT, "between": BETWEEN}
    vectors |= {f"other{n}": unit(*draw.normal(size=4)) for n in range(60)}
    titles = {"tent": "Alpine tent", "coat": "Wool coat", "tarp": "Alpine tarp", "jacket": "Wool jacket"}
    return collection_of([make_item(i, titles.get(i, i)) for i in [*vectors, "blank"]], {"text": vectors})


def history_of(collection: ItemCollection, *liked: tuple[str, float], blocks: tuple[str, ...] = ("text",)) -> History:
    return History(collection, Profile(liked=liked, kinds=tuple((i, "purchase") for i, _ in liked)), blocks)


def all_rows(collection: ItemCollection) -> np.ndarray:
    return collection.rows_of(collection.ids())


def z_of(collection: ItemCollection, column: HistoryColumn) -> dict[str, float]:
    return dict(zip(collection.ids(), column.column.z.tolist(), strict=True))


def test_two_interests_stay_two_and_nothing_between_them_wins(collection: ItemCollection) -> None:
    (column,) = history_of(collection, ("tent", 1.0), ("coat", 1.0)).columns(all_rows(collection), WEIGHTS)
    z = z_of(collection, column)
    assert min(z["tarp"], z["jacket"]) > z["between"] > np.median(list(z.values()))


def test_an_items_addends_add_up_to_its_z_but_for_the_mean_that_all_share(collection: ItemCollection) -> None:
    history = history_of(collection, ("tent", 2.0), ("coat", 1.0), ("other3", 1.0), blocks=("text", "lexical"))
    rows = all_rows(collection)
    known = [n for n, item_id in enumerate(collection.ids()) if item_id != "blank"]
    for column in history.columns(rows, WEIGHTS):
        parts = column.parts(np.arange(len(rows)))
        assert parts.shape == (3, len(rows))
        shared = column.column.z - parts.sum(axis=0)
        np.testing.assert_allclose(shared[known], shared[known][0], atol=1e-4)


def test_the_item_that_is_named_is_the_one_that_adds_most(collection: ItemCollection) -> None:
    history = history_of(collection, ("tent", 1.0), ("coat", 1.0), blocks=("text", "lexical"))
    columns = history.columns(all_rows(collection), WEIGHTS)
    place = {item_id: n for n, item_id in enumerate(collection.ids())}
    spoken = history.speakers(columns, np.array([place["tarp"], place["jacket"]]))
    assert spoken == [("purchase", "tent"), ("purchase", "coat")]


def test_without_the_item_that_is_named_the_score_falls(collection: ItemCollection) -> None:
    rows = all_rows(collection)
    (both,) = history_of(collection, ("tent", 1.0), ("coat", 1.0)).columns(rows, WEIGHTS)
    (without,) = history_of(collection, ("coat", 1.0)).columns(rows, WEIGHTS)
    assert z_of(collection, without)["tarp"] < z_of(collection, both)["tarp"]


def test_no_item_speaks_for_itself(collection: ItemCollection) -> None:
    history = history_of(collection, ("tent", 1.0), blocks=("text", "lexical"))
    place = collection.ids().index("tent")
    for column in history.columns(all_rows(collection), WEIGHTS):
        assert column.parts(np.array([place]))[0, 0] == 0.0
        assert column.column.z[place] <= np.median(column.column.z) + 1e-6


def test_an_item_without_the_block_is_average(collection: ItemCollection) -> None:
    (column,) = history_of(collection, ("tent", 1.0)).columns(all_rows(collection), WEIGHTS)
    assert z_of(collection, column)["blank"] == 0.0


def test_words_of_titles_speak_where_vectors_do_not(collection: ItemCollection) -> None:
    history = history_of(collection, ("coat", 1.0), blocks=("lexical",))
    (column,) = history.columns(all_rows(collection), WEIGHTS)
    z = z_of(collection, column)
    assert max(z, key=lambda i: z[i]) == "jacket"


def test_a_history_that_left_the_catalogue_says_nothing(collection: ItemCollection) -> None:
    history = history_of(collection, ("gone", 1.0))
    assert not history
    assert history.columns(all_rows(collection), WEIGHTS) == []
    assert history.legs(WEIGHTS) == []


def test_a_large_catalogue_is_searched_around_each_interest() -> None:
    draw = np.random.default_rng(3)
    directions = np.eye(8, dtype=np.float32)
    vectors = {f"kind{k}-{n}": unit(*(directions[k] + 0.05 * draw.normal(size=8))) for k in range(8) for n in range(40)}
    collection = collection_of([make_item(i) for i in vectors], {"text": vectors})
    pipeline = RecommendationPipeline(
        collection,
        [],
        GivenParser(),
        lambda ids: {i: make_item(i) for i in ids},
        PipelineOptions(n_candidates=20, diversity=0.0),
    )
    liked = (("kind1-0", 1.0), ("kind1-1", 1.0), ("kind1-2", 1.0), ("kind6-0", 0.5))
    answer = pipeline.recommend(Query(limit=20, exclude=tuple(i for i, _ in liked)), Profile(liked=liked))
    kinds = {item_id.split("-")[0] for item_id, score in answer.ranking[:12]}
    assert kinds == {"kind1", "kind6"}
