"""What the product graph tells pages, the API and the admin: neighbourhoods, complements and paths of visible items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fusion.graph.parts import Edge, EdgeKind, Neighbourhood, Node, NodeKind
from fusion.graph.wording import PathReason, complement_reason, path_reason
from fusion.types import Item
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.graph import current_graph

SPARE = 10  # nodes asked for beyond the limit, in place of products that are hidden by now
_LIFT_DIGITS = 2


@dataclass(frozen=True, slots=True)
class RelatedNode:
    """A node as it is shown. ``item`` is fresh, and None for what is no product."""

    node: Node
    label: str
    closeness: float
    depth: int
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A product's part of the graph, the product first.

    Attributes:
        built_at: None while there is no graph, or none that knows the product: then it stands alone.
    """

    nodes: tuple[RelatedNode, ...]
    edges: tuple[Edge, ...]
    built_at: datetime | None

    @property
    def simulated(self) -> bool:
        """Whether an edge rests on made-up shoppers."""
        return any(edge.simulated for edge in self.edges)


@dataclass(frozen=True, slots=True)
class GoesWith:
    """A product that goes with another, and why."""

    item: Item
    reason: PathReason
    simulated: bool


def surroundings(item: Item, depth: int, limit: int, language: str) -> Surroundings:
    """What is around a product, without products that are hidden. The language is "en" or "zh"."""
    served, centre = current_graph(), Node(NodeKind.ITEM, item.item_id)
    if served is None or centre not in served.graph:
        return Surroundings((RelatedNode(centre, title_in(item, language), 1.0, 0, item),), (), None)
    found = served.graph.neighbourhood(centre, depth, limit + SPARE)
    fresh = {**_fresh(found.nodes), item.item_id: item}
    kept = _still_joined(found, fresh, limit)
    nodes = [
        RelatedNode(node, _label(node, fresh, language, served.graph.name_of), closeness, away, fresh.get(node.key))
        if node.kind is NodeKind.ITEM
        else RelatedNode(node, served.graph.name_of(node, language), closeness, away)
        for node, closeness, away in zip(found.nodes, found.closeness, found.depth, strict=True)
        if node in kept
    ]
    edges = tuple(edge for edge in found.edges if edge.source in kept and edge.target in kept)
    return Surroundings(tuple(nodes), edges, served.built_at)


def goes_with(item: Item, limit: int, language: str) -> list[GoesWith]:
    """Products to buy with this one; empty while nobody can tell. Hidden ones, and sold out ones where the shop says so,
    are left out."""
    served, start = current_graph(), Node(NodeKind.ITEM, item.item_id)
    if served is None:
        return []
    found = served.graph.complements(item.item_id, limit + SPARE)
    fresh = get_catalog().get_items([complement.item_id for complement in found])
    shown = {i: other for i, other in fresh.items() if other.in_stock or not get_settings().HIDE_OUT_OF_STOCK}

    def name_of(node: Node) -> str:
        return title_in(item, language) if node == start else served.graph.name_of(node, language)

    return [
        GoesWith(shown[c.item_id], complement_reason(start, c, language, name_of), c.simulated)
        for c in found
        if c.item_id in shown
    ][:limit]


def why_related(a: Item, b: Item, language: str) -> PathReason | None:
    """The shortest path from one product to another as a sentence about the second; None when there is none."""
    served = current_graph()
    if served is None:
        return None
    start = Node(NodeKind.ITEM, a.item_id)
    path = served.graph.path(start, Node(NodeKind.ITEM, b.item_id))
    between = {node for edge in path for node in (edge.source, edge.target)}
    fresh = {**_fresh(between), a.item_id: a, b.item_id: b}
    if any(node.kind is NodeKind.ITEM and node.key not in fresh for node in between):
        return None  # it leads through a product that is hidden
    return path_reason(start, path, language, lambda node: _label(node, fresh, language, served.graph.name_of))


def title_in(item: Item, language: str) -> str:
    text = item.translations.get(language)
    return text.title if text and text.title else item.title


def rounded_lift(lift: float) -> float:
    """Two significant digits: what was bought how often by whom is not to be calculated from an answer."""
    return float(f"{lift:.{_LIFT_DIGITS}g}")


def weight_of(edge: Edge) -> float:
    """The edge's weight for an answer: 1 for what the catalogue says, 1 - 1/lift for a pair (0: chance, 1: always)."""
    return round(1.0 - 1.0 / rounded_lift(edge.lift), 2) if edge.kind is EdgeKind.BOUGHT_WITH and edge.lift else 1.0


def _fresh(nodes: Iterable[Node]) -> dict[str, Item]:
    ids = [node.key for node in nodes if node.kind is NodeKind.ITEM]
    return get_catalog().get_items(ids) if ids else {}


def _label(node: Node, fresh: Mapping[str, Item], language: str, name_of: Callable[[Node, str], str]) -> str:
    return title_in(fresh[node.key], language) if node.kind is NodeKind.ITEM else name_of(node, language)


def _still_joined(found: Neighbourhood, fresh: Mapping[str, Item], limit: int) -> set[Node]:
    """The first nodes that hang together with the centre once hidden products are gone."""
    around: dict[Node, set[Node]] = {}
    for edge in found.edges:
        around.setdefault(edge.source, set()).add(edge.target)
        around.setdefault(edge.target, set()).add(edge.source)
    kept = {found.nodes[0]}
    for node in found.nodes[1:]:
        visible = node.kind is not NodeKind.ITEM or node.key in fresh
        if visible and len(kept) < limit and around.get(node, set()) & kept:
            kept.add(node)
    return kept
