"""Slots ("color!=Red", "price=20..30") back to constraints, checked against a catalogue. The notation: see ``evaluation``."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from fusion.exceptions import FusionError
from fusion.instructions.catalogue_names import IN_STOCK, PRICE, CatalogueNames
from fusion.types import Constraint, Money, Operator, Strength

WANT_WEIGHT, AVOID_WEIGHT = 0.7, 0.6  # what a plain mention and a soft refusal weigh where the parser reads them
_SLOT = re.compile(r"\s*([^=<>!|]+?)\s*(!=|<=|>=|=)\s*(.*?)\s*", re.DOTALL)
_MAX_AMOUNT = Decimal(10) ** 12


class BadSlot(FusionError):
    """A slot that means nothing in a catalogue.

    Attributes:
        code: "notation", "field", "value", "number" or "refusal" (a "!=" outside the musts).
        given: what was wrong; near: the closest names that would be right.
    """

    def __init__(self, code: str, given: str, field: str = "", near: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {given!r} (near: {', '.join(near)})")
        self.code, self.given, self.field, self.near = code, given, field, near


def constraint_of(slot: str, strength: Strength, names: CatalogueNames) -> Constraint:
    """The constraint that a slot stands for; prices are in major units of the catalogue's currency.

    Raises: BadSlot: the notation, the field, a value or a number cannot be read.
    """
    match = _SLOT.fullmatch(slot)
    if match is None:
        raise BadSlot("notation", slot)
    given, sign, said = match.groups()
    field = names.field(given)
    if not field:
        raise BadSlot("field", given, near=tuple(names.near_fields(given)))
    weight = {Strength.WANT: WANT_WEIGHT, Strength.AVOID: AVOID_WEIGHT}.get(strength, 1.0)
    if sign in {"<=", ">="} or ".." in said or field == PRICE:
        return _bound(field, sign, said, strength, weight, names)
    if sign == "!=" and strength is not Strength.MUST:
        raise BadSlot("refusal", slot)
    values = tuple(_value(field, value.strip(), names) for value in said.split("|"))
    operator = Operator.NOT_IN if sign == "!=" else Operator.IN
    return Constraint(field, operator, tuple(dict.fromkeys(values)), strength=strength, weight=weight)


def _value(field: str, value: str, names: CatalogueNames) -> str:
    own = names.value(field, value)
    if not own:
        raise BadSlot("value", value, field, tuple(names.near_values(field, value)))
    return own


def _bound(field: str, sign: str, said: str, strength: Strength, weight: float, names: CatalogueNames) -> Constraint:
    if field == IN_STOCK or sign == "!=":
        raise BadSlot("notation", f"{field}{sign}{said}")
    currency = names.vocabulary.currency if field == PRICE else ""
    if not said and field == PRICE and strength is not Strength.MUST:  # "price<=": a leaning to cheap
        operator = Operator.LTE if sign == "<=" else Operator.GTE
        return Constraint(field, operator, strength=strength, weight=weight)
    low, _, high = said.partition("..") if sign == "=" else (said, "", said)
    bounds = [_number(text, field, currency) for text in (low, high)]
    if sign == "=":
        if bounds[0] > bounds[1]:
            raise BadSlot("number", said, field)
        return Constraint(field, Operator.BETWEEN, (), bounds[0], bounds[1], currency, strength, weight)
    if sign == "<=":
        return Constraint(field, Operator.LTE, (), None, bounds[1], currency, strength, weight)
    return Constraint(field, Operator.GTE, (), bounds[0], None, currency, strength, weight)


def _number(text: str, field: str, currency: str) -> float:
    """Minor units of a price, any other number as it is."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise BadSlot("number", text, field) from error
    if not number.is_finite() or not 0 <= number <= _MAX_AMOUNT:
        raise BadSlot("number", text, field)
    return float(Money.from_major(number, currency).amount_minor) if field == PRICE else float(number)
