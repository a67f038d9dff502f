from __future__ import annotations

import numpy as np
import pytest

from fusion.exceptions import NotCovered
from fusion.policy.off_policy import Logged, contributions, effective_size, estimate, modelled, require_coverage, weights_of

K, D = 4, 3
TRUTH = np.array([[0.2, 0.4, 0.1, 0.3], [0.1, 0.0, 0.3, 0.2], [0.0, 0.2, 0.1, 0.0]])  # (d, K)


def made(n: int, seed: int, logging=(0.4, 0.3, 0.2, 0.1)) -> tuple[Logged, np.ndarray]:
    """A log by fixed chances, and chances of a new policy that reads the request."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.integers(0, 2, (n, D - 1))]).astype(float)
    arm = rng.choice(K, n, p=logging)
    mean = (x @ TRUTH)[np.arange(n), arm]
    reward = (rng.random(n) < mean).astype(float)
    target = np.full((n, K), 0.05)
    target[np.arange(n), (x @ TRUTH).argmax(axis=1)] = 0.85
    groups = [f"s{k}" for k in rng.integers(0, max(2, n // 3), n)]
    return Logged(x, arm, reward, np.asarray(logging)[arm], K, groups), target


def truth(log: Logged, target: np.ndarray) -> float:
    return float((target * (log.x @ TRUTH)).sum(axis=1).mean())


@pytest.mark.parametrize("method", ["ips", "snips", "dr"])
def test_estimates_are_right_on_the_mean_over_many_logs(method: str) -> None:
    errors = []
    for seed in range(150):
        log, target = made(400, seed)
        errors.append(contributions(method, log, target).mean() - truth(log, target))
    assert abs(np.mean(errors)) < 3.5 * np.std(errors) / np.sqrt(len(errors))


def test_a_reward_model_makes_the_estimate_narrower() -> None:
    log, target = made(3000, 5)
    assert contributions("dr", log, target).std() < 0.95 * contributions("ips", log, target).std()


@pytest.mark.parametrize("method", ["ips", "clipped", "snips", "dr"])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(method: str) -> None:
    held = 0
    for seed in range(60):
        log, target = made(600, 1000 + seed)
        found = estimate(method, log, target, seed=seed)
        held += found.low <= truth(log, target) <= found.high
    assert held >= 50  # of 60; a 95% interval misses more than 10 with a chance of 1 in 1000


def test_estimating_the_logging_policy_itself_gives_the_mean_reward() -> None:
    log, _ = made(500, 3)
    same = np.tile([0.4, 0.3, 0.2, 0.1], (len(log), 1))
    assert estimate("ips", log, same).value == pytest.approx(log.reward.mean())
    assert estimate("snips", log, same).value == pytest.approx(log.reward.mean())
    assert estimate("ips", log, same).effective == pytest.approx(len(log))


def test_the_model_of_an_answer_has_not_seen_its_shopper() -> None:
    log, _ = made(60, 2)
    changed = np.where(np.asarray(log.group) == log.group[0], 100.0, log.reward)
    other = Logged(log.x, log.arm, changed, log.propensity, K, log.group)
    mine = np.asarray(log.group) == log.group[0]
    assert modelled(other)[mine] == pytest.approx(modelled(log)[mine])
    assert not np.allclose(modelled(other)[~mine], modelled(log)[~mine])


def test_a_log_without_a_choice_is_refused_with_what_to_do() -> None:
    log, target = made(500, 1)
    certain = Logged(log.x, np.zeros(500, int), log.reward, np.ones(500), K, log.group)
    with pytest.raises(NotCovered, match=r"propensity 1.*--begin"):
        estimate("dr", certain, target)
    with pytest.raises(NotCovered, match="no answer"):
        require_coverage(log.take(np.zeros(0, int)), target[:0])


def test_an_arm_that_was_hardly_played_is_refused() -> None:
    log, _ = made(500, 1, logging=(0.6, 0.3, 0.099, 0.001))
    target = np.tile([0.0, 0.0, 0.2, 0.8], (500, 1))
    with pytest.raises(NotCovered, match=r"Arms \[3\]"):
        require_coverage(log, target)


def test_too_few_effective_answers_are_refused() -> None:
    log, _ = made(1200, 1, logging=(0.9, 0.04, 0.03, 0.03))
    with pytest.raises(NotCovered, match="are worth only"):
        require_coverage(log, np.tile([0.0, 0.0, 0.0, 1.0], (1200, 1)))


def test_a_policy_that_wants_what_was_never_played_somewhere_is_refused() -> None:
    """Both arms were played often, but each only where the other was not: the weights do not add up."""
    rng = np.random.default_rng(1)
    side = rng.integers(0, 2, 2000)
    played = np.where(rng.random(2000) < 0.8, side, 2)
    propensity = np.where(played == 2, 0.2, 0.8)
    log = Logged(np.column_stack([np.ones(2000), side]).astype(float), played, rng.random(2000), propensity, 3)
    target = np.zeros((2000, 3))
    target[np.arange(2000), 1 - side] = 0.5
    target[:, 2] = 0.5
    with pytest.raises(NotCovered, match="instead of 1"):
        require_coverage(log, target)


def test_wrong_shapes_and_impossible_propensities_are_refused() -> None:
    log, target = made(50, 1)
    with pytest.raises(ValueError, match="chances are"):
        weights_of(log, target[:, :2])
    with pytest.raises(ValueError, match="above 0"):
        Logged(log.x, log.arm, log.reward, np.zeros(50), K)
    with pytest.raises(ValueError, match="no estimator"):
        contributions("magic", log, target)
    assert effective_size(np.array([1.0, 1.0, 0.0, 0.0])) == 2.0
