from __future__ import annotations

import pytest

from fusion.instructions.dimensions import read_dimension
from fusion.instructions.evaluation import order_of, slots_of
from fusion.instructions.parser import LexiconParser
from fusion.types import Strength, Vocabulary

VALUES = {
    "category": {"Computers/Laptops": 9, "Computers/Monitors": 9, "Bags": 9},
    "weight": {"1.2 kg": 3, "900 g": 1},
    "item weight": {"1.2 kg": 3, "2.5 kg": 4},
    "screen size": {"13 inch": 3, "15 inch": 9},
    "monitor size": {"24 inch": 3, "27 inch": 3},
    "ram": {"8GB": 4, "16GB": 4},
}


@pytest.fixture(scope="module")
def parser() -> LexiconParser:
    fitted = LexiconParser()
    fitted.fit(Vocabulary(VALUES, "USD"))
    return fitted


def test_a_field_compares_only_where_every_value_has_one_unit():
    assert read_dimension("weight", {"1.2 kg": 3, "2 kg": 1}) is not None
    assert read_dimension("weight", {"1.2 kg": 3, "900 g": 1}) is None
    assert read_dimension("weight", {"1.2 kg": 3}) is None
    assert read_dimension("color", {"black": 3, "white": 1}) is None


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("laptop under 2 kg", "item weight<=2"),
        ("laptop of at most 1500 g", "item weight<=1.5"),
        ("monitor of at least 25 inches", "monitor size>=25"),
        ("monitor between 24 and 27 inches", "monitor size=24..27"),
        ("内存至少16GB的笔记本", "ram>=16"),
        ("laptop, not more than 15 inch screen", "screen size<=15"),
    ],
)
def test_a_bound_on_a_measure_is_a_must_in_the_units_of_the_field(parser, text, slot):
    assert slot in slots_of(parser.parse(text), Strength.MUST)


def test_a_measure_without_a_bound_is_the_value_and_a_price_stays_a_price(parser):
    musts = slots_of(parser.parse("27 inch monitor under $200"), Strength.MUST)
    assert {"monitor size=27 inch", "price<=200"} <= musts


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("biggest monitor", "monitor size desc"),
        ("最大的显示器", "monitor size desc"),
        ("lightest laptop", "item weight asc"),
        ("最轻的笔记本", "item weight asc"),
    ],
)
def test_a_superlative_orders_by_what_the_catalogue_measures(parser, text, order):
    assert order_of(parser.parse(text)) == order


def test_elsewhere_a_superlative_is_a_word_to_search_with(clothes):
    found = clothes.parse("biggest backpack")
    assert found.order is None
    assert found.rest == "biggest backpack"


def test_a_chinese_thing_decides_which_field_a_bound_is_about(parser):
    assert "monitor size>=25" in slots_of(parser.parse("25寸以上的显示器"), Strength.MUST)
