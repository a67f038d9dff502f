"""Attributes that a shop never uses ("gender"): taken off items and requests before anything downstream can see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fusion.graph.parts import Node, NodeKind
from fusion.instructions.lexicon import role_of
from fusion.types import Constraint, Instruction, Item


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Attributes by role: who excludes "gender" excludes what the catalogue calls "sex" or "性别" as well.

    Attributes:
        roles: as ``role_of`` names them.
    """

    roles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Exclusion:
        """The exclusion of some attributes by the names that people know them by."""
        return cls(frozenset(role_of(name) for name in names if name.strip()))

    def __bool__(self) -> bool:
        return bool(self.roles)

    def __contains__(self, field: object) -> bool:
        return bool(self.roles) and isinstance(field, str) and role_of(field) in self.roles

    def from_item(self, item: Item) -> Item:
        """The item without what is excluded."""
        if not any(name in self for name in item.attributes):
            return item
        return replace(item, attributes={name: values for name, values in item.attributes.items() if name not in self})

    def from_constraints(self, constraints: Iterable[Constraint]) -> tuple[Constraint, ...]:
        """The constraints over other fields."""
        return tuple(constraint for constraint in constraints if constraint.field not in self)

    def from_instruction(self, instruction: Instruction) -> Instruction:
        """The instruction without chips of what is excluded; the words of such a chip are searched as words."""
        kept = self.from_constraints(instruction.constraints)
        order = None if instruction.order and instruction.order.field in self else instruction.order
        if len(kept) == len(instruction.constraints) and order is instruction.order:
            return instruction
        said = instruction.rest.lower()
        gone = [c for c in instruction.constraints if c.field in self and c.span and c.operator.value != "not_in"]
        words = [instruction.text[c.span[0] : c.span[1]] for c in gone if c.span]
        rest = " ".join([instruction.rest, *(word for word in words if word.lower() not in said)]).strip()
        return replace(instruction, constraints=kept, order=order, rest=rest)

    def takes(self, node: Node) -> bool:
        """Whether a node of the product graph is a value of something excluded."""
        return node.kind is NodeKind.VALUE and node.key.partition("=")[0] in self
