"""Money as a shopper reads it: integer minor units in, a localised text out."""

from __future__ import annotations

from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language

BABEL_LOCALES = {"zh-hans": "zh_Hans_CN", "en": "en_US"}


def babel_locale(language: str | None = None) -> Locale:
    """Babel's locale for one of the shop's languages, the active one by default."""
    return Locale.parse(BABEL_LOCALES.get(language or get_language() or "en", "en_US"))


def format_money(amount_minor: int, currency: str) -> str:
    """ "$1,299.00" in English, "US$1,299.00" in Chinese; the currency's own number of decimals (ISO 4217)."""
    major = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return str(format_currency(major, currency, locale=babel_locale()))
