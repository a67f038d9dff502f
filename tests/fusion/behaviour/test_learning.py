import numpy as np

from fusion.behaviour.learning import LearnOptions, learn_lists
from tests.fusion.behaviour.matrices import chosen

IDS = ["a", "b", "c", "rare"]
COUNTS = chosen([0, 1], [0, 1], [0, 1, 2], [1, 2], [0, 2], [2, 3], n_items=4)


def test_small_catalogues_get_ease_and_larger_ones_neighbours_over_the_same_pairs() -> None:
    small = learn_lists(IDS, COUNTS, COUNTS, LearnOptions(min_shoppers=2))
    large = learn_lists(IDS, COUNTS, COUNTS, LearnOptions(min_shoppers=2, ease_items=2))
    assert small is not None
    assert large is not None
    assert (small.model, large.model) == ("ease", "item-knn (tfidf)")
    assert small.lists.item_ids == large.lists.item_ids == ("a", "b", "c")
    np.testing.assert_array_equal(small.lists.others, large.lists.others)


def test_nothing_comes_of_shoppers_who_share_nothing() -> None:
    assert learn_lists(IDS, COUNTS, COUNTS, LearnOptions(min_shoppers=4)) is None
    alone = chosen([0], [1], [0], [1], n_items=4)
    assert learn_lists(IDS, alone, alone, LearnOptions(min_shoppers=2)) is None
