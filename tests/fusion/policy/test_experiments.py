from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fusion.policy.experiments import Guardrail, Sums, Verdict, assigned, difference, mismatch_chance, place_of, read


def rewards(rng: np.random.Generator, n: int, lift: float = 0.0) -> np.ndarray:
    """What shoppers bring: mostly nothing, sometimes a click, seldom a purchase."""
    return 0.1 * (rng.random(n) < 0.3) + np.where(rng.random(n) < 0.1 + lift, rng.exponential(1.2, n), 0.0)


def test_a_shopper_keeps_their_side_and_two_experiments_share_nothing() -> None:
    units = [f"shopper-{n}" for n in range(4000)]
    shares = {"live": 0.5, "candidate": 0.5}
    first = [assigned("one", unit, shares) for unit in units]
    assert first == [assigned("one", unit, shares) for unit in units]
    both = sum(a == b for a, b in zip(first, [assigned("two", unit, shares) for unit in units], strict=True))
    assert 0.46 < both / len(units) < 0.54
    places = np.array([place_of("one", unit) for unit in units])
    assert np.histogram(places, 10, (0, 1))[0] == pytest.approx(np.full(10, 400), abs=80)


def test_a_growing_share_takes_shoppers_from_one_side_only() -> None:
    units = [f"shopper-{n}" for n in range(1000)]
    small = {unit for unit in units if assigned("s", unit, {"candidate": 0.1, "live": 0.9}) == "candidate"}
    large = {unit for unit in units if assigned("s", unit, {"candidate": 0.3, "live": 0.7}) == "candidate"}
    assert small < large
    with pytest.raises(ValueError, match="add up to 1"):
        assigned("s", "x", {"a": 0.5})


def test_a_split_as_planned_is_trusted_and_an_uneven_one_is_not() -> None:
    assert mismatch_chance((5030, 4970), (0.5, 0.5)) == pytest.approx(0.5485, abs=1e-3)
    assert mismatch_chance((5300, 4700), (0.5, 0.5)) < 1e-8
    assert mismatch_chance((1030, 8970), (0.1, 0.9)) == pytest.approx(0.3173, abs=1e-3)
    assert mismatch_chance((10, 0), (0.0, 1.0)) == 0.0
    assert mismatch_chance((0, 0), (0.5, 0.5)) == 1.0


def test_sums_of_batches_are_the_sums_of_all() -> None:
    values = np.random.default_rng(1).exponential(size=500)
    parts = Sums.of(values[:123]) + Sums.of(values[123:])
    assert parts.mean == pytest.approx(values.mean())
    assert parts.variance == pytest.approx(values.var(ddof=1))


def test_equal_sides_that_are_looked_at_after_every_batch_are_promoted_in_at_most_5_percent_of_200_runs() -> None:
    rng = np.random.default_rng(11)
    promoted = naive = 0
    for _ in range(200):
        ours, theirs = Sums(), Sums()
        verdicts, fooled = set(), False
        for _batch in range(40):
            values, side = rewards(rng, 150), rng.random(150) < 0.5
            ours, theirs = ours + Sums.of(values[side]), theirs + Sums.of(values[~side])
            found = read(ours, theirs, (0.5, 0.5))
            verdicts.add(found.verdict)
            error = math.sqrt(ours.variance / ours.n + theirs.variance / theirs.n)
            fooled |= ours.mean - theirs.mean > 1.96 * error
        promoted += Verdict.BETTER in verdicts
        naive += fooled
    assert promoted <= 10
    assert naive > 20  # an ordinary interval that is looked at as often fails: the test can tell


def test_a_side_that_is_better_is_found_and_one_that_is_worse_as_well() -> None:
    rng = np.random.default_rng(3)
    usual, better = Sums.of(rewards(rng, 6000)), Sums.of(rewards(rng, 6000, lift=0.06))
    assert read(better, usual, (0.5, 0.5)).verdict is Verdict.BETTER
    assert read(usual, better, (0.5, 0.5)).verdict is Verdict.WORSE


def test_the_interval_holds_at_all_looks_together() -> None:
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(150):
        ours, theirs, ever = Sums(), Sums(), False
        for _batch in range(25):
            ours, theirs = ours + Sums.of(rewards(rng, 100, 0.03)), theirs + Sums.of(rewards(rng, 100))
            found = difference(ours, theirs)
            ever |= not found.low <= 1.2 * 0.03 <= found.high
        missed += ever
    assert missed <= 0.05 * 150 + 3


def test_with_few_shoppers_nothing_is_said() -> None:
    few = Sums.of(np.ones(99))
    found = difference(few, replace(few, total=0.0))
    assert (found.estimate, found.low, found.high) == (1.0, -math.inf, math.inf)
    assert read(few, few, (0.5, 0.5)).verdict is Verdict.GO_ON
    assert math.isnan(difference(Sums(), few).estimate)


def test_harm_and_a_broken_split_come_before_gain() -> None:
    rng = np.random.default_rng(3)
    usual, better = Sums.of(rewards(rng, 6000)), Sums.of(rewards(rng, 6000, lift=0.06))
    slow, fast = Sums.of(rng.normal(120, 10, 6000)), Sums.of(rng.normal(100, 10, 6000))
    rails = [(Guardrail("milliseconds", tolerance=5.0, higher_is_better=False), slow, fast)]
    found = read(better, usual, (0.5, 0.5), rails)
    assert (found.verdict, found.broken) == (Verdict.BROKEN_GUARDRAIL, ("milliseconds",))
    assert read(better, usual, (0.5, 0.5), [(replace(rails[0][0], tolerance=30.0), slow, fast)]).verdict is Verdict.BETTER
    assert read(better, usual, (0.6, 0.4)).verdict is Verdict.MISMATCH
