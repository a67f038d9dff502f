"""One scale for the amounts of several currencies, on which prices are compared; it never says what something costs."""

from __future__ import annotations

from collections.abc import Mapping

from fusion.money import Money, minor_unit_exponent


class Exchange:
    """Amounts of several currencies on one scale.

    Args:
        rates: currency -> value of one major unit on a common scale. A currency without a rate is taken at face value
            (the parser says so on the chip).
    """

    def __init__(self, rates: Mapping[str, float] | None = None) -> None:
        self.rates = dict(rates or {})

    def value(self, amount_minor: float, currency: str) -> float:
        """Minor units of a currency -> the common scale."""
        return float(amount_minor / 10 ** minor_unit_exponent(currency) * self.rates.get(currency, 1.0))

    def amount(self, value: float, currency: str) -> float:
        """The common scale -> minor units of a currency."""
        return float(value / self.rates.get(currency, 1.0) * 10 ** minor_unit_exponent(currency))

    def of(self, price: Money | None) -> float:
        """A price on the common scale; nan for an item without one."""
        return float("nan") if price is None else self.value(price.amount_minor, price.currency)
