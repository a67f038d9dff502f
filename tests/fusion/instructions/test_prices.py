from decimal import Decimal

import pytest

from fusion.instructions.prices import find_prices
from fusion.instructions.tokens import tokenise

CURRENCY_WORDS = ("under €50", "50 bucks", "under 50", "50 usd", "$50", "50人民币")


def bounds(text):
    return [(m.low and float(m.low), m.high and float(m.high)) for m in find_prices(tokenise(text))]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("under $50", None, 50),
        ("50 to 80 bucks", 50, 80),
        ("between 20 and 30", 20, 30),
        ("less than 100", None, 100),
        ("over 200", 200, None),
        ("from 10", 10, None),
        ("30-50 dollars", 30, 50),
        ("around 100", 80, 120),
        ("两百块以内", None, 200),
        ("三百到五百", 300, 500),
        ("不超过1千", None, 1000),
        ("100以下", None, 100),
        ("100元左右", 80, 120),
        ("五十块钱的", 40, 60),
        ("under 1k", None, 1000),
        ("1.5万以内", None, 15000),
        ("£20-30", 20, 30),
        ("budget 100", None, 100),
        ("预算200", None, 200),
        ("no more than 60", None, 60),
        ("不少于五百", 500, None),
        ("not less than 25", 25, None),
        ("两三百的", 200, 300),
        ("千元以内", None, 1000),
        ("大约一百左右", 80, 120),
        ("$20 or less", None, 20),
        ("300起", 300, None),
        ("50 cents or less", None, 0.5),
        ("价格100-200", 100, 200),
    ],
)
def test_bounds_are_read_in_both_languages(text, low, high):
    assert bounds(text) == [(low, high)]


@pytest.mark.parametrize(
    "text",
    [
        "27 inch",
        "size 42",
        "128gb",
        "10 years old",
        "2 pack",
        "iphone 15",
        "i7",
        "42码",
        "5岁",
        "一双",
        "一块手表",
        "at least 3 pockets",
        "十分舒服",
        "36-38",
        "top 10",
        "18-55 lens",
        "under 5 inches",
        "ages 3 to 5",
        "4k monitor",
        "20% off",
    ],
)
def test_other_numbers_are_no_prices(text):
    assert bounds(text) == []


def test_currency_is_named_only_where_the_words_name_one():
    assert [m.currency for t in CURRENCY_WORDS for m in find_prices(tokenise(t))] == [
        "EUR",
        "",
        "",
        "USD",
        "$",
        "CNY",
    ]


def test_amounts_are_exact_decimals():
    assert find_prices(tokenise("under 19.99"))[0].high == Decimal("19.99")
