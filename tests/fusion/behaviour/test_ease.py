import numpy as np
import pytest

from fusion.behaviour.ease import Ease
from tests.fusion.behaviour.matrices import chosen, history


def test_two_items_weigh_what_the_closed_form_says() -> None:
    # G = [[2 + 1, 1], [1, 1 + 1]], so P = [[2, -1], [-1, 3]] / 5 and B = [[0, 1/3], [1/2, 0]].
    model = Ease(regularization=1.0).fit(chosen([0], [0, 1], n_items=2))
    np.testing.assert_allclose(model.weights, [[0.0, 1 / 3], [1 / 2, 0.0]], atol=1e-6)
    np.testing.assert_allclose(model.scores(history(0, n_items=2)), [0.0, 1 / 3], atol=1e-6)


def test_its_weights_are_the_ridge_regression_of_each_item_on_the_others() -> None:
    counts = chosen([0, 1, 2], [0, 1], [1, 2], [0, 3], [2, 3], n_items=4)
    dense = counts.toarray()
    model = Ease(regularization=2.0).fit(counts)
    for item in range(4):
        others = [i for i in range(4) if i != item]
        x = dense[:, others]
        ridge = np.linalg.solve(x.T @ x + 2.0 * np.eye(3), x.T @ dense[:, item])
        np.testing.assert_allclose(model.weights[others, item], ridge, atol=1e-5)


def test_more_items_than_it_can_hold_are_refused_with_a_way_out() -> None:
    with pytest.raises(ValueError, match=r"EASE over 3 items .* Use ItemNeighbours"):
        Ease(max_items=2).fit(chosen([0, 1, 2], n_items=3))
