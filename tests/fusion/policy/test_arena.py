from __future__ import annotations

import numpy as np
import pytest

from fusion.collection import ItemCollection
from fusion.gate.features import SIGNALS
from fusion.history import History
from fusion.instructions.parser import LexiconParser
from fusion.pipeline import RecommendationPipeline
from fusion.policy.answers import ArmPages
from fusion.policy.arena import LOOKS, PAGE, Arena, Setting, build
from fusion.policy.arms import ARMS, Arm
from fusion.policy.features import FEATURES
from fusion.policy.items import ItemModel
from fusion.policy.learner import Bounds
from fusion.policy.learners import create
from fusion.policy.rounds import WINDOW_ROUNDS, Fixed, Learning, play, recovery
from fusion.profile import Profile
from fusion.simulation.world import World
from fusion.types import Query
from fusion.weighing import Context, Weigher, Weighing
from tests.encoders import HashedWords
from tests.fusion.items import collection_of
from tests.fusion.simulation.test_session import ITEMS, VALUES

SETTING = Setting(shoppers=12, past=6.0, crowd=60, bought=8.0, requests=60, seed=3)


def pipeline() -> RecommendationPipeline:
    encoder = HashedWords()
    encoder.load()
    vectors = encoder.encode_texts([item.title for item in ITEMS])["text"]
    collection: ItemCollection = collection_of(
        ITEMS, {"text": {item.item_id: vector for item, vector in zip(ITEMS, vectors, strict=True)}}
    )
    parser = LexiconParser()
    parser.fit(collection.columns.vocabulary())
    known = {item.item_id: item for item in ITEMS}
    return RecommendationPipeline(collection, [encoder], parser, lambda ids: {i: known[i] for i in ids if i in known})


@pytest.fixture(scope="module")
def arena() -> Arena:
    return build(pipeline(), World(ITEMS, 3), VALUES, SETTING)


class _One(Weigher):
    def __init__(self, arm: Arm) -> None:
        self.arm = arm

    def weigh(self, context: Context) -> Weighing:
        return Weighing(self.arm.factors)


def made(n_rounds_best: tuple[int, ...] = (0, 1, 2, 1), n: int = 30, seed: int = 0) -> Arena:
    """An arena of three arms whose pages differ in one signal alone, which brings or costs clicks in turn."""
    rng = np.random.default_rng(seed)
    z = np.zeros((n, 3, PAGE, len(SIGNALS)), np.float32)
    z[:, :, :, :3] = rng.normal(0, 0.3, (n, 3, PAGE, 3))
    for arm in range(3):
        z[:, arm, :, arm] += 1.0
    clicks = np.stack([np.clip(0.2 + 0.35 * z[:, :, :, best], 0.01, 0.9) for best in n_rounds_best])
    x = np.tile([1.0, 1, 0, 0, 1, 0.5, 0], (n, 1))
    return Arena((), x, np.arange(n), clicks.astype(float), z, ("a", "b", "c"), tuple("wxyz"))


def learning(cap: float = 1.0) -> Learning:
    return Learning(
        create("thompson", 3, len(FEATURES), {"memory": 300}), Bounds(cap, 0.003), ItemModel(3, len(SIGNALS), memory=100)
    )


@pytest.mark.parametrize("text", ["red shoes", "", "something in blue under 40"])
def test_the_page_of_an_arm_is_what_the_pipeline_answers_with_it(text: str) -> None:
    shop = pipeline()
    shop.collection.set_popularity({f"i{n:02d}": n % 7 for n in range(60)})
    profile = Profile(liked=(("i03", 3.0), ("i21", 2.0)), kinds=(("i03", "purchase"),))
    assert History(shop.collection, profile, ["text"])
    query = Query(text=text, limit=PAGE, depth=PAGE)
    found = ArmPages.over(shop).answers(query, profile, ARMS)
    for arm, page, z in zip(ARMS, found.pages, found.signals, strict=True):
        shop.weigher = _One(arm)
        answer = shop.recommend(query, profile)
        assert page == tuple(ranked.item.item_id for ranked in answer.items)
        assert found.context == answer.context
        for term in answer.items[0].terms:
            assert z[0, SIGNALS.index((term.source, term.block))] == pytest.approx(term.z, abs=1e-5)


def test_an_arena_is_whole_and_the_same_for_the_same_seed(arena: Arena) -> None:
    again = build(pipeline(), World(ITEMS, 3), VALUES, SETTING)
    assert (again.clicks == arena.clicks).all()
    assert (again.x == arena.x).all()
    assert arena.clicks.shape == (4, 60, len(ARMS), PAGE)
    assert arena.worth.shape == (4, 60, len(ARMS))
    assert 0 <= arena.clicks.min() <= arena.clicks.max() < 1
    assert len({tuple(page) for page in arena.worth[0].round(6).tolist()}) > 30  # requests differ, and so do arms
    assert (arena.worth[0].max(axis=1) > arena.worth[0].min(axis=1)).mean() > 0.5
    kinds = arena.x[:, [FEATURES.index("words"), FEATURES.index("liked")]].sum(axis=0)
    assert (kinds >= 5).all()


def test_the_best_arm_of_each_phase_has_no_regret_and_a_random_one_has_all(arena: Arena) -> None:
    n = len(ARMS)
    best = np.eye(n)[arena.worth.mean(axis=1).argmax(axis=1)]
    assert play(arena, Fixed(best), 400, 1).relative == pytest.approx(0.0, abs=1e-12)
    assert play(arena, Fixed(np.full((4, n), 1 / n)), 8000, 1).relative == pytest.approx(1.0, abs=0.15)


def test_rewards_are_what_the_arena_says_they_are_worth() -> None:
    played = play(made(), Fixed(np.tile([0.2, 0.3, 0.5], (4, 1))), 8000, 2)
    error = played.reward.std() / np.sqrt(8000)
    assert played.reward.mean() == pytest.approx(played.worth.mean(), abs=4 * error)
    assert np.bincount(played.arm) / 8000 == pytest.approx([0.2, 0.3, 0.5], abs=0.03)
    assert played.clicked.sum(axis=0)[0] > played.clicked.sum(axis=0)[-1] > 0


def test_a_learner_follows_three_shifts_and_says_how_long_it_took() -> None:
    found = play(made(), learning(), 2400, 1)
    assert found.relative < 0.35
    assert all(wait is not None and wait < 600 for wait in recovery(found, window=100))
    default = np.tile(np.eye(3)[0], (4, 1))
    assert found.relative < 0.5 * play(made(), Fixed(default), 2400, 1).relative


def test_the_same_seed_plays_the_same_and_every_propensity_is_the_chance_that_was_played() -> None:
    first, second = (play(made(), learning(0.3), 400, 4) for _ in range(2))
    assert (first.arm == second.arm).all()
    assert (first.propensity == second.propensity).all()
    # With a cap of .3 whatever was played beside the best known arm had at most that chance.
    assert ((first.propensity >= 0.7 - 1e-9) | (first.propensity <= 0.3 + 1e-9)).all()


def test_what_a_click_is_worth_is_known_only_when_the_window_of_answers_is_over() -> None:
    early, late = learning(), learning()
    play(made(), early, 200, 1)
    play(made(), late, WINDOW_ROUNDS + 300, 1)
    assert early.pending.of_a_click == 0.1  # nothing is finished yet
    assert late.pending.of_a_click == pytest.approx(0.54, abs=0.1)


def test_looks_fall_with_the_rank() -> None:
    assert LOOKS[0] == 1.0
    assert (np.diff(LOOKS) < 0).all()
