from datetime import date

import pytest
from django.utils import translation

from shop.catalog.money import convert
from shop.storefront.money import (
    chosen_currency,
    currency_chosen,
    currency_name,
    format_money,
    rates_date,
    shop_currencies,
    show_money,
)


@pytest.fixture(autouse=True)
def rates(settings) -> None:
    settings.SHOP_CURRENCY = "USD"
    settings.EXCHANGE_RATES = {"EUR": 1.1, "USD": 1, "JPY": 0.0067, "CNY": 0.14}
    settings.EXCHANGE_RATES_DATE = "2026-11-01"


@pytest.mark.parametrize(
    ("language", "amount", "currency", "shown"),
    [
        ("en", 129900, "USD", "$1,299.00"),
        ("zh-hans", 129900, "USD", "US$1,299.00"),
        ("zh-hans", 129900, "CNY", "¥1,299.00"),
        ("en", 1299, "JPY", "¥1,299"),
        ("en", 1299, "KWD", "KWD1.299"),
        ("en", 0, "USD", "$0.00"),
    ],
)
def test_money_reads_as_the_language_writes_it(language, amount, currency, shown):
    with translation.override(language):
        assert format_money(amount, currency).replace("\xa0", " ") == shown


@pytest.mark.parametrize(
    ("minor", "source", "target", "converted"),
    [
        (1099, "USD", "USD", 1099),
        (1100, "USD", "EUR", 1000),
        (1000, "USD", "JPY", 1493),
        (1493, "JPY", "USD", 1000),
        (1, "JPY", "USD", 1),
        (1000, "USD", "SEK", None),
        (1000, "SEK", "USD", None),
    ],
)
def test_amounts_convert_to_whole_minor_units_or_not_at_all(minor, source, target, converted):
    assert convert(minor, source, target) == converted


def test_prices_are_shown_in_the_chosen_currency_for_as_long_as_it_is_chosen():
    with currency_chosen("JPY"):
        assert (chosen_currency(), show_money(1000, "USD")) == ("JPY", "¥1,493")
        assert show_money(1000, "SEK").replace("\xa0", "") == "SEK10.00", "no rate: the price as it is"
        assert format_money(1000, "USD") == "$10.00", "what is owed never changes its currency"
    assert (chosen_currency(), show_money(1000, "USD")) == ("USD", "$10.00")


@pytest.mark.parametrize("code", ["", "SEK", "usd", "<script>"])
def test_a_currency_without_a_rate_is_not_chosen(code):
    with currency_chosen(code):
        assert chosen_currency() == "USD"


def test_the_shop_offers_its_own_currency_first_and_alone_without_rates(settings):
    assert shop_currencies() == ["USD", "EUR", "JPY", "CNY"]
    settings.EXCHANGE_RATES = {"EUR": 1.1}
    assert shop_currencies() == ["USD"], "without a rate of its own nothing can be converted"


def test_rates_have_the_day_that_the_operator_gave_or_none(settings):
    assert rates_date() == date(2026, 11, 1)
    settings.EXCHANGE_RATES_DATE = ""
    assert rates_date() is None


def test_a_currency_has_a_name_in_the_language_of_the_page():
    with translation.override("zh-hans"):
        assert currency_name("EUR") == "欧元"
