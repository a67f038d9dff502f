"""A part of the catalogue: complete, in an order, and narrowed with counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from fusion.types import Constraint, Item, Money, Operator, Order
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.services import indexing
from recommender.services.browsing import Browsed, browse
from recommender.services.outbox import mark_stale
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db
SHOES = Constraint("category", Operator.IN, ("Sport/Shoes",))
RED = Constraint("color", Operator.IN, ("red",), source="chip")
CHEAP = Order("price", False)


@pytest.fixture
def shop(host) -> Iterator[type]:
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {
        f"item-{n:02d}": Item(
            f"item-{n:02d}", f"thing {n}", price=Money.from_major(Decimal(n % 5 + 1), "USD"),
            category=("Sport", "Shoes") if n < 12 else ("Sport", "Balls"),
            attributes={"color": ("red" if n % 2 else "blue",)}, stock=0 if n == 3 else 5,
        )
        for n in range(20)
    }  # fmt: skip
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def look(filters=(), order: Order = CHEAP, offset: int = 0, limit: int = 50) -> Browsed:
    return browse(SHOES, filters, order, offset, limit, language="en", currency="USD")


def ids(found: Browsed) -> list[str]:
    return [item.item_id for item in found.items]


def test_everything_of_a_category_is_there_also_what_is_sold_out(shop) -> None:
    found = look()
    assert sorted(ids(found)) == [f"item-{n:02d}" for n in range(12)]
    assert found.total == found.whole == 12
    assert not found.rated


def test_pages_in_an_order_hold_each_item_once_and_ties_go_by_id(shop) -> None:
    pages = [ids(look(offset=offset, limit=5)) for offset in (0, 5, 10)]
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [item_id for page in pages for item_id in page] == ids(look())
    assert ids(look()) == sorted((f"item-{n:02d}" for n in range(12)), key=lambda i: (int(i[-2:]) % 5, i))


def test_a_facet_says_what_choosing_its_value_leaves(shop) -> None:
    colours = next(facet for facet in look().facets if facet.field == "color")
    said = {value.value: value.n for value in colours.values}
    assert said == {"red": 6, "blue": 6}
    narrowed = look([RED])
    assert narrowed.total == said["red"]
    assert narrowed.whole == 12
    assert narrowed.filters[0].label == "Color: red"


def test_what_changed_a_moment_ago_and_no_longer_fits_is_not_shown(shop) -> None:
    shop.items["item-01"] = replace(shop.items["item-01"], attributes={"color": ("green",)})
    assert "item-01" not in ids(look([RED]))
