"""A price bound in the currency that its reader sees."""

from __future__ import annotations

from dataclasses import replace

from fusion.chips import labelled
from fusion.columns import Columns
from fusion.exchange import Exchange
from fusion.instructions.base import InstructionParser
from fusion.types import Constraint, Instruction


def restated(constraint: Constraint, currency: str, exchange: Exchange, own: str) -> Constraint:
    """The same bound in a currency, to its minor unit; as it is where no rate is known, or where it bounds no price.

    Args:
        own: the currency of a bound that names none.
    """
    given = constraint.currency or own
    if constraint.field != "price" or not currency or currency == given or not {currency, given} <= exchange.rates.keys():
        return constraint
    low, high = (
        None if bound is None else round(exchange.amount(exchange.value(bound, given), currency))
        for bound in (constraint.low, constraint.high)
    )
    return replace(constraint, low=low, high=high, currency=currency)


def labelled_as_seen(
    instruction: Instruction, currency: str, columns: Columns, parser: InstructionParser, language: str
) -> Instruction:
    """With price bounds labelled in the currency that the shopper sees; what they are compared in stays."""
    seen = [(c, restated(c, currency, columns.exchange, columns.currency)) for c in instruction.constraints]
    told = (c if said is c else replace(c, label=labelled(said, parser, language).label) for c, said in seen)
    return replace(instruction, constraints=tuple(told))
