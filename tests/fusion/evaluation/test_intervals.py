"""Bootstrap intervals: seeded, paired, and wide where there are few cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.evaluation.intervals import bootstrap, paired_difference


def test_the_interval_holds_the_mean_and_is_about_two_standard_errors_wide():
    values = np.random.default_rng(1).normal(0.3, 1.0, 2000)
    found = bootstrap(values, seed=7)
    assert found.mean == pytest.approx(values.mean())
    assert found.low < found.mean < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(2000), rel=0.15)


def test_the_same_seed_gives_the_same_interval_and_another_one_does_not():
    values = np.random.default_rng(1).random(50)
    assert bootstrap(values, seed=7) == bootstrap(values, seed=7)
    assert bootstrap(values, seed=7) != bootstrap(values, seed=8)


def test_no_case_gives_no_number():
    found = bootstrap(np.array([np.nan]), seed=1)
    assert math.isnan(found.mean)
    assert found.n == 0


def test_a_list_without_a_value_is_left_out_of_the_mean():
    found = bootstrap(np.array([1.0, np.nan, 1.0]), seed=1)
    assert (found.mean, found.n) == (1.0, 2)


def test_a_constant_lead_is_certain_however_much_the_cases_differ():
    hard = np.random.default_rng(3).random(40)
    found = paired_difference(hard + 0.01, hard, seed=2)
    assert found.low == pytest.approx(0.01)
    assert found.excludes_zero


def test_different_cases_cannot_be_paired():
    with pytest.raises(ValueError, match="same cases"):
        paired_difference(np.zeros(3), np.zeros(4), seed=1)


def test_cases_of_one_shopper_are_drawn_together_so_repeats_add_no_certainty():
    values = np.random.default_rng(3).random(30)
    shoppers = [str(n) for n in range(30)]
    once = bootstrap(values, seed=2, groups=shoppers)
    often = bootstrap(np.repeat(values, 20), seed=2, groups=[s for s in shoppers for _ in range(20)])
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=1e-6)
    assert once == bootstrap(values, seed=2, groups=shoppers)
