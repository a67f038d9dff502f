"""A graph in words: what kinds are called, and what a path says about the item at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fusion.graph.parts import Complement, Edge, EdgeKind, Node, NodeKind
from fusion.messages import say

NameOf = Callable[[Node], str]


@dataclass(frozen=True, slots=True)
class PathReason:
    """Why an item comes up beside another one: the message's key, what fills it, and the sentence."""

    code: str
    label: str
    params: Mapping[str, str] = field(default_factory=dict)


def node_kind_name(kind: NodeKind, language: str) -> str:
    return say(f"node_{kind.label}", language)


def edge_kind_name(kind: EdgeKind, language: str) -> str:
    return say(f"edge_{kind.label}", language)


def complement_reason(of: Node, found: Complement, language: str, name_of: NameOf) -> PathReason:
    """Why an item goes with another: they were bought together, or it was with others of that category."""
    if found.via is None:
        return _reason("bought_with", language, title=name_of(of))
    return _reason("bought_with_category", language, category=name_of(found.via))


def path_reason(start: Node, path: Sequence[Edge], language: str, name_of: NameOf) -> PathReason | None:
    """What a path from one item to another says of the second; None for no path.

    One pair: "People who bought A also bought this". Two edges that meet in a brand, a category or a value: what both have.
    Anything longer: the nodes on the way.
    """
    if not path:
        return None
    places = nodes_along(start, path)
    if len(path) == 1 and path[0].kind is EdgeKind.BOUGHT_WITH:
        return _reason("also_bought", language, title=name_of(start))
    if len(path) == 2:
        match places[1].kind:
            case NodeKind.BRAND:
                return _reason("same_brand", language, brand=name_of(places[1]))
            case NodeKind.CATEGORY:
                return _reason("same_category", language, category=name_of(places[1]))
            case NodeKind.VALUE:
                return _reason("same_value", language, value=name_of(places[1]))
    return _reason("by_way_of", language, path=" → ".join(name_of(node) for node in places[:-1]))


def nodes_along(start: Node, path: Sequence[Edge]) -> list[Node]:
    """The nodes that a path meets, the start first."""
    places = [start]
    for edge in path:
        places.append(edge.target if edge.source == places[-1] else edge.source)
    return places


def _reason(code: str, language: str, **params: str) -> PathReason:
    return PathReason(code, say(code, language, **params), params)
