import numpy as np
import pytest

from fusion.behaviour.neighbours import ItemNeighbours
from tests.fusion.behaviour.matrices import chosen, history

# Item 0: shoppers 0 1 2. Item 1: shoppers 0 1. Item 2: shopper 2. Item 3: nobody.
COUNTS = chosen([0, 1], [0, 1], [0, 2], n_items=4)


def test_the_cosine_of_two_items_is_their_shared_shoppers_over_the_root_of_both() -> None:
    scores = ItemNeighbours().fit(COUNTS).scores(history(0, n_items=4))
    np.testing.assert_allclose(scores, [0.0, 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1), 0.0], atol=1e-6)


def test_scores_add_up_over_the_history_with_its_weights() -> None:
    model = ItemNeighbours().fit(COUNTS)
    both = model.scores(np.asarray([0.0, 2.0, 1.0, 0.0], np.float32))
    np.testing.assert_allclose(both[0], 2 * 2 / np.sqrt(6) + 1 / np.sqrt(3), atol=1e-6)


def test_two_items_that_too_few_shoppers_share_are_no_neighbours() -> None:
    scores = ItemNeighbours(min_shoppers=2).fit(COUNTS).scores(history(0, n_items=4))
    np.testing.assert_array_equal(np.flatnonzero(scores), [1])


def test_one_shopper_who_buys_it_again_and_again_is_still_one() -> None:
    counts = chosen([0] * 9 + [1] * 9, [0, 2], [0, 2], n_items=3)
    model = ItemNeighbours(min_shoppers=2).fit(counts)
    np.testing.assert_array_equal(np.flatnonzero(model.scores(history(0, n_items=3))), [2])


def test_only_the_nearest_are_kept() -> None:
    assert ItemNeighbours(k=1).fit(COUNTS).similarity[0].indices.tolist() == [1]


def test_a_shopper_who_takes_everything_says_less() -> None:
    baskets = [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1], [0, 2], [0, 3], [4, 5]]
    plain = ItemNeighbours("cosine").fit(chosen(*baskets, n_items=9)).similarity.toarray()
    careful = ItemNeighbours("tfidf").fit(chosen(*baskets, n_items=9)).similarity.toarray()
    # 6 meets 0 through the shopper of everything alone; 1 meets 0 through a choosy one, too.
    assert careful[0, 6] / careful[0, 1] < plain[0, 6] / plain[0, 1]


def test_a_weighting_that_nobody_knows_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="cosine, tfidf, bm25"):
        ItemNeighbours("pearson")


def test_parts_of_the_item_product_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    counts = chosen(*[rng.choice(11, 4, replace=False).tolist() for _ in range(30)], n_items=11)
    whole = ItemNeighbours(k=3).fit(counts).similarity.toarray()
    monkeypatch.setattr("fusion.behaviour.neighbours.CHUNK", 4)
    np.testing.assert_array_equal(ItemNeighbours(k=3).fit(counts).similarity.toarray(), whole)
