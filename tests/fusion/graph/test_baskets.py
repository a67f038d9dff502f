from datetime import UTC, datetime, timedelta

import pytest

from fusion.graph.baskets import MAX_BASKET, Purchase, baskets_of, pairs_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def bought(shopper: str, item_id: str, minutes: int = 0, *, returned: bool = False) -> Purchase:
    return Purchase(shopper, item_id, START + timedelta(minutes=minutes), returned)


def buyers(n: int, *items: str, name: str = "s") -> list[tuple[str, tuple[str, ...]]]:
    return [(f"{name}{number}", items) for number in range(n)]


def test_a_basket_ends_with_a_long_pause_and_with_the_shopper():
    lines = [
        bought("x", "tent"),
        bought("x", "lamp", 50),
        bought("x", "bag", 100),
        bought("x", "mug", 300),
        bought("y", "mug", 301),
    ]
    assert list(baskets_of(lines)) == [("x", ("tent", "lamp", "bag")), ("x", ("mug",)), ("y", ("mug",))]


def test_what_was_returned_was_not_bought():
    lines = [
        bought("x", "tent"),
        bought("x", "lamp"),
        bought("x", "lamp", 900, returned=True),
        bought("x", "bag", returned=True),
    ]
    assert list(baskets_of(lines)) == [("x", ("tent",))]


def test_a_pair_needs_five_distinct_shoppers_however_often_each_buys_it():
    four = [basket for basket in buyers(4, "tent", "lamp") for _ in range(9)]
    others = buyers(10, "mug", name="o")
    assert pairs_of([*four, *others]) == []
    (pair,) = pairs_of([*buyers(5, "tent", "lamp"), *others])
    assert (pair.a, pair.b, pair.shoppers, pair.lift) == ("lamp", "tent", 5, pytest.approx(5 * 15 / 25))


def test_two_items_of_one_shopper_in_two_baskets_are_no_pair():
    baskets = [basket for n in range(9) for basket in ((f"s{n}", ("tent",)), (f"s{n}", ("lamp",)))]
    assert pairs_of([*baskets, *buyers(9, "mug", name="o")]) == []


def test_what_is_bought_together_less_than_by_chance_is_no_pair():
    baskets = [*buyers(6, "bag", "tent"), *buyers(40, "bag", name="b"), *buyers(40, "tent", name="t")]
    assert pairs_of(baskets) == []  # lift = 6 * 86 / (46 * 46)


def test_the_number_of_shoppers_is_told_in_steps():
    others = buyers(90, "mug", name="o")
    assert [pairs_of([*buyers(n, "a", "b"), *others])[0].shoppers for n in (9, 10, 19, 49, 50)] == [5, 10, 10, 20, 50]


def test_a_traders_basket_pairs_nothing():
    everything = tuple(f"i{n}" for n in range(MAX_BASKET + 1))
    assert pairs_of([*buyers(9, *everything), *buyers(9, "mug", name="o")]) == []


def test_counts_stay_right_when_they_are_merged_in_parts(monkeypatch):
    baskets = [*buyers(7, "a", "b", "c"), *buyers(6, "b", "c", "d", name="t"), *buyers(30, "z", name="o")]
    whole = pairs_of(baskets)
    monkeypatch.setattr("fusion.graph.baskets._MERGE_AT", 1)
    assert pairs_of(baskets) == whole
    assert {(pair.a, pair.b) for pair in whole} == {("a", "b"), ("a", "c"), ("b", "c"), ("b", "d"), ("c", "d")}


def test_nothing_bought_is_no_pair_and_a_floor_of_none_is_refused():
    assert pairs_of([]) == []
    with pytest.raises(ValueError, match="min_shoppers=0"):
        pairs_of([], 0)
