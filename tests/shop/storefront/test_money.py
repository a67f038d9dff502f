import pytest
from django.utils import translation

from shop.storefront.money import format_money


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
