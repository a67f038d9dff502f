from __future__ import annotations

import numpy as np
import pytest

from fusion.policy.features import FEATURES, describe
from fusion.policy.learner import KINDS as REQUEST_KINDS
from fusion.policy.learner import Bounds, kind_of
from fusion.policy.learners import KINDS, create
from fusion.weighing import Context

WORDS = describe(Context(signals=(("words", "text"),), n_history=3, n_musts=1))
FEED = describe(Context(signals=(("history", "text"),), n_history=40))
FREE = Bounds(cap=1.0)
# A wider prior than in serving, where a model of single items knows most beforehand.
OPEN = {
    "thompson": {"prior": 0.3},
    "linucb": {"prior": 0.3},
    "actor_critic": {"rate": 1.0, "trust": 0.2, "critic": {"prior": 0.3}},
}


def taught(kind: str, rounds: int, seed: int = 0, shift: int | None = None):
    """A learner of three arms: the last is best for words, the middle one for a feed; after ``shift`` the first for all."""
    rng = np.random.default_rng(seed)
    learner = create(kind, 3, len(FEATURES), OPEN[kind])
    for now in range(rounds):
        x = WORDS if rng.random() < 0.5 else FEED
        chances = learner.probabilities(x, Bounds(1.0, 0.02))
        arm = int(rng.choice(3, p=chances))
        best = 0 if shift is not None and now >= shift else 2 if x is WORDS else 1
        learner.update(x, arm, float(rng.random() < (0.7 if arm == best else 0.3)), float(chances[arm]))
    return learner


def test_features_tell_the_kinds_of_requests_apart() -> None:
    like = describe(Context(signals=(("liked", "look"),)))
    assert [kind_of(x) for x in (WORDS, like, FEED)] == [0, 1, 2]
    assert len(WORDS) == len(FEATURES)
    assert WORDS[0] == 1.0
    assert FEED[FEATURES.index("history_size")] > WORDS[FEATURES.index("history_size")] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_before_anything_is_learnt_the_first_arm_is_the_best_known_and_the_cap_is_all_that_is_explored(kind: str) -> None:
    learner = create(kind, 5, len(FEATURES))
    found = learner.probabilities(WORDS, Bounds(cap=0.1, floor=0.01))
    assert found.argmax() == 0
    assert found.sum() == pytest.approx(1.0)
    assert 0.04 - 1e-9 <= found[1:].sum() <= 0.1 + 1e-9
    assert learner.probabilities(WORDS, Bounds(cap=0.0)).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_learner_finds_the_best_arm_of_each_kind_of_request(kind: str) -> None:
    learner = taught(kind, 1500)
    assert [int(learner.values(x).argmax()) for x in (WORDS, FEED)] == [2, 1]
    assert learner.probabilities(WORDS, FREE)[2] > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_a_learner_recovers_when_the_best_arm_changes(kind: str) -> None:
    learner = taught(kind, 3500, shift=800)
    assert [int(learner.values(x).argmax()) for x in (WORDS, FEED)] == [0, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_guess_of_the_item_model_is_believed_from_the_first_answer(kind: str) -> None:
    learner = create(kind, 3, len(FEATURES))
    guesses = np.zeros((REQUEST_KINDS, len(FEATURES), 3))
    guesses[kind_of(WORDS), 0] = [0.0, 0.5, 0.0]
    learner.expect(guesses)
    for _ in range(5):
        learner.update(WORDS, 0, 0.1, 0.5)
    assert learner.values(WORDS).argmax() == 1
    assert learner.probabilities(WORDS, FREE)[1] > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_learnt_is_the_same_after_it_was_kept(kind: str) -> None:
    learner = taught(kind, 300)
    again = create(kind, 3, len(FEATURES), learner.settings())
    again.restore(learner.tensors())
    for x in (WORDS, FEED):
        assert (again.probabilities(x, FREE) == learner.probabilities(x, FREE)).all()


def test_damaged_tensors_and_unknown_names_are_refused() -> None:
    learner = create("thompson", 3, len(FEATURES))
    with pytest.raises(ValueError, match="'noise'"):
        learner.restore({name: t for name, t in learner.tensors().items() if name != "noise"})
    with pytest.raises(ValueError, match="finite"):
        learner.restore({**learner.tensors(), "noise": np.array([np.nan, 1.0])})
    with pytest.raises(ValueError, match="known are thompson, linucb, actor_critic"):
        create("oracle", 3, len(FEATURES))
    with pytest.raises(ValueError, match="no option speed"):
        create("thompson", 3, len(FEATURES), {"speed": 1})
    with pytest.raises(ValueError, match="chances from 0 to 1"):
        Bounds(cap=1.5)
