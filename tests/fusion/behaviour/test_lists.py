import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fusion.behaviour.lists import NeighbourLists
from tests.fusion.behaviour.matrices import chosen

IDS = ("a", "b", "c", "d")
# a goes with b (three shoppers) and with c (two); nobody has d with anything.
COUNTS = chosen([0, 1], [0, 1, 2], [0, 1, 2], [3], n_items=4)
WEIGHTS = csr_matrix(np.asarray([[0, 0.5, -0.25, 0.9], [0.5, 0, 0, 0], [0.25, 0, 0, 0], [0.9, 0, 0, 0]], np.float32))


def lists(k: int = 10, min_shoppers: int = 2) -> NeighbourLists:
    bought = chosen([0, 1], [0, 1], [], [], n_items=4)
    return NeighbourLists.build(IDS, WEIGHTS, COUNTS, bought, k=k, min_shoppers=min_shoppers)


def test_a_pair_without_enough_shoppers_has_no_place_whatever_it_weighs() -> None:
    assert lists().item_ids == ("a", "b", "c")
    assert lists(min_shoppers=3).item_ids == ("a", "b")


def test_scores_are_the_weighted_sums_of_the_history_s_rows() -> None:
    scores = lists().scores([("a", 2.0), ("c", 1.0), ("unknown", 9.0)])
    assert scores is not None
    np.testing.assert_allclose(scores, [0.25, 1.0, -0.5])


def test_a_history_of_items_without_behaviour_says_nothing_rather_than_zero() -> None:
    assert lists().scores([("d", 1.0)]) is None


def test_only_the_heaviest_neighbours_are_kept_either_way() -> None:
    scores = lists(k=1).scores([("a", 1.0)])
    assert scores is not None
    np.testing.assert_allclose(scores, [0.0, 0.5, 0.0])


def test_who_speaks_for_an_item_is_the_history_item_that_raises_it_most_and_says_whether_both_were_bought() -> None:
    assert lists().voices([("a", 1.0)]).loudest("b") == ("a", True)
    assert lists().voices([("c", 1.0), ("b", 0.1)]).loudest("a") == ("c", False)
    assert lists().voices([("a", 1.0)]).loudest("c") is None  # it lowers c
    assert lists().voices([("a", 1.0)]).loudest("d") is None


def test_bytes_give_back_the_same_lists_and_foreign_bytes_are_refused() -> None:
    again = NeighbourLists.from_bytes(lists().to_bytes())
    assert again.item_ids == ("a", "b", "c")
    np.testing.assert_array_equal(again.weights, lists().weights)
    np.testing.assert_array_equal(again.bought, lists().bought)
    with pytest.raises(ValueError, match="no neighbour lists"):
        NeighbourLists.from_bytes(b"something else")
