"""fusion.relaxation and fusion.wording: the smallest way out, and how it is said."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.columns import Columns
from fusion.exchange import Exchange
from fusion.messages import say
from fusion.relaxation import N_NEAREST, Relaxer
from fusion.topic import Topic
from fusion.types import Alternative, Constraint, Operator
from fusion.wording import Wording
from tests.fusion.items import make_item

RED = Constraint("color", Operator.IN, ("red",))
NOT_BLACK = Constraint("color", Operator.NOT_IN, ("black",))
UNDER_50 = Constraint("price", Operator.LTE, high=5000, currency="USD")
NIKE = Constraint("brand", Operator.IN, ("Nike",))
STOCK = Constraint("in_stock", Operator.IN, ("true",))
CHINESE = {"red": "红色", "blue": "蓝色", "green": "绿色", "black": "黑色", "Shoes": "鞋", "Lamps": "灯"}


def name(field: str, value: str, language: str) -> str:
    own = value.rpartition("/")[2] if field == "category" else value
    return CHINESE.get(own, own) if language == "zh" else own


def columns_of(*rows: tuple[str, str, str], rates: dict[str, float] | None = None) -> Columns:
    """Args: rows: (colour, price, brand) of each item; its category is Apparel/Shoes."""
    columns = Columns(Exchange(rates))
    for row, (colour, price, brand) in enumerate(rows):
        item = make_item(
            f"i{row}", price=price or None, brand=brand, category=("Apparel", "Shoes"), attributes={"color": [colour]}
        )
        columns.put(row, item)
    return columns


def ways(
    columns: Columns, *musts: Constraint, language: str = "en", thing: str = "", **options: object
) -> tuple[Alternative, ...]:
    relaxer = Relaxer(columns, columns.mask([]), musts, **options)  # type: ignore[arg-type]
    return relaxer.alternatives(Wording(language, name, columns, thing).of_way)


SHOP = [("red", "54", "Nike"), ("red", "60", "Oak"), ("red", "90", ""), *[("blue", str(20 + n), "Oak") for n in range(7)]]


def test_the_nearest_price_and_the_colours_that_there_are_are_offered_with_their_numbers() -> None:
    found = ways(columns_of(*SHOP), RED, UNDER_50)
    assert [(way.label, way.n_results) for way in found] == [("red from $54", 3), ("blue under $50", 7)]
    assert found[0].added[0].high == 9000
    assert found[1].added[0].values == ("blue",)
    assert all(way.added[0].source == "chip" for way in found)


def test_the_message_names_what_is_missing_and_every_way_out() -> None:
    columns = columns_of(*SHOP)
    found = ways(columns, RED, UNDER_50)
    assert Wording("en", name, columns).of_relaxation([RED, UNDER_50], found, Topic()) == (
        "Nothing red under $50: red from $54 (3), or blue under $50 (7). Shown here: red from $54."
    )
    found = ways(columns, RED, UNDER_50, language="zh", thing="鞋")
    assert Wording("zh", name, columns, "鞋").of_relaxation([RED, UNDER_50], found, Topic(thing="鞋")) == (
        "没有US$50以内的红色鞋：US$54起的红色鞋（3 件），或US$50以内的蓝色鞋（7 件）。以下显示：US$54起的红色鞋。"
    )


def test_a_price_that_is_far_off_comes_after_another_colour() -> None:
    found = ways(columns_of(("red", "400", ""), ("blue", "20", ""), ("green", "30", "")), RED, UNDER_50)
    assert [way.label for way in found] == ["blue or green under $50", "red from $400"]


def test_a_moved_bound_takes_in_the_nearest_prices_only() -> None:
    columns = columns_of(*[("red", str(100 + n), "") for n in range(40)])
    (way,) = ways(columns, UNDER_50)
    assert (way.label, way.n_results) == ("from $100", N_NEAREST)
    assert way.added[0].high == 100_00 + (N_NEAREST - 1) * 100


def test_a_lower_bound_moves_down_and_a_range_to_the_nearer_side() -> None:
    columns = columns_of(("red", "10", ""), ("red", "12", ""), ("blue", "90", ""))
    (down,) = ways(columns, Constraint("price", Operator.GTE, low=20000))
    assert (down.label, down.n_results, down.added[0].low) == ("up to $90", 3, 1000)
    found = ways(columns, RED, Constraint("price", Operator.BETWEEN, low=2000, high=3000))
    assert [way.label for way in found] == ["red up to $12"]


def test_prices_are_said_in_the_currency_that_was_asked_in() -> None:
    columns = columns_of(("red", "60", ""), rates={"USD": 7.0, "CNY": 1.0})
    (way,) = ways(columns, Constraint("price", Operator.LTE, high=30000, currency="CNY"), language="zh")
    assert way.label == "¥420起的商品"
    assert (way.added[0].high, way.added[0].currency) == (42000, "CNY")


def test_values_are_offered_most_items_first_and_none_that_was_asked_for() -> None:
    columns = columns_of(("blue", "10", ""), ("green", "11", ""), ("green", "12", ""), ("red", "99", ""))
    colours = next(way for way in ways(columns, RED, Constraint("price", Operator.LTE, high=2000)) if "red" not in way.label)
    assert colours.added[0].values == ("green", "blue")


def test_a_refused_value_that_all_have_is_let_in() -> None:
    (way,) = ways(columns_of(("black", "10", ""), ("black", "20", "")), NOT_BLACK)
    assert (way.label, way.added, way.n_results) == ("black included", (), 2)
    assert ways(columns_of(("black", "10", "")), NOT_BLACK, language="zh")[0].label == "包括黑色的商品"


def test_a_category_moves_to_its_siblings() -> None:
    columns = columns_of(("red", "10", ""))
    columns.put(7, make_item("s", category=("Home", "Sofas"), price="10"))
    lamps = Constraint("category", Operator.IN, ("Apparel/Lamps",))
    (way,) = ways(columns, lamps, thing="lamp")
    assert (way.added[0].values, way.label) == (("Apparel/Shoes",), "Shoes")


def test_several_musts_go_together_only_when_one_is_not_enough() -> None:
    columns = columns_of(("blue", "80", "Nike"), ("green", "90", "Nike"))
    (way,) = ways(columns, RED, UNDER_50, NIKE)
    assert set(way.dropped) == {RED, UNDER_50}
    assert (way.label, way.n_results) == ("blue or green Nike from $80", 2)


def test_stock_and_safety_are_never_let_go() -> None:
    columns = Columns()
    columns.put(0, make_item("toy", stock=0, attributes={"age rating": ["12"], "color": ["red"]}))
    columns.put(1, make_item("game", attributes={"age rating": ["12"], "color": ["blue"]}))
    allowed = columns.mask([], in_stock_only=False)
    assert Relaxer(columns, allowed, [STOCK, RED]).alternatives(Wording("en", name, columns).of_way)[0].dropped == (RED,)
    young = Constraint("age rating", Operator.IN, ("3",))
    assert ways(columns, young, never=("age rating",)) == ()
    assert ways(columns, young)[0].dropped == (young,)


def test_what_was_set_by_hand_goes_last_even_when_more_that_was_said_must_go() -> None:
    columns = columns_of(("blue", "80", "Nike"), ("red", "20", "Oak"))
    by_hand = Constraint("brand", Operator.IN, ("Nike",), source="filter")
    (way,) = ways(columns, RED, UNDER_50, by_hand)
    assert set(way.dropped) == {RED, UNDER_50}
    alone = Constraint("brand", Operator.IN, ("Puma",), source="chip")
    assert ways(columns, alone)[0].dropped == (alone,)
    relaxer = Relaxer(columns, columns.mask([]), [alone])
    assert relaxer.alternatives(Wording("en", name, columns).of_way, by_hand=False) == ()


def test_only_rows_that_are_allowed_count() -> None:
    columns = columns_of(*SHOP)
    allowed = np.zeros(len(SHOP), bool)
    allowed[4] = True
    relaxer = Relaxer(columns, allowed, [RED, UNDER_50])
    (way,) = relaxer.alternatives(Wording("en", name, columns).of_way)
    assert (way.label, way.n_results) == ("blue under $50", 1)
    assert np.flatnonzero(relaxer.rows(way)).tolist() == [4]


def test_nothing_helps_when_nothing_is_there() -> None:
    columns = columns_of(("red", "10", ""))
    assert Relaxer(columns, np.zeros(1, bool), [RED]).alternatives(Wording("en", name, columns).of_way) == ()
    assert Relaxer(columns, columns.mask([]), []).alternatives(Wording("en", name, columns).of_way) == ()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "red Nike shoes for women, size 42, not black, under $50"),
        ("zh", "US$50以内、women、尺码 42、非黑色的红色Nike鞋"),
    ],
)
def test_all_kinds_of_musts_are_said_in_one_phrase(language: str, said: str) -> None:
    musts = [
        UNDER_50, NOT_BLACK, Constraint("size", Operator.IN, ("42",)), Constraint("gender", Operator.IN, ("women",)), NIKE, RED,
        STOCK,
    ]  # fmt: skip
    text = Wording(language, name, Columns(), "shoes" if language == "en" else "鞋").of(musts)
    assert text == said


def test_every_sentence_is_there_in_both_languages() -> None:
    from fusion.messages import _MESSAGES

    assert set(_MESSAGES["en"]) == set(_MESSAGES["zh"])
    assert say("way", "fr", label="red", n=3) == "red (3)"
