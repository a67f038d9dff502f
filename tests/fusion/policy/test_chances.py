from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from fusion.policy.chances import arm_at, bounded, chances_of_largest


def integrated(means: np.ndarray, spreads: np.ndarray, arm: int) -> float:
    """The same chance by scipy's adaptive quadrature."""

    def density(u: float) -> float:
        others = np.delete(np.arange(len(means)), arm)
        below = norm.logcdf(u, means[others], spreads[others]).sum()
        return float(norm.pdf(u, means[arm], spreads[arm]) * np.exp(below))

    places = np.unique(np.concatenate([means + c * spreads for c in (-8, -4, -2, -1, 0, 1, 2, 4, 8)]))
    inside = places[np.abs(places - means[arm]) <= 8.5 * spreads[arm]]
    return sum(quad(density, a, b, epsabs=1e-12)[0] for a, b in pairwise(inside))


@pytest.mark.parametrize("seed", range(4))
def test_chances_are_exact_to_a_millionth_also_where_spreads_differ_a_thousandfold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means, spreads = rng.normal(size=5), 10.0 ** rng.uniform(-3, 0.5, size=5)
    found = chances_of_largest(means, spreads)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert found == pytest.approx([integrated(means, spreads, arm) for arm in range(5)], abs=1e-6)


def test_chances_are_the_frequencies_of_sampling() -> None:
    rng = np.random.default_rng(7)
    means, spreads = np.array([0.0, 0.1, -0.2, 0.05]), np.array([0.1, 0.3, 0.5, 0.01])
    samples = rng.normal(means, spreads, (200_000, 4)).argmax(axis=1)
    frequencies = np.bincount(samples, minlength=4) / len(samples)
    assert chances_of_largest(means, spreads) == pytest.approx(frequencies, abs=0.005)


def test_equal_arms_have_equal_chances_and_a_clear_winner_is_nearly_certain() -> None:
    assert chances_of_largest(np.zeros(10), np.ones(10)) == pytest.approx(np.full(10, 0.1), abs=1e-9)
    assert chances_of_largest(np.array([1.0, 0.0]), np.array([0.01, 0.01]))[0] == pytest.approx(1.0)
    assert chances_of_largest(np.zeros(1), np.ones(1)).tolist() == [1.0]
    assert chances_of_largest(np.array([0.0, 1.0]), np.zeros(2)).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("cap", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("floor", [0.0, 0.02, 0.5])
def test_no_chance_but_the_best_one_passes_the_cap_and_none_falls_below_the_floor(cap: float, floor: float) -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        wanted = rng.dirichlet(np.full(6, 0.3))
        best = int(rng.integers(6))
        found = bounded(wanted, best, cap=cap, floor=floor)
        assert found.sum() == pytest.approx(1.0)
        assert np.delete(found, best).sum() <= cap + 1e-12
        assert np.delete(found, best).min() >= min(floor, cap / 5) - 1e-12
    if not cap:
        assert found[best] == 1.0


def test_what_fits_the_bounds_stays_as_it_is() -> None:
    wanted = np.array([0.9, 0.04, 0.06])
    assert bounded(wanted, 0, cap=0.2) == pytest.approx(wanted)


def test_draws_fall_on_arms_as_often_as_their_chances_say_and_never_on_one_without_a_chance() -> None:
    chances = np.array([0.0, 0.25, 0.0, 0.7, 0.05, 0.0])
    draws = (np.arange(10_000) + 0.5) / 10_000
    arms = [arm_at(chances, draw) for draw in draws]
    assert (np.bincount(arms, minlength=6) / 10_000) == pytest.approx(chances, abs=1e-3)
    assert arm_at(chances, 0.0) == 1
    assert arm_at(chances, np.nextafter(1.0, 0.0)) == 4
