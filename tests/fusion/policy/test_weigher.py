from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fusion.exceptions import InvalidWeights
from fusion.gate import load_weigher
from fusion.gate.storage import pack, unpack
from fusion.gate.weigher import GateWeigher
from fusion.gate.weights import default_gate
from fusion.policy.arms import ARMS
from fusion.policy.features import FEATURES, describe
from fusion.policy.learner import Bounds
from fusion.policy.learners import create
from fusion.policy.storage import policy_name, to_bytes
from fusion.policy.weigher import PolicyWeigher
from fusion.weighing import Context

CONTEXT = Context(np.eye(1, 8, dtype=np.float32)[0], (("words", "text"), ("words", "lexical")), n_musts=1, language="en")


def gate() -> GateWeigher:
    """One that does not leave the weights as they are."""
    weights = default_gate(8)
    rng = np.random.default_rng(2)
    return GateWeigher(replace(weights, head=rng.normal(0, 0.3, weights.head.shape).astype(np.float32)), "gate-1")


def policy(kind: str = "thompson", cap: float = 0.6, **given) -> PolicyWeigher:
    """One that has heard a little."""
    learner = create(kind, len(ARMS), len(FEATURES))
    rng = np.random.default_rng(4)
    for _ in range(200):
        learner.update(describe(CONTEXT), int(rng.integers(len(ARMS))), float(rng.random() < 0.3), 0.1)
    return PolicyWeigher(learner, bounds=Bounds(cap, 0.01), **given)


@pytest.mark.parametrize("kind", ["thompson", "linucb", "actor_critic"])
def test_what_is_logged_is_how_often_it_is_chosen(kind: str) -> None:
    weigher = policy(kind)
    n = 800
    chosen = [weigher.weigh(replace(CONTEXT, draw=(k + 0.5) / n)) for k in range(n)]
    counts = Counter(weighing.arm for weighing in chosen)
    said = {weighing.arm: weighing.propensity for weighing in chosen}
    assert len(said) > 1
    assert {arm: count / n for arm, count in counts.items()} == pytest.approx(said, abs=2 / n)
    assert sum(weigher.probabilities(CONTEXT)) == pytest.approx(1.0)


def test_the_same_draw_chooses_the_same_and_no_exploration_chooses_the_best_for_certain() -> None:
    weigher = policy()
    assert weigher.weigh(replace(CONTEXT, draw=0.37)) == weigher.weigh(replace(CONTEXT, draw=0.37))
    weigher.exploration_cap = 0.0
    found = {(w.arm, w.propensity) for w in (weigher.weigh(replace(CONTEXT, draw=d)) for d in (0.0, 0.5, 0.999))}
    best = ARMS[int(weigher.learner.values(describe(CONTEXT)).argmax())].name
    assert found == {(best, 1.0)}


def test_a_cap_that_is_set_later_bounds_the_next_request() -> None:
    weigher = policy(cap=1.0)
    weigher.exploration_cap = 0.05
    found = np.sort(weigher.probabilities(CONTEXT))
    assert found[:-1].sum() <= 0.05 + 1e-12


def test_an_arm_multiplies_what_the_gate_says() -> None:
    weigher, below = policy(gate=gate()), gate().weigh(CONTEXT).factors
    for draw in np.linspace(0, 0.999, 40):
        found = weigher.weigh(replace(CONTEXT, draw=float(draw)))
        arm = next(arm for arm in ARMS if arm.name == found.arm)
        assert found.factors == pytest.approx({s: below[s] * arm.factors.get(s, 1.0) for s in below})
        assert found.policy == "policy"


@pytest.mark.parametrize("kind", ["thompson", "linucb", "actor_critic"])
@pytest.mark.parametrize("below", [None, gate()])
def test_a_policy_weighs_the_same_after_it_was_kept(kind: str, below: GateWeigher | None) -> None:
    weigher = policy(kind, gate=below, name="policy-9")
    data = to_bytes(weigher)
    again = load_weigher(data)
    assert isinstance(again, PolicyWeigher)
    assert to_bytes(again) == data
    for draw in (0.0, 0.3, 0.95):
        assert again.weigh(replace(CONTEXT, draw=draw)) == weigher.weigh(replace(CONTEXT, draw=draw))
    assert load_weigher(data, name="policy-10").weigh(CONTEXT).policy == "policy-10"


def test_what_cannot_be_used_is_refused_with_advice() -> None:
    tensors, metadata = unpack(to_bytes(policy()))
    with pytest.raises(InvalidWeights, match="learn_policy"):
        load_weigher(pack({n: t for n, t in tensors.items() if n != "policy.noise"}, metadata))
    with pytest.raises(InvalidWeights, match="learnt on the features"):
        load_weigher(pack(tensors, {**metadata, "features": '["one"]'}))
    with pytest.raises(ValueError, match="3 arms"):
        PolicyWeigher(create("thompson", 3, len(FEATURES)))


def test_policies_that_learnt_something_else_have_other_names() -> None:
    fresh = create("thompson", len(ARMS), len(FEATURES))
    names = {policy_name(fresh, None), policy_name(fresh, gate()), policy_name(policy().learner, None)}
    assert len(names) == 3
    assert policy_name(create("thompson", len(ARMS), len(FEATURES)), None) in names
