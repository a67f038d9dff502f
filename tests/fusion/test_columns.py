from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from fusion.columns import Columns, satisfies
from fusion.exchange import Exchange
from fusion.types import Constraint, Money, Operator
from tests.fusion.items import make_item

ITEMS = [
    make_item("shirt", price="20", category=("Apparel", "Topwear", "Shirts"), brand="Nike", attributes={"color": ["Red"]}),
    make_item("tee", price="50", category=("Apparel", "Topwear", "Tees"), brand="Puma", attributes={"color": ["Grey", "Red"]}),
    make_item("mug", price=None, category=("Home",), stock=0),
    make_item("lamp", price="30.01", category=("Home", "Lamps"), attributes={"watt": ["60 W"]}),
]


@pytest.fixture
def columns() -> Columns:
    columns = Columns()
    for row, item in enumerate(ITEMS):
        columns.put(row, item)
    return columns


CASES = [
    (Constraint("price", Operator.LTE, high=5000), ["shirt", "tee", "lamp"]),
    (Constraint("price", Operator.LTE, high=3000, currency="USD"), ["shirt"]),
    (Constraint("price", Operator.BETWEEN, low=3001, high=5000), ["tee", "lamp"]),
    (Constraint("price", Operator.GTE, low=0), ["shirt", "tee", "lamp"]),
    (Constraint("category", Operator.IN, ("Apparel/Topwear",)), ["shirt", "tee"]),
    (Constraint("category", Operator.IN, ("lamps", "SHIRTS")), ["shirt", "lamp"]),
    (Constraint("category", Operator.IN, ("Topwear/Shirts",)), []),
    (Constraint("brand", Operator.NOT_IN, ("nike",)), ["tee", "mug", "lamp"]),
    (Constraint("color", Operator.IN, ("gray",)), ["tee"]),
    (Constraint("color", Operator.NOT_IN, ("red",)), ["mug", "lamp"]),
    (Constraint("in_stock", Operator.IN, ("true",)), ["shirt", "tee", "lamp"]),
    (Constraint("watt", Operator.GTE, low=50), ["lamp"]),
    (Constraint("material", Operator.IN, ("leather",)), []),
]


@pytest.mark.parametrize(("constraint", "expected"), CASES)
def test_the_mask_and_the_recheck_of_a_constraint_agree(columns: Columns, constraint: Constraint, expected: list[str]) -> None:
    mask = columns.mask([constraint], in_stock_only=False)
    assert [ITEMS[row].item_id for row in np.flatnonzero(mask)] == expected
    exchange = Exchange()
    assert [i.item_id for i in ITEMS if satisfies(i, constraint, exchange, "USD")] == expected


def test_item_without_a_price_meets_no_bound(columns: Columns) -> None:
    assert not columns.mask([Constraint("price", Operator.GTE, low=0)], in_stock_only=False)[2]


def test_amounts_of_another_currency_are_compared_on_a_common_scale() -> None:
    columns = Columns(Exchange({"USD": 1.0, "CNY": 0.14}))
    columns.put(0, make_item("a", price="10", currency="USD"))
    columns.put(1, make_item("b", price="100", currency="CNY"))
    under_90_yuan = Constraint("price", Operator.LTE, high=9000, currency="CNY")
    assert list(columns.mask([under_90_yuan])) == [True, False]
    assert list(columns.mask([replace(under_90_yuan, high=10000)])) == [True, True]


def test_a_bound_is_inclusive_to_the_minor_unit() -> None:
    item = make_item("a", price="50.00")
    at_most_50 = Constraint("price", Operator.LTE, high=5000)
    assert satisfies(item, at_most_50, Exchange(), "USD")
    assert not satisfies(replace(item, price=Money.from_major(Decimal("50.01"), "USD")), at_most_50, Exchange(), "USD")


def test_out_of_stock_rows_and_dropped_rows_are_masked(columns: Columns) -> None:
    columns.drop(0)
    columns.drop(0)
    assert [ITEMS[row].item_id for row in np.flatnonzero(columns.mask([]))] == ["tee", "lamp"]
    assert columns.mask([Constraint("brand", Operator.IN, ("Nike",))]).sum() == 0


def test_putting_a_row_again_forgets_its_old_values(columns: Columns) -> None:
    columns.put(0, make_item("shirt", price="99", brand="Adidas", attributes={"color": ["Blue"]}))
    assert not columns.mask([Constraint("color", Operator.IN, ("red",))])[0]
    assert columns.mask([Constraint("price", Operator.BETWEEN, low=9900, high=9900)])[0]


def test_facets_count_values_among_the_rows_of_a_mask(columns: Columns) -> None:
    facets = columns.facets(columns.mask([]), ["color", "brand"])
    assert facets["color"] == [("Red", 2), ("Grey", 1)]
    assert facets["brand"] == [("Nike", 1), ("Puma", 1)]


def test_the_vocabulary_holds_the_catalogues_own_spellings_and_counts(columns: Columns) -> None:
    vocabulary = columns.vocabulary()
    assert vocabulary.values["color"] == {"Red": 2, "Grey": 1}
    assert vocabulary.values["category"]["Apparel/Topwear/Shirts"] == 1
    assert vocabulary.currency == "USD"
    assert vocabulary.titles["shirt"] == 1


def test_numeric_columns_are_nan_where_unknown(columns: Columns) -> None:
    assert np.isnan(columns.numbers("price")[2])
    columns.put(9, make_item("new", created_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert columns.numbers("created_at")[9] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert columns.n_rows == 10
