"""What a shopper narrows or changes on the answer page: chosen filters and edited chips, as the next request's address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from fusion.chips import chip_key, read_chip
from fusion.columns import normalise_value
from fusion.types import Constraint, Money, Operator, Strength
from shop.storefront.asking import KEEP, Asked, Step
from shop.storefront.errors import RequestRefused

HOWS = {"must": Strength.MUST, "want": Strength.WANT, "avoid": Strength.AVOID, "not": Strength.MUST}


def filtered(asked: Asked, step: Step, currency: str) -> Asked:
    """The request with these filters and no others. Values of one field are alternatives.

    A chip of the words that the facets showed as chosen is kept, changed in its place, or taken off, like any filter.

    Raises:
        RequestRefused: a key is damaged, or the bounds cross.
    """
    chosen = _by_field(_read(key) for key in asked.only)
    asked = replace(asked, only=())
    for key in step.had:
        chip = _read(key)
        now = chosen.pop(chip.field, None)
        if now is None:
            asked = asked.without(key)
        elif {normalise_value(v) for v in now.values} != {normalise_value(v) for v in chip.values}:
            asked = _with_chip(asked.without(key), now)
    asked = replace(asked, only=tuple(chip_key(c) for c in chosen.values()))
    return _priced(asked, step, currency)


def before_filters(asked: Asked, answer: Asked) -> Asked:
    """The filters as chosen now, where one category was chosen above or below another: the newer choice stands.

    Args:
        answer: the request that was shown while they were chosen.
    """
    old = {value for key in answer.only for value in _read(key).values}
    kept = []
    paths = [value for key in asked.only if (c := _read(key)).field == "category" for value in c.values]
    newest = [path for path in paths if path not in old]
    gone = {
        path for path in paths for new in newest
        if path != new and (new.startswith(f"{path}/") or path.startswith(f"{new}/"))
    }  # fmt: skip
    for key in asked.only:
        chip = _read(key)
        values = tuple(v for v in chip.values if chip.field != "category" or v not in gone)
        if values or not chip.values:
            kept.append(chip_key(replace(chip, values=values)))
    return replace(asked, only=tuple(kept))


def edited(asked: Asked, step: Step, currency: str) -> Asked:
    """The request with one chip changed, or with a new one.

    Raises:
        RequestRefused: what it is to say is not possible; the message says why.
    """
    if not step.key:
        return _added(asked, step)
    old = _read(step.key)
    if old.field == "price":
        new = _price_chip(step, currency)
        if new is None:
            return asked.without(step.key)
        new = replace(new, strength=HOWS.get(step.how, Strength.MUST))
    elif not step.values:
        return asked.without(step.key)
    else:
        new = _listed(old.field, step.values, step.how)
    if step.key in asked.only and step.how == "must":
        return replace(asked, only=tuple(chip_key(new) if key == step.key else key for key in asked.only))
    key = chip_key(new)
    base = asked if key == step.key else asked.without(step.key)
    if key == step.key:  # only how it is meant changed: it stays in its place, with its words
        base = replace(asked, only=tuple(k for k in asked.only if k != key))
    return _with_chip(base, new)


def _added(asked: Asked, step: Step) -> Asked:
    if not step.values:
        raise RequestRefused(_("Choose what to add."))
    chip = _read(step.values[0])
    if chip.operator is not Operator.IN:
        return _with_chip(asked, replace(chip, strength=HOWS.get(step.how, Strength.MUST)))
    if step.how in ("", "must"):
        only = _by_field([*(_read(key) for key in asked.only), chip])
        return replace(asked, only=tuple(chip_key(c) for c in only.values()))
    return _with_chip(asked, _listed(chip.field, chip.values, step.how))


def _listed(field: str, values: Sequence[str], how: str) -> Constraint:
    operator = Operator.NOT_IN if how == "not" else Operator.IN
    return Constraint(field, operator, tuple(dict.fromkeys(values)), strength=HOWS.get(how, Strength.MUST), source="chip")


def _with_chip(asked: Asked, chip: Constraint) -> Asked:
    key = chip_key(chip)
    add = tuple(kept for kept in asked.add if kept.partition(":")[2] != key)
    drop = tuple(kept for kept in asked.drop if kept != key)
    return replace(asked, add=(*add, f"{chip.strength.value}:{key}"), drop=drop)


def _priced(asked: Asked, step: Step, currency: str) -> Asked:
    """With the range of prices that is chosen, in the place of the one before."""
    typed = _price_chip(step, currency)
    before = _price_chip(replace(step, low=None, high=None), currency) if not step.was else _read(step.was)
    if typed is not None and (before is None or _bounds(typed) != _bounds(before)):
        new: Constraint | None = typed
    elif step.price == KEEP:
        return asked
    else:
        new = _read(step.price) if step.price else None
    said = bool(step.was) and step.was not in asked.only
    if step.was:
        asked = asked.without(step.was)
    asked = replace(asked, only=tuple(key for key in asked.only if not key.startswith("price:")))
    if new is None:
        return asked
    return _with_chip(asked, new) if said else asked.narrowed(chip_key(new))


def _price_chip(step: Step, currency: str) -> Constraint | None:
    """The typed bounds; None without any."""
    low, high = (_minor(bound, currency) for bound in (step.low, step.high))
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        raise RequestRefused(_("The lowest price is above the highest."))
    operator = Operator.LTE if low is None else Operator.GTE if high is None else Operator.BETWEEN
    return Constraint("price", operator, low=low, high=high, currency=currency, source="chip")


def _minor(major: Decimal | None, currency: str) -> int | None:
    return None if major is None else Money.from_major(major, currency).amount_minor


def _bounds(chip: Constraint) -> tuple[float | None, float | None]:
    return chip.low, chip.high


def _by_field(chips: Iterable[Constraint]) -> dict[str, Constraint]:
    """Filters by field (and kind): those over values of one field are one."""
    found: dict[str, Constraint] = {}
    for chip in chips:
        if chip.operator is not Operator.IN:
            found[chip_key(chip)] = chip
            continue
        known = found.get(chip.field)
        values = (*known.values, *chip.values) if known else chip.values
        found[chip.field] = replace(chip, values=tuple(dict.fromkeys(values)))
    return found


def _read(key: str) -> Constraint:
    try:
        return read_chip(key)
    except ValueError as error:
        raise RequestRefused(_("This address is damaged. Ask again in the box above.")) from error
