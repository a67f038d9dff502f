"""What a must lets through beyond its letter: something made for everybody is also for her, and for him."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from fusion.columns import normalise_value
from fusion.instructions.lexicon import load_concepts, role_of
from fusion.types import Constraint, Operator

_ADULTS = ("gender:women", "gender:men")
_FOR_ALL = "gender:unisex"


@lru_cache(maxsize=4096)
def as_applied(constraint: Constraint) -> Constraint:
    """The predicate that a must stands for. The chip that the shopper sees stays as it is.

    "For women" also admits what a catalogue calls unisex, in either language; "not for men" excludes nothing more.
    """
    if constraint.operator is not Operator.IN or role_of(constraint.field) != "gender":
        return constraint
    concepts = load_concepts()
    adults = {normalise_value(name) for key in _ADULTS for names in concepts[key].names.values() for name in names}
    if not any(normalise_value(value) in adults for value in constraint.values):
        return constraint
    for_all = tuple(name for names in concepts[_FOR_ALL].names.values() for name in names)
    return replace(constraint, values=(*constraint.values, *for_all))
