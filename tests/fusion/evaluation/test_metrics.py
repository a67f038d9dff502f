"""Metrics against values computed by hand, and against scikit-learn where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.evaluation.metrics import (
    coverage,
    exposure,
    gini,
    hit_rate,
    intra_list_diversity,
    ndcg,
    novelty,
    recall,
    reciprocal_rank,
    self_information,
)

LIST = ["a", "b", "c", "d"]


def test_ndcg_is_one_when_the_relevant_items_come_first():
    assert ndcg(LIST, {"a", "b"}, 10) == pytest.approx(1.0)


def test_ndcg_of_a_hit_at_rank_two_is_its_discount():
    assert ndcg(LIST, {"b"}, 10) == pytest.approx(1 / math.log2(3))


def test_ndcg_of_ranks_one_and_three_with_three_relevant():
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(LIST, {"a", "c", "z"}, 10) == pytest.approx((1 + 1 / 2) / ideal)


def test_ndcg_counts_no_more_than_k_as_possible():
    assert ndcg(["a"], {"a", "b", "c"}, 1) == pytest.approx(1.0)


def test_ndcg_agrees_with_scikit_learn():
    ndcg_score = pytest.importorskip("sklearn.metrics").ndcg_score
    draw = np.random.default_rng(5)
    for _ in range(50):
        relevance = draw.integers(0, 2, 30)
        if not relevance.any():
            continue
        scores = draw.permutation(30)
        ranked = [str(i) for i in np.argsort(-scores)]
        ours = ndcg(ranked, {str(i) for i in np.flatnonzero(relevance)}, 10)
        assert ours == pytest.approx(ndcg_score(relevance[None], scores[None], k=10))


def test_recall_counts_all_relevant_items():
    assert recall(LIST, {"a", "d", "x", "y"}, 4) == pytest.approx(0.5)
    assert recall(LIST, {"a", "d", "x", "y"}, 3) == pytest.approx(0.25)


def test_a_hit_is_one_relevant_item_within_k():
    assert hit_rate(LIST, {"c", "z"}, 3) == 1.0
    assert hit_rate(LIST, {"c", "z"}, 2) == 0.0


def test_reciprocal_rank_is_that_of_the_first_hit():
    assert reciprocal_rank(LIST, {"c", "d"}, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(LIST, {"d"}, 3) == 0.0


@pytest.mark.parametrize("metric", [ndcg, recall, hit_rate, reciprocal_rank])
def test_a_case_without_anything_relevant_is_refused_not_counted_as_a_miss(metric):
    with pytest.raises(ValueError, match="leave it out"):
        metric(LIST, set(), 10)


def test_coverage_is_the_share_of_the_catalogue_that_was_shown_within_k():
    assert coverage([["a", "b"], ["b", "c"]], 10, 2) == pytest.approx(0.3)
    assert coverage([["a", "b"], ["b", "c"]], 10, 1) == pytest.approx(0.2)


def test_what_half_of_the_shoppers_have_says_one_bit_and_an_unseen_item_says_most():
    information = self_information({"a": 3, "b": 7}, 7)
    assert information["a"] == pytest.approx(1.0)
    assert information["b"] == pytest.approx(0.0)
    assert information["new"] == pytest.approx(3.0)
    assert novelty(["a", "new", "b"], information, 2) == pytest.approx(2.0)


def test_equal_vectors_have_no_diversity_and_orthogonal_ones_have_one():
    assert intra_list_diversity(np.array([[1, 0], [1, 0]], np.float32)) == pytest.approx(0.0)
    assert intra_list_diversity(np.eye(3, dtype=np.float32)) == pytest.approx(1.0)
    two_alike = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert intra_list_diversity(two_alike) == pytest.approx(2 / 3)


def test_one_item_has_no_diversity_at_all():
    assert math.isnan(intra_list_diversity(np.ones((1, 2), np.float32)))


def test_exposure_counts_places_and_names_groups_that_were_never_shown():
    groups = {"a": "tents", "b": "tents", "c": "stoves", "d": "mugs"}
    found = exposure([["a", "c"], ["b", "a"]], groups, 2)
    assert found == {"tents": pytest.approx(2 + 1 / math.log2(3)), "stoves": pytest.approx(1 / math.log2(3)), "mugs": 0.0}


def test_gini_of_equal_amounts_is_zero_and_of_one_owner_is_one_minus_one_over_n():
    assert gini([2, 2, 2], [1, 1, 1]) == pytest.approx(0.0)
    assert gini([0, 0, 0, 5], [1, 1, 1, 1]) == pytest.approx(0.75)


def test_gini_by_hand():
    # shares 1/6, 2/6, 3/6: mean absolute difference 8/9 over twice the mean 4
    assert gini([1, 2, 3], [1, 1, 1]) == pytest.approx(2 / 9)


def test_a_group_with_its_share_of_the_catalogue_is_no_inequality():
    assert gini([30, 10], [3, 1]) == pytest.approx(0.0)
    assert gini([0, 10], [3, 1]) == pytest.approx(0.75)


def test_gini_without_exposure_is_not_a_number():
    assert math.isnan(gini([0, 0], [1, 1]))
    assert math.isnan(gini([], []))
