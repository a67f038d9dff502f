"""Prices as people write them and as the shop stores them: whole minor units (cents, fen) of an ISO 4217 currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "JOD": 3, "OMR": 3, "TND": 3}


def exponent_of(currency: str) -> int:
    """Decimal places of a currency's minor unit; 2 where nothing else is known."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units of an amount in major units, rounded half up: 12.5 USD -> 1250."""
    return int(amount.scaleb(exponent_of(currency)).to_integral_value(ROUND_HALF_UP))


def to_major(minor: int, currency: str) -> Decimal:
    """Major units of an amount in minor units: 1250 USD -> 12.50."""
    return Decimal(minor).scaleb(-exponent_of(currency))


def exchange_rates() -> Mapping[str, Decimal]:
    """Value of one major unit of each currency on a common scale, as the operator gave it (EXCHANGE_RATES)."""
    return {code: Decimal(str(rate)) for code, rate in settings.EXCHANGE_RATES.items()}


def convert(minor: int, source: str, target: str) -> int | None:
    """Minor units of one currency in another's, rounded half up; None where a rate is missing."""
    if source == target:
        return minor
    rates = exchange_rates()
    if source not in rates or target not in rates:
        return None
    return to_minor(to_major(minor, source) * rates[source] / rates[target], target)
