"""Money as a shopper reads it: integer minor units in, a localised text out, in the currency that the shopper chose.

The shop charges in its own currency. Prices in another one are converted at the operator's dated rates, to be read: carts,
payments and orders hold the shop's own amounts and the pages of paying show those.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_name, get_currency_symbol
from django.conf import settings
from django.utils.translation import get_language

from shop.catalog.money import convert, exchange_rates, to_major, to_minor

BABEL_LOCALES = {"zh-hans": "zh_Hans_CN", "en": "en_US"}
_chosen: ContextVar[str] = ContextVar("chosen_currency", default="")


def babel_locale(language: str | None = None) -> Locale:
    """Babel's locale for one of the shop's languages, the active one by default."""
    return Locale.parse(BABEL_LOCALES.get(language or get_language() or "en", "en_US"))


def format_money(amount_minor: int, currency: str) -> str:
    """ "$1,299.00" in English, "US$1,299.00" in Chinese; the currency's own number of decimals (ISO 4217)."""
    return str(format_currency(to_major(amount_minor, currency), currency, locale=babel_locale()))


def shop_currencies() -> list[str]:
    """What a shopper may read prices in: the shop's own currency first, then those with a rate."""
    rates = exchange_rates()
    return [
        settings.SHOP_CURRENCY,
        *(code for code in rates if code != settings.SHOP_CURRENCY and settings.SHOP_CURRENCY in rates),
    ]


def chosen_currency() -> str:
    """The currency of this request."""
    return _chosen.get() or settings.SHOP_CURRENCY


@contextmanager
def currency_chosen(code: str) -> Iterator[None]:
    """Show prices in a currency for as long as this lasts; one that the shop has no rate of changes nothing."""
    token = _chosen.set(code if code in shop_currencies() else "")
    try:
        yield
    finally:
        _chosen.reset(token)


def shown(amount_minor: int, currency: str) -> tuple[int, str]:
    """An amount in the chosen currency, or as it is where a rate is missing."""
    converted = convert(amount_minor, currency, chosen_currency())
    return (amount_minor, currency) if converted is None else (converted, chosen_currency())


def show_money(amount_minor: int, currency: str) -> str:
    """A price as the shopper chose to read it."""
    return format_money(*shown(amount_minor, currency))


def currency_name(code: str, *, many: bool = False) -> str:
    """ "US Dollar", of ``many`` "US dollars"; "美元" (Unicode CLDR)."""
    return str(get_currency_name(code, 2 if many else None, locale=babel_locale()))


def rates_date() -> date | None:
    """The day of the operator's rates, None where they gave none."""
    return date.fromisoformat(settings.EXCHANGE_RATES_DATE) if settings.EXCHANGE_RATES_DATE else None


def currency_symbol(currency: str) -> str:
    """What the page's language calls a currency: "$" in English, "US$" in Chinese."""
    return str(get_currency_symbol(currency, locale=babel_locale()))


def round_money(amount: Decimal, currency: str) -> str:
    """About an amount, as one would say it in the chosen currency: one digit and zeros, without decimals."""
    about, code = shown(to_minor(amount, currency), currency)
    major = to_major(about, code)
    step = Decimal(1).scaleb(max(major.adjusted(), 0))
    rounded = max((major / step).to_integral_value(ROUND_HALF_UP), Decimal(1)) * step
    return str(format_currency(rounded, code, "¤#,##0", locale=babel_locale(), currency_digits=False))
