import numpy as np
import pytest

from benchmarks.relevance import interval, ndcg_at_10, precision_at_10


def test_precision_is_out_of_what_is_possible():
    assert precision_at_10(np.array([True, True, False]), 2) == 1.0
    assert precision_at_10(np.array([True] * 5 + [False] * 5), 40) == 0.5


def test_ndcg_prefers_relevant_ones_first():
    first, last = np.array([True, False]), np.array([False, True])
    assert ndcg_at_10(first, 1) == 1.0
    assert ndcg_at_10(last, 1) == pytest.approx(1 / np.log2(3))


def test_the_interval_resamples_whole_groups():
    low, high = interval(np.array([1.0, 1.0, 0.0, 0.0]), ["a", "a", "b", "b"], seed=1)
    assert (low, high) == (0.0, 1.0)
    assert interval(np.ones(4), ["a", "a", "b", "b"], seed=1) == (1.0, 1.0)
