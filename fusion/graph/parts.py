"""What a product graph consists of: nodes and typed edges, and what a part of it looks like from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class NodeKind(IntEnum):
    """Stored as a number; ``label`` is the name that answers use."""

    ITEM = 0
    CATEGORY = 1
    BRAND = 2
    VALUE = 3
    OCCASION = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class EdgeKind(IntEnum):
    """What holds between the source and the target of an edge; all but BOUGHT_WITH read from source to target."""

    IN_CATEGORY = 0  # item -> category
    PARENT = 1  # category -> the one above it
    OF_BRAND = 2  # item -> brand
    HAS_VALUE = 3  # item -> attribute value
    SUITED = 4  # occasion -> attribute value
    BOUGHT_WITH = 5  # item - item

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes:
        key: of an item its id; of a category its path joined with "/"; of a brand its name; of a value "field=value"; of
            an occasion its place in hints.toml ("situation.gym"). Unique within a kind.
    """

    kind: NodeKind
    key: str

    @property
    def id(self) -> str:
        """ "item:sku-1", "category:Home/Lighting": unique in the graph."""
        return f"{self.kind.label}:{self.key}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items in the same baskets.

    Attributes:
        shoppers: how many distinct ones at least: 5, 10, 20, 50, ...; the exact number is nobody's business.
        lift: how many times more often than if the two had nothing to do with each other.
        strength: what pairs are ranked by, see ``fusion.graph.baskets``.
        simulated: the shoppers were made up.
    """

    a: str
    b: str
    shoppers: int
    lift: float
    strength: float
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge. ``shoppers``, ``lift`` and ``simulated`` are of pairs (see Pair) and 0 elsewhere; ``weight`` is 1 elsewhere."""

    source: Node
    target: Node
    kind: EdgeKind
    weight: float = 1.0
    shoppers: int = 0
    lift: float = 0.0
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Nodes around a node, nearest first and itself the very first, with all edges among them.

    Attributes:
        closeness: of each node, the share of a random walk from the centre that ends there; the centre's is the largest.
        depth: of each node, how many edges away it is.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    closeness: tuple[float, ...]
    depth: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Complement:
    """An item that goes with another, and the edge that says so.

    Attributes:
        via: None when the two themselves were bought together; else the category of the first, whose items were.
    """

    item_id: str
    score: float
    simulated: bool = False
    via: Node | None = None
