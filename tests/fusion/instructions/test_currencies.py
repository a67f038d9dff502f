from decimal import Decimal

import pytest

from fusion.instructions.currencies import price_constraint, resolve_currency
from fusion.instructions.prices import PriceMention
from fusion.types import Operator

UNDER_50_EUR = PriceMention(None, Decimal(50), "EUR", 0, 2)


@pytest.mark.parametrize(
    ("named", "default", "currency"),
    [
        ("", "CNY", "CNY"),
        ("$", "CAD", "CAD"),
        ("$", "EUR", "USD"),
        ("¥", "JPY", "JPY"),
        ("¥", "USD", "CNY"),
        ("EUR", "USD", "EUR"),
    ],
)
def test_a_shared_sign_means_the_shops_own_currency_where_it_can(named, default, currency):
    assert resolve_currency(named, default) == currency


def test_a_foreign_amount_is_converted_with_known_rates():
    bound = price_constraint(
        UNDER_50_EUR, asked="USD", own="USD", exchange_rates={"EUR": Decimal("1.10"), "USD": Decimal(1)}, language="en"
    )
    assert (bound.operator, bound.high, bound.currency) == (Operator.LTE, 5500, "USD")
    assert bound.note == "Converted from EUR to USD."


def test_without_a_rate_the_amount_is_read_at_face_value_and_says_so():
    bound = price_constraint(UNDER_50_EUR, asked="USD", own="USD", exchange_rates={}, language="zh")
    assert (bound.high, bound.currency) == (5000, "USD")
    assert "EUR" in bound.note


def test_minor_units_follow_the_currency():
    mention = PriceMention(Decimal(1000), None, "", 0, 1)
    assert price_constraint(mention, asked="JPY", own="JPY", exchange_rates={}, language="en").low == 1000
