import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fusion.behaviour.base import BehaviourModel
from fusion.behaviour.ease import Ease
from fusion.behaviour.factors import Als, Bpr
from fusion.behaviour.neighbours import ItemNeighbours
from fusion.exceptions import DimensionMismatch
from tests.fusion.behaviour.matrices import chosen, history

# Two crowds: one takes of items 0-3, the other of items 4-7. Shopper 0 has not yet taken item 3.
CROWDS = chosen(
    [0, 1, 2],
    [0, 1, 3],
    [0, 2, 3],
    [1, 2, 3],
    [0, 1, 2, 3],
    [4, 5, 6],
    [4, 5, 7],
    [4, 6, 7],
    [5, 6, 7],
    [4, 5, 6, 7],
    n_items=8,
)
MODELS = [
    ItemNeighbours(),
    ItemNeighbours("tfidf"),
    ItemNeighbours("bm25"),
    Ease(1.0),
    Als(factors=4, regularization=0.01),
    Bpr(factors=4, iterations=200),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_what_the_same_crowd_took_comes_before_everything_of_the_other(model: BehaviourModel) -> None:
    scores = model.fit(CROWDS).scores(history(0, 1, 2, n_items=8))
    assert scores.shape == (8,)
    assert scores.dtype == np.float32
    assert scores[3] > scores[4:].max()


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_same_counts_and_the_same_history_score_the_same(model: BehaviourModel) -> None:
    first = model.fit(CROWDS).scores(history(4, n_items=8))
    np.testing.assert_array_equal(model.fit(CROWDS).scores(history(4, n_items=8)), first)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_a_history_that_says_nothing_raises_nothing(model: BehaviourModel) -> None:
    assert not model.fit(CROWDS).scores(np.zeros(8, np.float32)).any()


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_a_history_over_other_items_is_refused(model: BehaviourModel) -> None:
    with pytest.raises(DimensionMismatch, match="knows 8 items"):
        model.fit(CROWDS).scores(history(0, n_items=9))


def test_counts_that_say_nothing_or_are_negative_are_refused() -> None:
    with pytest.raises(ValueError, match="no counts"):
        ItemNeighbours().fit(csr_matrix((2, 2), dtype=np.float32))
    with pytest.raises(ValueError, match="negative"):
        ItemNeighbours().fit(csr_matrix(np.asarray([[1.0, -1.0]], np.float32)))
