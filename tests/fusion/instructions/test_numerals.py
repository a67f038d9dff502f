from decimal import Decimal

import pytest

from fusion.instructions.numerals import neighbours_at, number_at
from fusion.instructions.tokens import tokenise


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50),
        ("1,500.50", Decimal("1500.50")),
        ("1.5k", 1500),
        ("2百", 200),
        ("1.5万", 15000),
        ("1万5", 15000),
        ("五十", 50),
        ("十二", 12),
        ("两百", 200),
        ("三百五", 350),
        ("一千二", 1200),
        ("一万五千", 15000),
        ("一千零五", 1005),
        ("百元", 100),
        ("fifty", 50),
        ("twenty five", 25),
        ("two hundred and fifty", 250),
        ("a hundred", 100),
        ("three thousand", 3000),
        ("3 hundred", 300),
        ("1.5 thousand", 1500),
    ],
)
def test_numbers_are_read_as_written_in_both_languages(text, value):
    number = number_at(tokenise(text), 0)
    assert number is not None
    assert number.value == value


@pytest.mark.parametrize("text", ["and", "百搭", "black", "", "1" * 40])
def test_what_is_no_number_is_none(text):
    assert number_at(tokenise(text), 0) is None


def test_neighbouring_digits_span_a_range():
    low, high = neighbours_at(tokenise("两三百"), 0)
    assert (low.value, high.value) == (200, 300)
    assert neighbours_at(tokenise("三百"), 0) is None
