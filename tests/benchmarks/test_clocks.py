import time

import pytest

from benchmarks.clocks import Span, best_ratio, median_ratio, percentile, timed


def test_sleeping_takes_wall_time_and_hardly_any_cpu_time():
    with timed() as span:
        time.sleep(0.05)
    assert span.wall >= 0.05
    assert span.cpu < span.wall


def test_ratios_are_of_neighbours_or_of_the_least_disturbed():
    bare = [Span(1.0, 0.9), Span(2.0, 1.0), Span(1.2, 0.8)]
    real = [Span(2.0, 1.0), Span(2.0, 1.0), Span(1.5, 1.0)]
    assert median_ratio(bare, real) == pytest.approx((0.8, 0.9))
    assert best_ratio(bare, real) == pytest.approx((1.0 / 1.5, 0.8))


def test_a_percentile_lies_between_its_neighbours():
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5
    assert percentile([], 50) != percentile([], 50)  # nan
