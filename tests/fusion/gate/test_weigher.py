from dataclasses import replace

import numpy as np
import pytest

from fusion.collection import ItemCollection
from fusion.exceptions import DimensionMismatch, InvalidWeights
from fusion.gate.features import SIGNALS
from fusion.gate.weigher import GateWeigher
from fusion.gate.weights import GateWeights, default_gate
from fusion.types import Query
from fusion.weighing import Context
from tests.fusion.test_pipeline import Shelf, make_pipeline, shop_items
from tests.fusion.test_pipeline import collection as collection  # the fixture

DIM = 6


def taught(dim: int = DIM) -> GateWeights:
    """A gate whose head is not zero."""
    rng = np.random.default_rng(5)
    gate = default_gate(dim, seed=3)
    return replace(gate, head=rng.normal(0, 1, gate.head.shape).astype(np.float32))


def a_context(dim: int = DIM) -> Context:
    words = np.random.default_rng(1).normal(size=dim).astype(np.float32)
    return Context(words / np.linalg.norm(words), (("words", "text"),), 2, 1, "en")


def test_a_zero_head_is_exactly_the_defaults(collection: ItemCollection) -> None:
    pipeline = make_pipeline(collection, Shelf(shop_items()))
    query = Query(text="leather sofa")
    before = pipeline.recommend(query)
    assert before.context.words is not None
    pipeline.weigher = GateWeigher(default_gate(len(before.context.words)))
    after = pipeline.recommend(query)
    assert set(after.weighing.factors.values()) == {1.0}
    assert after.weights == before.weights
    assert after.ranking == before.ranking
    assert (after.weighing.policy, after.weighing.propensity, after.degraded) == ("gate", 1.0, ())


def test_factors_stay_within_the_bound_however_large_the_weights() -> None:
    gate = taught()
    gate = replace(gate, head=gate.head * 1000)
    factors = np.asarray(list(GateWeigher(gate).weigh(a_context()).factors.values()))
    assert factors.min() >= 0.2499
    assert factors.max() <= 4.001


def test_the_words_and_the_features_both_change_the_factors() -> None:
    weigher, context = GateWeigher(taught()), a_context()
    known = weigher.weigh(context).factors
    assert weigher.weigh(context).factors == known
    assert weigher.weigh(replace(context, words=-context.words)).factors != known  # type: ignore[operator]
    assert weigher.weigh(replace(context, n_history=40)).factors != known
    assert weigher.weigh(replace(context, draw=0.9)).factors == known
    assert set(weigher.weigh(replace(context, words=None)).factors) == set(SIGNALS)


def test_words_of_another_encoder_are_refused_by_their_length() -> None:
    with pytest.raises(DimensionMismatch, match="6-d"):
        GateWeigher(taught()).weigh(a_context(dim=7))


def test_tensors_that_do_not_fit_together_are_refused() -> None:
    gate = taught()
    with pytest.raises(InvalidWeights, match="'head'"):
        replace(gate, head=gate.head[:, 1:])
    with pytest.raises(InvalidWeights, match="'hidden'"):
        replace(gate, signals=gate.signals[1:], head=gate.head[:, 1:], head_bias=gate.head_bias[1:])
    with pytest.raises(InvalidWeights, match="finite"):
        replace(gate, head_bias=np.full(len(SIGNALS), np.nan, np.float32))
