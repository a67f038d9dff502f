from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fusion.blocks import Column, terms_of, total
from fusion.collection import ItemCollection, ItemRecord
from fusion.columns import NEW_DAYS
from fusion.index.exact import ExactIndex
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.stand_in import LEAST_ITEMS, STAND_IN, queries_without, stand_ins
from fusion.types import Query
from fusion.weights import with_overrides
from tests.encoders import HashedWords, MeanColours
from tests.fusion.items import GivenParser, make_item, unit
from tests.fusion.test_pipeline import Shelf, photo_of

N = 60


def signals(seed: int, weight: float = 0.3) -> list[Column]:
    """Text and photo that mostly agree, and words; everybody has everything."""
    random = np.random.default_rng(seed)
    text = random.normal(size=N).astype(np.float32)
    image = (0.6 * text + 0.8 * random.normal(size=N)).astype(np.float32)
    words = random.integers(0, 3, N).astype(np.float32)
    everybody = np.ones(N, bool)
    return [
        Column("words", "text", 1.0, text, everybody),
        Column("words", "image", weight, image, everybody),
        Column("words", "lexical", 0.5, words),
    ]


def without_photos(columns: list[Column], rows: list[int]) -> list[Column]:
    present = np.ones(N, bool)
    present[rows] = False
    return [replace(c, z=np.where(present, c.z, 0), present=present) if c.block == "image" else c for c in columns]


def scores(columns: list[Column]) -> np.ndarray:
    return total([*columns, *stand_ins(columns, N)], N)


def ahead(values: np.ndarray, row: int) -> int:
    return int((np.delete(values, row) > values[row]).sum())


@pytest.mark.parametrize("seed", range(5))
def test_taking_a_photo_away_puts_an_item_where_its_other_signals_do_and_never_lower_than_a_photo_that_said_no_more(
    seed: int,
) -> None:
    columns = signals(seed)
    full = total(columns, N)
    rest = total([c for c in columns if c.block != "image"], N)
    not_lifted = 0
    for row in range(N):
        after = ahead(scores(without_photos(columns, [row])), row)
        assert after == ahead(rest, row)
        if ahead(rest, row) <= ahead(full, row):  # its photo had not lifted it above where items like it are
            not_lifted += 1
            assert after <= ahead(full, row)
    assert 10 < not_lifted < N


def test_items_without_a_photo_keep_their_order_and_fill_the_top_as_often_as_the_others() -> None:
    lost = list(range(0, N, 2))
    top = 0
    for seed in range(40):
        columns = without_photos(signals(seed), lost)
        found = scores(columns)
        by_rest = total(columns, N)[lost]
        assert (np.diff(found[lost][np.argsort(by_rest)]) >= -1e-5).all()
        top += len({int(row) for row in np.argsort(-found)[:10]} & set(lost))
    assert 170 <= top <= 230  # of 400 places; two spreads of a fair coin are 20


def test_a_photo_that_the_other_signals_do_not_foretell_is_not_guessed_above_those_that_are_there() -> None:
    columns = signals(1, weight=5.0)
    lost = list(range(0, N, 2))
    found = scores(without_photos(columns, lost))
    assert not set(np.argsort(-found)[:5].tolist()) & set(lost)
    added = stand_ins(without_photos(columns, lost), N)[0].z[lost]
    np.testing.assert_allclose(added, 5.0 * columns[1].z[1::2].mean(), rtol=1e-4)


def test_few_items_with_photos_give_their_mean_and_none_give_nothing() -> None:
    columns = signals(2)
    few = without_photos(columns, list(range(LEAST_ITEMS - 1, N)))
    added = stand_ins(few, N)[0].z
    np.testing.assert_allclose(added[LEAST_ITEMS - 1 :], 0.3 * columns[1].z[: LEAST_ITEMS - 1].mean(), rtol=1e-4)
    assert stand_ins(without_photos(columns, list(range(N))), N) == []
    assert stand_ins(columns, N) == []


def test_a_stand_in_is_an_addend_of_its_own_and_only_of_items_that_lack_the_block() -> None:
    columns = without_photos(signals(3), [4, 9])
    added = stand_ins(columns, N)
    assert [(c.source, c.block, np.flatnonzero(c.z).tolist()) for c in added] == [(STAND_IN, "image", [4, 9])]
    whole = scores(columns)
    for row in (4, 5, 9):
        assert sum(t.contribution for t in terms_of([*columns, *added], row)) == pytest.approx(whole[row], abs=1e-5)


def test_each_set_of_lacking_blocks_is_searched_for_by_the_others() -> None:
    index = ExactIndex({"text": 2, "image": 2, "look": 2})
    for block, having in (("text", [0, 1, 2]), ("image", [0, 1]), ("look", [0])):
        index.upsert(block, having, np.tile(unit(1, 0), (len(having), 1)))
    query = {block: unit(0, 1) for block in ("text", "image", "look")}
    rows = np.arange(4)
    assert sorted(tuple(q) for q in queries_without(index, query, rows)) == [("text",), ("text", "image")]
    assert queries_without(index, query, rows[:1]) == []


def shop(n_with: int, n_without: int, n_candidates: int, **weights: float) -> tuple[RecommendationPipeline, list[str]]:
    """Red lamps, lamps without a photo, and blue chairs; with the ids of those without."""
    words, colours = HashedWords(), MeanColours()
    lamps = [make_item(f"lamp{n}", f"lamp {n if n < n_with else 0}") for n in range(n_with + n_without)]
    items = [*lamps, *(make_item(f"chair{n}", f"chair {n}") for n in range(n_with))]
    texts = words.encode_texts([item.title for item in items])["text"]
    red, blue = colours.encode_photos([photo_of("red"), photo_of("blue")])["look"]
    collection = ItemCollection(ExactIndex({"text": texts.shape[1], "look": len(red)}))
    look = {item.item_id: red for item in lamps[:n_with]} | {item.item_id: blue for item in items[len(lamps) :]}
    collection.update(
        [
            ItemRecord(item, {"text": text, **({"look": look[item.item_id]} if item.item_id in look else {})})
            for item, text in zip(items, texts, strict=True)
        ]
    )
    collection.rebuild_lexical()
    pipeline = RecommendationPipeline(
        collection,
        [words, colours],
        GivenParser(),
        Shelf(items),
        PipelineOptions(with_overrides(weights), n_candidates=n_candidates),
    )
    return pipeline, [item.item_id for item in lamps[n_with:]]


def test_what_lacks_a_photo_is_found_where_enough_others_look_alike() -> None:
    pipeline, lost = shop(40, 5, 10, **{"liked/look": 5.0})
    ranking = pipeline.recommend(Query(liked=("lamp0",), limit=10)).ranking
    assert set(lost) <= {item_id for item_id, _ in ranking}


def test_an_answer_shows_what_lacks_a_photo_says_nothing_of_it_and_adds_up_on_later_pages_too() -> None:
    pipeline, lost = shop(40, 40, 1000)
    query = Query("lamp", photo=photo_of("red"), limit=50, explain_depth=70)
    answer = pipeline.recommend(query)
    shown = [ranked for ranked in answer.items if ranked.item.item_id in lost]
    assert shown
    for ranked in answer.items:
        assert sum(t.contribution for t in ranked.terms) == pytest.approx(ranked.score, abs=1e-4)
    for ranked in shown:
        assert "looks_like_photo" not in {reason.code for reason in ranked.reasons}
        assert any(term.source == STAND_IN for term in ranked.terms)
    assert {s for s, _, _ in (key.partition("/") for key in answer.weights)} >= {STAND_IN, "photo", "words"}
    assert len(answer.ranking) >= 70
    later = [item_id for item_id, _ in answer.ranking[50:70]]
    items = [item for i in later if (item := pipeline.collection.item(i))]
    for ranked in pipeline.teller.tell_stored(items, answer.terms, answer, query, 51):
        assert sum(t.contribution for t in ranked.terms) == pytest.approx(ranked.score, abs=1e-4)


def test_what_is_new_counts_as_usually_popular_and_is_not_called_popular() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    old, new = now - timedelta(days=2 * NEW_DAYS), now - timedelta(days=1)
    items = [make_item(f"lamp{n}", "lamp", created_at=old) for n in range(20)]
    items += [
        make_item("fresh", "lamp", created_at=new),
        make_item("hot", "lamp", created_at=new),
        make_item("dateless", "lamp"),
    ]
    words = HashedWords()
    texts = words.encode_texts([item.title for item in items])["text"]
    collection = ItemCollection(ExactIndex({"text": texts.shape[1]}))
    collection.update([ItemRecord(item, {"text": text}) for item, text in zip(items, texts, strict=True)])
    collection.rebuild_lexical()
    collection.set_popularity({**{f"lamp{n}": n / 10 for n in range(20)}, "hot": 3.0}, now)
    pipeline = RecommendationPipeline(collection, [words], GivenParser(), Shelf(items), PipelineOptions(diversity=0.0))
    answer = pipeline.recommend(Query(limit=30))
    order = [ranked.item.item_id for ranked in answer.items]
    assert order[0] == "hot"
    assert order.index("lamp10") < order.index("fresh") < order.index("lamp9")
    assert order.index("dateless") > order.index("lamp1")
    reasons = {ranked.item.item_id: [reason.code for reason in ranked.reasons] for ranked in answer.items}
    assert reasons["hot"] == ["popular"]
    assert reasons["fresh"] == []
