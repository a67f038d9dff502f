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
    """A price bound in minor units of the catalogue's currency.

    Args:
        asked: the currency that an amount without one means.
        own: the catalogue's currency.
        exchange_rates: currency -> value of one unit in a common base.
    """
    currency = resolve_currency(mention.currency, asked)
    rate, note = Decimal(1), ""
    if currency != own:
        if currency in exchange_rates and own in exchange_rates and exchange_rates[own]:
            rate = exchange_rates[currency] / exchange_rates[own]
            note = message("converted", language, currency=currency, own=own)
        else:
            note = message("face_value", language, currency=currency, own=own)
    low = _minor(mention.low, rate, own)
    high = _minor(mention.high, rate, own)
    operator = Operator.BETWEEN if low is not None and high is not None else Operator.LTE if high is not None else Operator.GTE
    return Constraint("price", operator, low=low, high=high, currency=own, note=note)


def _minor(amount: Decimal | None, rate: Decimal, currency: str) -> int | None:
    return None if amount is None else Money.from_major(amount * rate, currency).amount_minor
