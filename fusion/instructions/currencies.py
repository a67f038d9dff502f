"""Which currency an amount is in, and the amount in the catalogue's own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from fusion.instructions.labels import message
from fusion.instructions.lexicon import load, words
from fusion.instructions.prices import PriceMention
from fusion.types import Constraint, Money, Operator


def resolve_currency(named: str, default: str) -> str:
    """ISO 4217 code of what a word or sign names.

    Args:
        named: what the request said: a code, "" for nothing or a generic word, or a family sign ("$", "¥").
        default: what an amount without a currency means.
    """
    if not named:
        return default
    family = words(load("money")["families"].get(named, ""))
    if family:
        return default if default in family else family[0]
    return named


def price_constraint(
    mention: PriceMention, *, asked: str, own: str, exchange_rates: Mapping[str, Decimal], language: str
) -> Constraint:
    """A price bound in minor units of the currency that is asked in, or of the catalogue's own where a rate is missing.

    Args:
        asked: the currency that an amount without one means.
        own: the catalogue's currency.
        exchange_rates: currency -> value of one unit in a common base.
    """
    currency = resolve_currency(mention.currency, asked)
    target = asked if asked == own or _have_rates(exchange_rates, asked, own) else own
    rate, note = Decimal(1), ""
    if currency != target:
        if _have_rates(exchange_rates, currency, target):
            rate = exchange_rates[currency] / exchange_rates[target]
            note = message("converted", language, currency=currency, own=target)
        else:
            note = message("face_value", language, currency=currency, own=target)
    low = _minor(mention.low, rate, target)
    high = _minor(mention.high, rate, target)
    operator = Operator.BETWEEN if low is not None and high is not None else Operator.LTE if high is not None else Operator.GTE
    return Constraint("price", operator, low=low, high=high, currency=target, note=note)


def _have_rates(exchange_rates: Mapping[str, Decimal], *currencies: str) -> bool:
    return all(exchange_rates.get(currency) for currency in currencies)


def _minor(amount: Decimal | None, rate: Decimal, currency: str) -> int | None:
    return None if amount is None else Money.from_major(amount * rate, currency).amount_minor
