import numpy as np
import pytest

from fusion.blocks import MAX_Z, Leg, calibrate, combine, dense_columns, mean_direction, sparse_column, terms_of, total
from fusion.index.exact import ExactIndex


def random_units(n: int, dim: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def index() -> ExactIndex:
    index = ExactIndex({"text": 16, "image": 8})
    index.upsert("text", range(50), random_units(50, 16, 1))
    index.upsert("image", range(0, 50, 2), random_units(25, 8, 2))  # every second item has no photo
    return index


@pytest.fixture
def legs(index: ExactIndex) -> list[Leg]:
    rows = np.arange(50)
    made = []
    for source, block, weight, seed in [("words", "text", 1.0, 3), ("words", "image", 0.3, 4), ("photo", "image", 0.6, 5)]:
        vectors, present = index.vectors(block, rows)
        leg = calibrate(Leg(source, block, random_units(1, index.dims[block], seed)[0], weight), vectors[present])
        assert leg is not None
        made.append(leg)
    return made


def test_contributions_add_up_to_the_score(index: ExactIndex, legs: list[Leg]) -> None:
    rows = np.arange(50)
    columns = dense_columns(index, legs, rows)
    scores = total(columns, 50)
    for row in rows:
        assert sum(t.contribution for t in terms_of(columns, row)) == pytest.approx(scores[row], abs=1e-5)


def test_one_inner_product_gives_the_same_order_as_the_sum_of_calibrated_terms(index: ExactIndex, legs: list[Leg]) -> None:
    query, offsets = combine(legs)
    scores = total(dense_columns(index, legs, np.arange(50)), 50)
    by_product = np.zeros(50, np.float32)
    for block, vector in query.items():
        vectors, present = index.vectors(block, np.arange(50))
        by_product += np.where(present, vectors @ vector + offsets[block], 0.0)
    np.testing.assert_allclose(by_product, scores, atol=1e-4)
    assert list(index.search(query, offsets, 5)) == list(np.argsort(-scores)[:5])


def test_a_missing_block_scores_zero_which_is_average(index: ExactIndex, legs: list[Leg]) -> None:
    photo = next(c for c in dense_columns(index, legs, np.arange(50)) if c.source == "photo")
    assert photo.z[1] == 0.0
    assert abs(photo.z[::2].mean()) < 1e-4


def test_calibrated_terms_have_mean_zero_and_spread_one_over_the_reference(index: ExactIndex, legs: list[Leg]) -> None:
    words = dense_columns(index, legs, np.arange(50))[0]
    assert words.z.mean() == pytest.approx(0.0, abs=1e-3)
    assert words.z.std() == pytest.approx(1.0, abs=1e-3)


def test_a_leg_that_does_not_tell_items_apart_is_left_out() -> None:
    same = np.tile(np.array([[1.0, 0.0]], np.float32), (5, 1))
    assert calibrate(Leg("words", "text", np.array([1.0, 0.0], np.float32), 1.0), same) is None
    assert calibrate(Leg("words", "text", np.array([1.0, 0.0], np.float32), 1.0), same[:1]) is None


def test_one_rare_word_cannot_outweigh_everything() -> None:
    scores = np.zeros(10_000, np.float32)
    scores[7] = 12.0
    scores[8] = 6.0
    column = sparse_column("words", "lexical", 0.5, scores, scores)
    assert column is not None
    assert column.z[7] == pytest.approx(MAX_Z)
    assert column.z[8] == pytest.approx(MAX_Z / 2, abs=0.01)


def test_a_column_without_any_match_is_left_out() -> None:
    assert sparse_column("words", "lexical", 0.5, np.zeros(3, np.float32), np.zeros(3, np.float32)) is None


def test_mean_direction_is_the_weighted_mean_and_none_when_vectors_cancel_out() -> None:
    vectors = np.array([[1, 0], [0, 1]], np.float32)
    mean = mean_direction(vectors, np.array([3, 1], np.float32))
    assert mean is not None
    np.testing.assert_allclose(mean, np.array([3, 1]) / np.sqrt(10), atol=1e-6)
    assert mean_direction(np.array([[1, 0], [-1, 0]], np.float32), np.ones(2, np.float32)) is None
    assert mean_direction(np.zeros((0, 2), np.float32), np.zeros(0, np.float32)) is None
