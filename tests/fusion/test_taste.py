"""A shopper's taste: what they choose more often than it is offered, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from fusion.collection import ItemCollection, ItemRecord
from fusion.index.exact import ExactIndex
from fusion.profile import build_profile
from fusion.taste import MAX_TASTE_Z, PRIOR, Taste
from fusion.types import Interaction, Item, Money

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COLORS = ("black", "black", "black", "red")


@pytest.fixture
def collection() -> ItemCollection:
    """80 shoes and hats: three in four black; brands alternate."""
    items = [
        Item(
            f"i{n:02d}", f"thing {n}", category=("Shop", ("Shoes", "Hats")[n // 40]), brand=("Nike", "Puma")[n % 2],
            price=Money.from_major(Decimal(10 + n % 40), "USD"), attributes={"color": (COLORS[n % 4],)},
        )
        for n in range(80)
    ]  # fmt: skip
    made = ItemCollection(ExactIndex({"text": 2}))
    made.update([ItemRecord(item) for item in items])
    return made


def taste(collection: ItemCollection, *ids: str, kind: str = "purchase") -> Taste:
    return Taste(collection, build_profile([Interaction(i, kind, NOW) for i in ids], NOW))


def z_of(found: Taste, collection: ItemCollection) -> dict[str, float]:
    ids = sorted(collection.ids())
    column = found.column(collection.rows_of(ids), 1.0)
    assert column is not None
    return dict(zip(ids, column.z.tolist(), strict=True))


def test_what_is_chosen_more_than_offered_is_liked_by_the_log_odds(collection):
    found = taste(collection, "i03", "i07", "i11")  # three red Puma shoes
    color = found.likings["color"]
    red = color.by_value[color.names.index("red")]
    assert red == pytest.approx(np.log((3 + PRIOR * 0.25) / ((3 + PRIOR) * 0.25)))
    z = z_of(found, collection)
    assert z["i15"] > z["i12"]  # red Puma before black Nike, both shoes
    assert z["i15"] > z["i55"]  # and before the red Puma hat
    assert max(z.values()) <= MAX_TASTE_Z


def test_buying_what_nearly_everything_is_says_nothing_that_is_spoken(collection):
    found = taste(collection, "i00", "i01", "i02", "i05")
    assert ("color", "black") not in found.spoken_values("i04")
    assert found.spoken_values("gone") == []


def test_the_spoken_values_are_those_of_the_item_that_are_liked(collection):
    found = taste(collection, "i03", "i07", "i11", "i15")
    assert found.spoken_values("i19")[0] == ("color", "red")
    assert found.spoken_values("i00") == []  # a black Nike: neither was chosen


def test_a_single_look_weighs_less_than_a_purchase(collection):
    looked, bought = (z_of(taste(collection, "i03", kind=kind), collection)["i19"] for kind in ("view", "purchase"))
    assert 0 < looked < bought


def test_what_was_sent_back_is_not_liked(collection):
    acts = [Interaction("i03", "purchase", NOW), Interaction("i03", "return", NOW), Interaction("i00", "purchase", NOW)]
    found = Taste(collection, build_profile(acts, NOW))
    assert found.likings["color"].by_value[found.likings["color"].names.index("red")] < 0


def test_nobody_has_no_taste(collection):
    assert not Taste(collection, build_profile([], NOW))
    assert not taste(collection, "gone")
    assert taste(collection).column(collection.rows_of(["i00"]), 1.0) is None


def test_codes_follow_changed_and_removed_items(collection):
    collection.update([ItemRecord(Item("i00", "thing 0", attributes={"color": ("red",)}))], removed=["i01"])
    codes, names = collection.columns.codes()["color"]
    assert names[codes[collection.rows_of(["i00"])[0]]] == "red"
    assert collection.columns.codes()["brand"][0][collection.rows_of(["i00"])[0]] == -1
    assert int((codes >= 0).sum()) == 79
