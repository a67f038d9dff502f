import numpy as np
import pytest

from fusion.exceptions import DimensionMismatch
from fusion.ranking import best_first, by_column, diversify, relevant_enough


def test_equal_scores_are_ordered_by_the_tie_break_then_by_position() -> None:
    order = best_first(np.array([1.0, 2.0, 1.0, 1.0], np.float32), np.array([5.0, 0.0, 9.0, np.nan]))
    assert list(order) == [1, 2, 0, 3]


def test_an_order_puts_unknown_values_last_both_ways() -> None:
    values, scores = np.array([3.0, np.nan, 1.0, 3.0]), np.array([0.0, 9.0, 0.0, 1.0], np.float32)
    assert list(by_column(values, scores, descending=False)) == [2, 3, 0, 1]
    assert list(by_column(values, scores, descending=True)) == [3, 0, 2, 1]


def test_an_order_may_keep_a_part_in_front() -> None:
    first = np.array([True, False, True])
    order = by_column(np.array([9.0, 1.0, 5.0]), np.zeros(3, np.float32), descending=False, first=first)
    assert list(order) == [2, 0, 1]


def test_an_order_rearranges_only_what_is_relevant() -> None:
    assert list(relevant_enough(np.array([4.0, 1.9, 2.0], np.float32))) == [True, False, True]
    assert list(relevant_enough(np.array([-1.0, 0.0], np.float32))) == [True, True]


def test_diversity_moves_a_look_alike_down_and_none_keeps_the_score_order() -> None:
    scores = np.array([1.0, 0.9, 0.8], np.float32)
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert diversify(scores, vectors, 3, 1.0) == [0, 1, 2]
    assert diversify(scores, vectors, 3, 0.5) == [0, 2, 1]
    assert diversify(scores[:0], vectors[:0], 3) == []
    with pytest.raises(DimensionMismatch, match="3 scores but 2 vectors"):
        diversify(scores, vectors[:2], 3)
