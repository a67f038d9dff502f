"""Amounts of money as integers: no float ever holds a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

# ISO 4217 currencies whose minor unit is not a hundredth.
MINOR_UNIT_EXPONENTS: Mapping[str, int] = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "JOD": 3,
    "OMR": 3,
    "TND": 3,
}


def minor_unit_exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit (ISO 4217), 2 where nothing else is known."""
    return MINOR_UNIT_EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in integer minor units (cents, fen) of one currency."""

    amount_minor: int
    currency: str

    @classmethod
    def from_major(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Money from an amount in major units ("12.50"), rounded half up to the currency's minor unit."""
        scaled = Decimal(amount).scaleb(minor_unit_exponent(currency))
        return cls(int(scaled.to_integral_value("ROUND_HALF_UP")), currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units (dollars, yuan)."""
        return Decimal(self.amount_minor).scaleb(-minor_unit_exponent(self.currency))
