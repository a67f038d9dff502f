from datetime import UTC, datetime, timedelta

import pytest

from fusion.consumables import USUAL_INTERVAL, Consumables, learn_intervals, wilson_low
from tests.fusion.items import make_item

START = datetime(2026, 1, 1, tzinfo=UTC)


def purchases(item_id: str, buyers: int, times: int, gap: float, first: int = 0) -> list[tuple[str, str, datetime]]:
    return [(f"s{n}", item_id, START + timedelta(days=k * gap)) for n in range(first, first + buyers) for k in range(times)]


def test_what_enough_buyers_buy_again_is_a_consumable_with_their_usual_interval() -> None:
    found = learn_intervals(
        [*purchases("coffee", 6, 3, 14), *purchases("coffee", 4, 1, 0, first=6), *purchases("tent", 30, 1, 0)]
    )
    assert found == {"coffee": timedelta(days=14)}


def test_few_who_come_back_may_be_chance() -> None:
    assert learn_intervals(purchases("coffee", 4, 3, 14)) == {}
    assert learn_intervals([*purchases("book", 6, 2, 30), *purchases("book", 94, 1, 0, first=6)]) == {}


def test_two_lines_of_one_order_are_one_purchase() -> None:
    assert learn_intervals(purchases("chair", 20, 2, 0.01)) == {}


def test_a_category_is_set_by_its_name_or_its_path() -> None:
    coffee, tent = make_item("c", category=("Food", "Coffee")), make_item("t", category=("Sport", "Tents"))
    for name in ("coffee", "Food", "food/coffee"):
        assert Consumables(categories=[name]).interval(coffee) == USUAL_INTERVAL
        assert Consumables(categories=[name]).interval(tent) is None
    assert Consumables({"c": timedelta(days=9)}, ["coffee"]).interval(coffee) == timedelta(days=9)


def test_the_wilson_bound_grows_with_the_evidence() -> None:
    assert wilson_low(2, 3) < wilson_low(40, 60) < 2 / 3
    assert wilson_low(10, 100) == pytest.approx(0.0552, abs=1e-4)  # Wilson 1927, as published calculators give it
