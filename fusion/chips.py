"""Chips: everything that was understood of a request, as a list that a shopper may edit.

Constraints are chips as they are. An order is a chip over the field "sort", and words to avoid that no attribute knows one over
"words". A chip's key is the same in every language, so an address or an app can name it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from fusion.instructions.base import InstructionParser
from fusion.instructions.labels import label_of
from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load
from fusion.types import ChipEdits, Constraint, Instruction, Operator, Order, Strength

SORT, WORDS = "sort", "words"
ALL = "*"
# What a chip that is put in by hand weighs when it is not a must: as much as one that was said softly.
SOFT_WEIGHT = 0.6

_ORDERS = {
    "price": ("price", False),
    "-price": ("price", True),
    "newest": ("created_at", True),
    "oldest": ("created_at", False),
    "rating": ("rating", True),
    "popularity": ("popularity", True),
}
SORTS = tuple(_ORDERS)
_LISTED = (Operator.IN, Operator.NOT_IN)


def sort_name(order: Order) -> str:
    """An order's short name ("-price"); the field itself, with "-" when it falls, where it has none."""
    named = {pair: name for name, pair in _ORDERS.items()}
    return named.get((order.field, order.descending), f"-{order.field}" if order.descending else order.field)


def order_named(name: str) -> Order:
    """The order of a short name.

    Raises:
        ValueError: there is no such order.
    """
    if name not in _ORDERS:
        raise ValueError(f"There is no order {name[:32]!r}. Known: {', '.join(SORTS)}.")
    return Order(*_ORDERS[name])


def chips_of(instruction: Instruction, language: str = "") -> tuple[Constraint, ...]:
    """Every recognised piece: the constraints, then the order, then the words to avoid."""
    chips = list(instruction.constraints)
    order = instruction.order
    if order is not None:
        name = sort_name(order)
        chips.append(Constraint(SORT, Operator.IN, (name,), span=order.span, label=order.label or name))
    if instruction.avoid:
        start = instruction.text.find(instruction.avoid)
        span = (start, start + len(instruction.avoid)) if start >= 0 else None
        words = Constraint(WORDS, Operator.NOT_IN, (instruction.avoid,), strength=Strength.AVOID, span=span)
        spoken = "zh" if (language or instruction.language) == "zh" else "en"
        chips.append(replace(words, label=label_of(words, spoken, lambda _field, value, _language: value)))
    return tuple(chips)


def chip_key(chip: Constraint) -> str:
    """What a chip compares with what: "color:in:red|blue", "price:lte:..5000 USD". Strength and wording are no part of it."""
    if chip.operator in _LISTED:
        value = "|".join(map(_escaped, chip.values))
    else:
        value = f"{_bound(chip.low)}..{_bound(chip.high)} {chip.currency}".strip()
    return f"{_escaped(chip.field)}:{chip.operator.value}:{value}"


def read_chip(key: str, strength: Strength = Strength.MUST) -> Constraint:
    """The chip that a key names, set by hand.

    Raises:
        ValueError: it is not a key, or what it names is no possible chip.
    """
    field, _, rest = key.partition(":")
    operator_name, _, value = rest.partition(":")
    operator = Operator(operator_name)
    if operator in _LISTED:
        values = tuple(unquote(part) for part in value.split("|") if part)
        return checked(Constraint(unquote(field), operator, values, strength=strength, source="chip"))
    low, _, upper = value.partition("..")
    high, _, currency = upper.partition(" ")
    given = Constraint(
        unquote(field), operator, low=_number(low), high=_number(high), currency=currency, strength=strength, source="chip"
    )
    return checked(given)


def checked(chip: Constraint) -> Constraint:
    """The chip, with the weight that its strength has.

    Raises:
        ValueError: it says nothing, or two things that exclude each other.
    """
    if not chip.field:
        raise ValueError("A chip needs a field.")
    if chip.field == SORT:
        if chip.operator is not Operator.IN or len(chip.values) != 1:
            raise ValueError(f"The chip {SORT!r} takes one order. Known: {', '.join(SORTS)}.")
        order_named(chip.values[0])
    if chip.field == WORDS and (chip.operator is not Operator.NOT_IN or chip.strength is not Strength.AVOID):
        raise ValueError(
            f"The chip {WORDS!r} says what to avoid: op not_in, strength avoid. Other words belong into the request."
        )
    if chip.operator in _LISTED and not chip.values:
        raise ValueError("A chip with in or not_in needs at least one value.")
    if chip.operator not in _LISTED:
        chip = _with_bounds(chip)
    soft = chip.strength is not Strength.MUST
    if soft and chip.operator is Operator.NOT_IN and chip.field != WORDS:
        raise ValueError("not_in is a must; a soft dislike is op in with strength avoid.")
    return replace(chip, weight=SOFT_WEIGHT if soft else 1.0)


def _with_bounds(chip: Constraint) -> Constraint:
    """Only the bounds that its operator reads."""
    low = chip.low if chip.operator in (Operator.GTE, Operator.BETWEEN) else None
    high = chip.high if chip.operator in (Operator.LTE, Operator.BETWEEN) else None
    needed = {Operator.GTE: (low,), Operator.LTE: (high,), Operator.BETWEEN: (low, high)}[chip.operator]
    leans = chip.field == "price" and chip.strength is not Strength.MUST and chip.operator is not Operator.BETWEEN
    if any(bound is None or not math.isfinite(bound) for bound in needed) and not (leans and low is None and high is None):
        raise ValueError(f"A chip with {chip.operator.value} needs its bound as a number.")
    if low is not None and high is not None and low > high:
        raise ValueError("The lower bound is above the upper one.")
    return replace(chip, low=low, high=high)


def edited(instruction: Instruction, edits: ChipEdits, parser: InstructionParser, language: str, currency: str) -> Instruction:
    """What was understood, as the shopper changed it. Words of a chip that went are not searched for any more.

    Args:
        language: of labels.
        currency: what a bound without a currency is in.
    """
    added = {chip_key(in_currency(c, currency)): in_currency(c, currency) for c in edits.added}
    kept, gone = [], []
    for chip in chips_of(instruction):
        key = chip_key(chip)
        if key in added:
            kept.append(_as_set(chip, added.pop(key)))
        elif ALL in edits.removed or key in edits.removed:
            gone.append(chip)
        else:
            kept.append(chip)
    kept += [labelled(chip, parser, language) for chip in added.values()]
    rest = without_words(instruction.rest, instruction.text, gone, kept) if gone else instruction.rest
    expansions = instruction.expansions
    if rest != instruction.rest:
        known = set(parser.parse(rest).expansions) if rest else set()
        expansions = tuple(word for word in expansions if word in known)
    return replace(
        instruction,
        constraints=tuple(c for c in kept if c.field not in (SORT, WORDS)),
        order=_order(kept, instruction.order),
        rest=rest,
        avoid=" ".join(value for c in kept if c.field == WORDS for value in c.values),
        expansions=expansions,
        unparsed=tuple(word for word in instruction.unparsed if word.casefold() in rest.casefold()),
    )


def labelled(chip: Constraint, parser: InstructionParser, language: str) -> Constraint:
    """The chip with a label in the shopper's language."""
    spoken = "zh" if language == "zh" else "en"
    if chip.field == SORT:
        return replace(chip, label=order_label(order_named(chip.values[0]), spoken))
    return replace(chip, label=label_of(chip, spoken, parser.value_name))


def order_label(order: Order, language: str) -> str:
    """ "cheapest first"; the order's short name where the lexicon has no words for it."""
    for known in load("cues")["order"].values():
        if known.get("field") == order.field and known.get("descending") == order.descending:
            return str(known["label"][language])
    return sort_name(order)


def in_currency(chip: Constraint, currency: str) -> Constraint:
    """The chip with this currency, if it is a price without one."""
    return replace(chip, currency=currency) if chip.field == "price" and not chip.currency else chip


def _as_set(chip: Constraint, given: Constraint) -> Constraint:
    """A recognised chip that is also named: as it was, unless its strength was changed."""
    if chip.strength is given.strength:
        return chip
    return replace(chip, strength=given.strength, weight=given.weight, source="chip")


def _order(chips: Sequence[Constraint], read: Order | None) -> Order | None:
    """The last order among the chips; with its wording where it is the one that was read."""
    orders = [chip for chip in chips if chip.field == SORT]
    if not orders:
        return None
    name = orders[-1].values[0]
    return read if read is not None and sort_name(read) == name else replace(order_named(name), label=orders[-1].label)


def without_words(words: str, text: str, gone: Iterable[Constraint], kept: Iterable[Constraint]) -> str:
    """Words of a text without those that only chips which are gone were read from.

    Args:
        words: slices of the text, in its order.
    """
    removed = set(_places(gone)) - set(_places(kept))
    places = list(_aligned(words, text))
    letters = [letter for letter, place in zip(words, places, strict=True) if place not in removed]
    return " ".join("".join(letters).split())


def _places(chips: Iterable[Constraint]) -> Iterator[int]:
    for chip in chips:
        if chip.span:
            yield from range(*chip.span)


def _aligned(words: str, text: str) -> Iterator[int]:
    """For each letter of ``words`` its place in the text; -1 where it does not come from there."""
    start = 0
    for part in re.findall(r"\s+|\S+", words):
        found = -1 if part.isspace() else _find(part, text, start)
        if found >= 0 or part.isspace():
            yield from range(found, found + len(part)) if found >= 0 else (-1 for _ in part)
            start = max(start, found + len(part)) if found >= 0 else start
            continue
        for letter in part:
            at = text.find(letter, start)
            yield at
            start = at + 1 if at >= 0 else start


def _find(part: str, text: str, start: int) -> int:
    """Where a part stands in the text; a Latin word only as a whole word."""
    at = text.find(part, start)
    while at >= 0 and _is_latin(part[0]) and at and _is_latin(text[at - 1]):
        at = text.find(part, at + 1)
    return at


def _is_latin(letter: str) -> bool:
    return letter.isalnum() and not is_han(letter)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C").replace(":", "%3A")


def _bound(bound: float | None) -> str:
    return "" if bound is None else f"{bound:.15g}"


def _number(text: str) -> float | None:
    number = float(text) if text else None
    return int(number) if number is not None and number.is_integer() else number
