"""recommender.services.behaviour_mixture: weights chosen on a later part of the log."""

from __future__ import annotations

import numpy as np

from fusion.behaviour.learning import LearnOptions
from fusion.collection import ItemCollection
from fusion.weights import DEFAULT_WEIGHTS
from recommender.services.behaviour_mixture import MIN_CASES, choose_weights
from recommender.services.choices import Choices, choices_of
from tests.fusion.items import collection_of, make_item, unit

GROUPS, SIZE = 20, 3
IDS = tuple(f"g{group}-{n}" for group in range(GROUPS) for n in range(SIZE))
DAY = 86_400.0


def collection(*, alike: bool) -> ItemCollection:
    """Items whose texts are alike within a group, or say nothing about it."""
    rng = np.random.default_rng(5)
    centres, own = rng.standard_normal((GROUPS, 16)), rng.standard_normal((len(IDS), 16))
    vectors = {item_id: unit(*(centres[n // SIZE] + 0.1 * own[n] if alike else own[n])) for n, item_id in enumerate(IDS)}
    return collection_of([make_item(item_id) for item_id in IDS], {"text": vectors})


def log(*, together: bool, later: int = 140) -> Choices:
    """Early shoppers take whole groups (or anything); later ones two of a group early and its third behind the cut."""
    rng = np.random.default_rng(7)
    shoppers: list[dict[str, dict[str, float]]] = []
    for n in range(200):
        group = [f"g{n % GROUPS}-{k}" for k in range(SIZE)] if together else rng.choice(IDS, SIZE, replace=False).tolist()
        shoppers.append({item_id: {"purchase": n * DAY / 100} for item_id in group})
    for n in range(later):
        first, second, third = (f"g{n % GROUPS}-{k}" for k in rng.permutation(SIZE))
        shoppers.append({first: {"purchase": DAY}, second: {"purchase": DAY}, third: {"purchase": 9 * DAY}})
    return choices_of(shoppers, IDS)


def chosen(choices: Choices, items: ItemCollection) -> dict[str, float]:
    return dict(choose_weights(choices, items, DEFAULT_WEIGHTS, LearnOptions(min_shoppers=3)).weights)


def test_where_baskets_tell_and_texts_do_not_behaviour_gets_most_of_the_history_s_weight() -> None:
    found = choose_weights(log(together=True), collection(alike=False), DEFAULT_WEIGHTS, LearnOptions(min_shoppers=3))
    assert found.weights["history/behaviour"] > DEFAULT_WEIGHTS[("history", "text")]
    assert found.measured["hit@10"] >= found.measured["hit@10 without behaviour"]
    assert found.measured["ndcg@10"] > found.measured["ndcg@10 without behaviour"]
    assert found.measured["cases"] >= MIN_CASES


def test_where_texts_tell_and_baskets_do_not_behaviour_gets_less() -> None:
    telling = chosen(log(together=True), collection(alike=False))
    silent = chosen(log(together=False), collection(alike=True))
    assert silent["history/behaviour"] < telling["history/behaviour"]


def test_with_too_few_later_shoppers_the_defaults_hold() -> None:
    assert chosen(log(together=True, later=MIN_CASES - 1), collection(alike=False)) == {}
