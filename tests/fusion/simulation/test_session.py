"""Simulated shoppers: the same seed the same log, nothing told before it happens, first places seen most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from fusion.instructions.catalogue_values import read_catalogue
from fusion.simulation.judging import graded_ndcg, judge
from fusion.simulation.needs import Needs
from fusion.simulation.session import Act, Plan, Shown, Summary, Visit, simulate
from fusion.simulation.world import World
from fusion.types import Item, Money, Vocabulary

START = datetime(2026, 3, 1, tzinfo=UTC)
COLORS, KINDS = ("Red", "Blue", "Black"), ("Shoes", "Chairs", "Lamps")
ITEMS = [
    Item(
        f"i{n:02d}",
        f"{COLORS[n % 3]} {KINDS[n // 20]} {n}",
        category=("Shop", KINDS[n // 20]),
        brand=f"B{n % 4}",
        price=Money.from_major(Decimal(10 + n), "USD"),
        attributes={"color": (COLORS[n % 3],)},
    )
    for n in range(60)
]
VALUES = read_catalogue(
    Vocabulary(
        {
            "category": {f"Shop/{kind}": 20 for kind in KINDS},
            "color": dict.fromkeys(COLORS, 20),
            "brand": {f"B{n}": 15 for n in range(4)},
        }
    )
)


def plan(**changes) -> Plan:
    return Plan(**{"shoppers": 10, "sessions": 200, "start": START, "end": START + timedelta(days=20), "seed": 5, **changes})


def run(given: Plan) -> tuple[list[Visit], list[tuple[datetime, Act]], Summary]:
    """A shop that shows everything in the order of ids; each act with the moment of the last visit before it was told."""
    visits: list[Visit] = []
    told: list[tuple[datetime, Act]] = []

    def ask(visit: Visit) -> Shown:
        visits.append(visit)
        return Shown(f"r{len(visits)}", [item.item_id for item in ITEMS[:10]])

    def tell(acts: Sequence[Act]) -> None:
        told.extend((visits[-1].at if visits else START, act) for act in acts)

    return visits, told, simulate(World(ITEMS, 5), VALUES, given, ask, tell)


def test_the_same_seed_makes_the_same_visits_and_acts():
    assert run(plan())[:2] == run(plan())[:2]
    assert run(plan())[0] != run(plan(seed=6))[0]


def test_nothing_is_told_before_it_happened_and_acts_come_in_order_of_time():
    visits, told, _summary = run(plan())
    assert len(visits) == 200
    assert [act.at for _, act in told] == sorted(act.at for _, act in told)
    moments = [visit.at for visit in visits]
    for last_visit, act in told:
        upcoming = [moment for moment in moments if moment > last_visit]
        assert not upcoming or act.at <= upcoming[0]
    assert all(act.at < START + timedelta(days=20) for _, act in told)


def test_the_first_places_are_clicked_more_whatever_stands_there():
    _visits, told, _summary = run(plan(sessions=3000))
    clicks = Counter(act.position for _, act in told if act.kind == "click")
    assert clicks[1] + clicks[2] > 1.5 * (clicks[9] + clicks[10])


def test_a_purchase_follows_a_click_and_a_return_follows_a_purchase():
    _visits, told, summary = run(plan(sessions=3000))
    assert summary.acts["click"] > summary.acts["add_to_cart"] > summary.acts["purchase"] > summary.acts["return"] > 0
    clicked: set[tuple[str, str]] = set()
    for _, act in told:
        if act.kind == "click":
            clicked.add((act.session_id, act.item_id))
        assert (act.session_id, act.item_id) in clicked


def test_a_shift_changes_what_everybody_likes():
    calm, shifted = run(plan(drift=0.0))[2], run(plan(drift=0.0, shifts=1))[2]
    world = World(ITEMS, 5)
    name = sorted(calm.tastes)[0]
    before, after = world.utility(calm.tastes[name]), world.utility(shifted.tastes[name])
    assert np.corrcoef(before, after)[0, 1] < 0.95
    assert run(plan(drift=0.0))[2].tastes[name].price == calm.tastes[name].price


def test_a_need_names_the_things_that_meet_it_in_the_shoppers_language():
    world = World(ITEMS, 5)
    needs, rng = Needs(world, VALUES), np.random.default_rng(1)
    tastes = world.draw_tastes(rng)
    for language, word_of in (("en", {"shoes", "chairs", "lamps"}), ("zh", {"鞋", "椅", "灯"})):
        for _ in range(60):
            need = needs.draw(tastes, language, rng)
            if need.kind == "browse":
                assert need.text == ""
                assert need.meets.all()
                continue
            assert any(word in need.text for word in word_of), need.text
            meeting = [item for item, ok in zip(ITEMS, need.meets, strict=True) if ok]
            assert len({item.category for item in meeting}) == 1


def test_what_is_not_what_was_asked_for_attracts_nobody():
    world = World(ITEMS, 5)
    tastes = world.draw_tastes(np.random.default_rng(1))
    meets = np.arange(60) < 20
    attraction = world.attraction(tastes, meets)
    assert (attraction[20:] == 0).all()
    assert ((attraction[:20] > 0) & (attraction[:20] < 1)).all()
    assert np.argmax(attraction[:20]) == np.argmax(world.utility(tastes)[:20])


def test_graded_ndcg_is_one_for_the_best_order_and_counts_places():
    possible = np.array([0.1, 0.9, 0.0, 0.5])
    assert graded_ndcg([0.9, 0.5, 0.1], possible, 3) == pytest.approx(1.0)
    # (.5 + .9 / log2 3) / (.9 + .5 / log2 3)
    assert graded_ndcg([0.5, 0.9], possible, 2) == pytest.approx((0.5 + 0.9 / np.log2(3)) / (0.9 + 0.5 / np.log2(3)))
    assert graded_ndcg([], possible, 3) == 0.0
    assert graded_ndcg([0.0], np.zeros(4), 3) == 0.0


def test_the_judge_finds_the_arm_that_knows_the_tastes():
    world = World(ITEMS, 5)
    summary = run(plan())[2]

    def answer(arm: str, shopper_id: str, need) -> list[str]:
        gains = world.attraction(summary.tastes[shopper_id], need.meets)
        by_taste = [ITEMS[row].item_id for row in np.argsort(-gains)]
        return by_taste if arm == "both" else [item.item_id for item, ok in zip(ITEMS, need.meets, strict=True) if ok]

    found = judge(world, VALUES, summary, answer, ("instruction", "both"), joint="both", n=40, seed=1)
    assert found.ndcg["both"].mean == pytest.approx(1.0)
    assert found.best_other == "instruction"
    assert found.lift.low > 0
    assert found.relative_lift == pytest.approx(found.lift.mean / found.ndcg["instruction"].mean)


@pytest.mark.parametrize("broken", [{"shoppers": 0}, {"sessions": 0}])
def test_an_empty_plan_is_refused(broken):
    with pytest.raises(ValueError, match="at least one"):
        run(plan(**broken))
