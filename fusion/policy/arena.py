"""Where policies are compared: requests of simulated shoppers on a real catalogue, and what each arm's page is worth to them.

The catalogue, its vectors and the pipeline are the shop's; the shoppers are those of ``fusion/simulation``: hidden tastes over
the catalogue's own facts, clicks that fall with the rank, carts and purchases after clicks, purchases later than clicks. A
crowd bought before, from which popularity and behaviour are learnt as in a shop, and every shopper has a past of their own.

Three times what drives choice changes for everybody at once, and tastes drift with it:

    settled   the simulated world's own shares
    own       everybody takes what fits their own tastes, whatever others take
    hype      what everybody takes decides, tastes little
    tired     people turn away from what everybody has

The shop sees none of this. Pages are the pipeline's own under each arm; only looks, clicks and purchases are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fusion.behaviour.learning import LearnOptions, learn_lists
from fusion.gate.features import SIGNALS
from fusion.instructions.catalogue_values import CatalogueValues
from fusion.learning.rewards import REWARDS
from fusion.pipeline import RecommendationPipeline
from fusion.policy.answers import ArmPages
from fusion.policy.arms import ARMS, Arm
from fusion.policy.features import describe
from fusion.policy.learner import Floats
from fusion.popularity import Choice, popularity
from fusion.profile import build_profile
from fusion.simulation.needs import Need, Needs
from fusion.simulation.session import LOOK_DECAY, NOISE, P_BUY, P_CART, P_RETURN
from fusion.simulation.world import SHARES, Tastes, World
from fusion.types import Interaction, Query
from fusion.weighing import Context

PAGE = 10
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Phase:
    """A time in which the same things drive choice.

    Attributes:
        shares: of ``World.utility``.
        drift: what part of everybody's tastes is drawn anew when it begins.
    """

    name: str
    shares: Mapping[str, float]
    drift: float = 0.0


def _shares(all_others: float, **named: float) -> Mapping[str, float]:
    return {**{part: share * all_others for part, share in SHARES.items()}, **named}


PHASES: tuple[Phase, ...] = (
    Phase("settled", SHARES),
    Phase("own", _shares(1.0, quality=0.0, persona=0.0), drift=0.2),
    Phase("hype", _shares(0.3, quality=1.5), drift=0.2),
    Phase("tired", _shares(0.5, quality=-0.7), drift=0.2),
)
# What one click is worth on the whole: itself, and what follows it.
CLICK_VALUE = REWARDS["click"] + P_CART * (
    REWARDS["add_to_cart"] + P_BUY * (REWARDS["purchase"] + P_RETURN * REWARDS["return"])
)
LOOKS: Floats = np.arange(1, PAGE + 1, dtype=np.float64) ** -LOOK_DECAY


@dataclass(frozen=True, slots=True)
class Setting:
    """How large the simulated shop is.

    Attributes:
        shoppers: people who come during the rounds; they have bought ``past`` things on average.
        crowd: people who only bought before, ``bought`` things each on average.
        requests: distinct requests; rounds draw from them.
        feed, similar: share of requests that say nothing, and that start from a product; the others are in words.
    """

    shoppers: int = 300
    past: float = 10.0
    crowd: int = 5000
    bought: float = 40.0
    requests: int = 1500
    feed: float = 0.2
    similar: float = 0.2
    chinese: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Arena:
    """All that rounds need.

    Attributes:
        contexts: of each request; ``x`` (n, d) their features.
        shopper: (n,) who asks.
        clicks: (phases, n, K, PAGE) P(click | looked at) of each place of each arm's page; 0 where the page is shorter.
        signals: (n, K, PAGE, S) z of every signal of the items of each page.
        arms, phases: their names.
    """

    contexts: tuple[Context, ...]
    x: Floats
    shopper: Ints
    clicks: Floats
    signals: NDArray[np.float32]
    arms: tuple[str, ...]
    phases: tuple[str, ...]

    @property
    def worth(self) -> Floats:
        """(phases, n, K): the expected reward of each arm's page."""
        return np.asarray(self.clicks @ LOOKS * CLICK_VALUE, np.float64)


def build(
    pipeline: RecommendationPipeline,
    world: World,
    values: CatalogueValues,
    setting: Setting,
    *,
    arms: Sequence[Arm] = ARMS,
    phases: Sequence[Phase] = PHASES,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Arena:
    """Simulate a past, teach the collection popularity and behaviour from it, ask all requests under all arms.

    The collection of the pipeline is taught in place; give it one that nobody is served from.
    """
    rng = np.random.default_rng(setting.seed)
    needs = Needs(world, values)
    tastes = [world.draw_tastes(rng) for _ in range(setting.shoppers)]
    pasts = [_past(world, needs, person, setting.past, rng) for person in tastes]
    _teach(pipeline, world, pasts, setting, rng)
    profiles = [build_profile([Interaction(i, "purchase", at) for i, at in past], NOW) for past in pasts]
    pages = ArmPages.over(pipeline)
    shopper = rng.integers(0, setting.shoppers, setting.requests)
    contexts: list[Context] = []
    asked: list[tuple[Need, Ints]] = []
    signals = np.zeros((setting.requests, len(arms), PAGE, len(SIGNALS)), np.float32)
    for done, person in enumerate(shopper.tolist(), start=1):
        need, query = _request(world, needs, tastes[person], setting, rng)
        found = pages.answers(query, profiles[person], arms)
        contexts.append(found.context)
        asked.append((need, _rows(world, found.pages)))
        for arm, z in enumerate(found.signals):
            signals[done - 1, arm, : len(z)] = z
        on_progress(done, setting.requests)
    clicks = np.stack([_clicks(world, phase, tastes, shopper, asked) for tastes, phase in _lived(world, tastes, phases, rng)])
    x = np.stack([describe(context) for context in contexts])
    return Arena(tuple(contexts), x, shopper, clicks, signals, tuple(a.name for a in arms), tuple(p.name for p in phases))


def _past(world: World, needs: Needs, tastes: Tastes, mean: float, rng: np.random.Generator) -> list[tuple[str, datetime]]:
    """What somebody bought before, over two months; many bought little, few much."""
    found = []
    for _ in range(int(rng.geometric(1.0 / (mean + 1.0))) - 1):
        chances = world.attraction(tastes, needs.draw(tastes, "en", rng).meets)
        if chances.sum() > 0:
            row = int(rng.choice(len(chances), p=chances / chances.sum()))
            found.append((world.items[row].item_id, NOW - timedelta(days=float(rng.uniform(1, 60)))))
    return found


def _teach(
    pipeline: RecommendationPipeline,
    world: World,
    pasts: Sequence[Sequence[tuple[str, datetime]]],
    setting: Setting,
    rng: np.random.Generator,
) -> None:
    """Popularity and behaviour from the shoppers' past and the crowd's."""
    from scipy.sparse import csr_matrix

    ids = [item.item_id for item in world.items]
    bought = {(name, i): (NOW - at).total_seconds() / 86_400 for name, past in enumerate(pasts) for i, at in past}
    everything = np.ones(len(ids), bool)
    for name in range(len(pasts), len(pasts) + setting.crowd):
        chances = world.attraction(world.draw_tastes(rng), everything)
        n = min(int(rng.geometric(1.0 / setting.bought)), int((chances > 0).sum()))
        for row in rng.choice(len(ids), n, replace=False, p=chances / chances.sum()).tolist():
            bought[(name, ids[row])] = float(rng.uniform(1, 60))
    choices = [Choice(item_id, str(name), "purchase", age) for (name, item_id), age in bought.items()]
    pipeline.collection.set_popularity(popularity(choices, len(ids)), NOW)
    places = {item_id: column for column, item_id in enumerate(ids)}
    rows, columns = [name for name, _ in bought], [places[i] for _, i in bought]
    shape = (len(pasts) + setting.crowd, len(ids))
    counts = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    learnt = learn_lists(ids, counts, counts, LearnOptions())
    pipeline.collection.set_neighbours(learnt.lists if learnt else None)


def _request(world: World, needs: Needs, tastes: Tastes, setting: Setting, rng: np.random.Generator) -> tuple[Need, Query]:
    """One request: a page without words, a page of a product, or words in one of two languages."""
    kind = rng.random()
    language = "zh" if rng.random() < setting.chinese else "en"
    everything = np.ones(len(world.items), bool)
    if kind < setting.feed:
        return Need("feed", "", language, everything), Query(language=language, limit=PAGE, depth=PAGE)
    if kind < setting.feed + setting.similar:
        chances = world.attraction(tastes, everything)
        row = int(rng.choice(len(chances), p=chances / chances.sum()))
        own = world.members["category"][row] > 0
        same = np.asarray((world.members["category"][:, own] > 0).any(axis=1), bool)
        meets = same if own.any() else everything
        query = Query(liked=(world.items[row].item_id,), language=language, limit=PAGE, depth=PAGE)
        return Need("similar", "", language, meets), query
    need = needs.draw(tastes, language, rng)
    while not need.text:
        need = needs.draw(tastes, language, rng)
    return need, Query(text=need.text, language=language, limit=PAGE, depth=PAGE)


def _rows(world: World, pages: Sequence[Sequence[str]]) -> Ints:
    """(K, PAGE) rows of the world's items, -1 behind the end of a page."""
    rows = world.rows
    found = np.full((len(pages), PAGE), -1, np.int64)
    for arm, page in enumerate(pages):
        found[arm, : len(page)] = [rows[item_id] for item_id in page[:PAGE]]
    return found


def _lived(
    world: World, tastes: Sequence[Tastes], phases: Sequence[Phase], rng: np.random.Generator
) -> list[tuple[list[Tastes], Phase]]:
    """Everybody's tastes in each phase."""
    lived, now = [], list(tastes)
    for phase in phases:
        now = [world.drifted(person, phase.drift, rng) for person in now] if phase.drift else now
        lived.append((now, phase))
    return lived


def _clicks(world: World, phase: Phase, tastes: Sequence[Tastes], shopper: Ints, asked: Sequence[tuple[Need, Ints]]) -> Floats:
    """(n, K, PAGE): P(click | looked at) in one phase."""
    found = []
    for person, (need, rows) in zip(shopper.tolist(), asked, strict=True):
        chances = np.maximum(world.attraction(tastes[person], need.meets, phase.shares), NOISE)
        found.append(np.where(rows >= 0, chances[rows], 0.0))
    return np.stack(found)
